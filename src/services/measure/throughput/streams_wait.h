#pragma once
// What both ends of a test of many streams share: one epoll, the time that is left, and the word that calls it off.

#include <array>
#include <functional>
#include <span>
#include <sys/epoll.h>

#include "base/time.h"
#include "net/socket.h"

namespace quipu::throughput {

class StreamsWait {
  public:
    static Result<StreamsWait> create(Nanoseconds limit, std::function<bool()> called_off);

    /// `number` comes back with the socket's events.
    [[nodiscard]] Result<void> watch(int fd, std::uint32_t events, std::uint32_t number);
    /// Other events of one that is watched.
    void change(int fd, std::uint32_t events, std::uint32_t number);
    /// What is ready until `until`, which may be nothing; `cancelled` and `timeout` end the test.
    [[nodiscard]] Result<std::span<const epoll_event>> ready(Monotonic until);

  private:
    StreamsWait(net::Descriptor epoll, Monotonic end, std::function<bool()> called_off)
        : epoll_(std::move(epoll)), end_(end), called_off_(std::move(called_off)) {}
    net::Descriptor epoll_;
    Monotonic end_;
    std::function<bool()> called_off_;
    Monotonic asked_{};
    std::array<epoll_event, 128> events_{};
};

/// Wall and processor time of this thread since it was made.
class StreamsWatch {
  public:
    StreamsWatch();
    [[nodiscard]] double seconds() const;
    /// Of one processor.
    [[nodiscard]] double processor_share() const;

  private:
    Monotonic began_;
    double processor_;
};

/// 0 in no time.
[[nodiscard]] std::int64_t bits_per_second(std::int64_t octets, double seconds);

}  // namespace quipu::throughput
