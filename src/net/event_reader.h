#pragma once
// Server-sent events out of octets (HTML Standard §9.2.6), sans-I/O.

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::net {

class EventReader {
  public:
    using OnEvent = std::function<bool(std::string_view event, std::string_view data)>;

    /// An event longer than `max_event_octets` is `too_large`.
    EventReader(std::size_t max_event_octets, OnEvent on_event)
        : max_event_octets_(max_event_octets), on_event_(std::move(on_event)) {}
    /// False once the receiver has had enough.
    [[nodiscard]] Result<bool> feed(std::string_view octets);

  private:
    bool take_line(std::string_view line);

    std::size_t max_event_octets_;
    OnEvent on_event_;
    std::string line_;
    bool after_return_ = false;
    std::string event_;
    std::string data_;
    bool has_data_ = false;
};

}  // namespace quipu::net
