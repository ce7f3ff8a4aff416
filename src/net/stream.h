#pragma once
// Streams of octets on one loop, as coroutines see them. Included by net/*.cpp only.
//
// PlainStream and TlsStream have the same members, so that one template serves both:
//   read_some(span)   awaits Result<size_t>: 0 at the end of the stream
//   write_now(parts)  what the socket takes at once goes out; true when that was all. Otherwise flush() must be
//   awaited,
//                     with the parts still alive, before the next write
//   cancel()          ends a wait with `cancelled`
// A stream that is destroyed while a coroutine waits for it is closed, and the coroutine is not resumed.

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <sys/uio.h>

#include "net/asio_loop.h"
#include "net/http.h"
#include "net/socket.h"

namespace quipu::net {

/// When a connection must have got on. Set by the connection, looked at by whoever sweeps (in milliseconds of
/// coarse_now()), told by `passed`.
struct Deadline {
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
    std::int64_t at = kNever;
    bool passed = false;

    void set(Nanoseconds patience);
    void never() { at = kNever; }
};

/// Milliseconds of a monotonic clock of a few milliseconds' resolution that costs no system call.
[[nodiscard]] std::int64_t coarse_now();

/// A non-blocking descriptor registered with a loop for as long as it lives.
class Channel {
  public:
    Channel(EventLoop::Impl& loop, net::Descriptor fd);
    Channel(Channel&&) noexcept = default;
    Channel& operator=(Channel&&) = delete;
    ~Channel();

    [[nodiscard]] int fd() const { return fd_; }
    void cancel();

    struct State : std::enable_shared_from_this<State> {
        explicit State(EventLoop::Impl& loop) : descriptor(loop.io) {}
        AsioDescriptor descriptor;
        Waiter reader, writer;
        boost::system::error_code read_code, write_code;
        std::size_t count = 0;
    };

    class Read {
      public:
        Read(State& state, std::span<char> into) : state_(state), into_(into) {}
        [[nodiscard]] bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> handle);
        [[nodiscard]] Result<std::size_t> await_resume() const;

      private:
        State& state_;
        std::span<char> into_;
    };
    class Wait {
      public:
        Wait(State& state, bool write) : state_(state), write_(write) {}
        [[nodiscard]] bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> handle);
        [[nodiscard]] Result<void> await_resume() const;

      private:
        State& state_;
        bool write_;
    };

    /// The next octets: 0 at the end.
    [[nodiscard]] Read read_some(std::span<char> into) { return {*state_, into}; }
    [[nodiscard]] Wait readable() { return {*state_, false}; }
    [[nodiscard]] Wait writable() { return {*state_, true}; }

  private:
    int fd_;
    std::shared_ptr<State> state_;
};

using Parts = std::array<std::string_view, 2>;

class PlainStream {
  public:
    PlainStream(EventLoop::Impl& loop, net::Descriptor fd) : channel_(loop, std::move(fd)) {}

    [[nodiscard]] Channel::Read read_some(std::span<char> into) { return channel_.read_some(into); }
    [[nodiscard]] Result<bool> write_now(const Parts& parts);
    /// Each octet that goes out gives `deadline` new `patience`.
    [[nodiscard]] Task<Result<void>> flush(Deadline& deadline, Nanoseconds patience);
    void cancel() { channel_.cancel(); }
    void shutdown_write();
    [[nodiscard]] Channel& channel() { return channel_; }

  private:
    Channel channel_;
    Parts rest_;
};

}  // namespace quipu::net
