#pragma once
// Long texts, told piece by piece: a global table is tens of megabytes.

#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace quipu::rpki {

/// Receives text piece by piece.
using Sink = std::function<void(std::string_view)>;

/// Gathers text and hands it on in large pieces.
class SinkText {
  public:
    explicit SinkText(const Sink& sink) : sink_(sink) {}
    ~SinkText() { sink_(text_); }
    SinkText(const SinkText&) = delete;
    SinkText& operator=(const SinkText&) = delete;
    template <class... Parts>
    void add(fmt::format_string<Parts...> format, Parts&&... parts) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
        if (text_.size() > 65'536) {
            sink_(text_);
            text_.clear();
        }
    }

  private:
    const Sink& sink_;
    std::string text_;
};

}  // namespace quipu::rpki
