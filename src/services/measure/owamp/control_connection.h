#pragma once
// Moves octets between a socket and either side's engine. Many connections share one loop; a single tick a tenth of a
// second looks after all their deadlines.

#include "net/stream_socket.h"
#include "services/measure/owamp/crypto.h"

namespace quipu::owamp {

inline constexpr Nanoseconds kControlTick = std::chrono::milliseconds(100);
inline constexpr Nanoseconds kControlPatience = std::chrono::seconds(30);

/// An engine's connection until the engine closes it or the other side does. `Engine` has feed, next, tick, take,
/// closed; it may answer one question at a time, and go on when it is fed with nothing.
template <class Engine>
class ControlConnection {
  public:
    ControlConnection(net::EventLoop& loop, Engine& engine, std::unique_ptr<net::StreamSocket> socket,
                      const Clock& clock)
        : loop_(loop), engine_(engine), socket_(std::move(socket)), clock_(clock) {}

    /// Ok, or why the socket ended before the engine did.
    Task<Result<void>> run() {
        std::vector<char> buffer(16 * 1024);
        for (;;) {
            engine_.tick(clock_.now());
            const auto octets = engine_.take();
            if (!octets.empty()) CO_TRY(co_await socket_->write(as_text(octets), kControlPatience));
            if (engine_.closed()) co_return Result<void>{};
            if (!octets.empty()) {
                // The engine may hold further questions; others have their turn before the next is answered, and
                // nothing more is read before the last.
                co_await loop_.sleep(Nanoseconds::zero());
                engine_.feed({}, clock_.now());
                continue;
            }
            if (ended_) co_return fail(ErrorCode::unavailable, "the other side hung up");
            reading_ = true;
            const auto count = co_await socket_->read_some(buffer, kForever);
            reading_ = false;
            if (!count && count.error().code == ErrorCode::cancelled) continue;
            if (!count) co_return std::unexpected(count.error());
            ended_ = *count == 0;
            engine_.feed(as_bytes(std::string_view(buffer.data(), *count)), clock_.now());
        }
    }
    /// On the loop: the engine has something to do or to say.
    void wake() {
        if (reading_) socket_->interrupt_read();
    }
    [[nodiscard]] Time next() const { return engine_.next(); }

  private:
    static constexpr Nanoseconds kForever = std::chrono::hours(24 * 14);

    net::EventLoop& loop_;
    Engine& engine_;
    std::unique_ptr<net::StreamSocket> socket_;
    const Clock& clock_;
    bool reading_ = false;
    bool ended_ = false;
};

}  // namespace quipu::owamp
