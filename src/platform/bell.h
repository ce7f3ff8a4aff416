#pragma once
// Wakes a coroutine on its loop from any thread: what an event stream waits on between two events.
//
//     auto bell = Bell::create(stream.loop(), 15 s);
//     const auto wake = journal.on_append([bell] { bell->ring(); });
//     for (;;) { …send what is new…; co_await bell->wait(); }

#include <atomic>
#include <coroutine>
#include <memory>

#include "base/task.h"
#include "base/time.h"
#include "net/loop.h"

namespace quipu::platform {

class Bell : public std::enable_shared_from_this<Bell> {
  public:
    /// Rings by itself every `interval`, so that who waits can show that it lives. On the loop's thread.
    static std::shared_ptr<Bell> create(net::EventLoop& loop, Nanoseconds interval);

    /// From any thread. Rings while nobody waits are kept as one.
    void ring();

    class Awaiter {
      public:
        explicit Awaiter(Bell& bell) : bell_(bell) {}
        Awaiter(const Awaiter&) = delete;
        Awaiter& operator=(const Awaiter&) = delete;
        ~Awaiter() {
            if (waits_) bell_.waiting_ = nullptr;
        }
        [[nodiscard]] bool await_ready() const { return bell_.rung_.exchange(false); }
        void await_suspend(std::coroutine_handle<> handle) {
            waits_ = true;
            bell_.waiting_ = handle;
        }
        void await_resume() { waits_ = false; }

      private:
        Bell& bell_;
        bool waits_ = false;
    };
    /// Until the next ring; may end without one. One coroutine waits at a time, on the loop's thread.
    [[nodiscard]] Awaiter wait() { return Awaiter(*this); }

  private:
    explicit Bell(net::EventLoop& loop) : loop_(loop) {}
    static Task<void> ring_every(std::weak_ptr<Bell> bell, net::EventLoop& loop, Nanoseconds interval);
    void answer();

    net::EventLoop& loop_;
    std::atomic<bool> rung_{false};
    std::coroutine_handle<> waiting_;
};

}  // namespace quipu::platform
