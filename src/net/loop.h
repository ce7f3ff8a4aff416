#pragma once
// Event loops: one thread each, Asio behind the wall (loop.cpp). A connection lives and dies on one loop.

#include <atomic>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace quipu::net {

class EventLoop {
  public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Runs until stop(); on the calling thread. Tasks that are suspended then are destroyed before it returns, and
    /// what was posted is dropped: nothing resumes later.
    void run();
    /// From any thread: run() returns after the current callback.
    void stop();
    /// From any thread: calls `work` on this loop.
    void post(std::move_only_function<void()> work);
    /// From any thread: starts a task on this loop and lets it run to its end. An exception that escapes is logged.
    void spawn(Task<void> task);
    /// Awaitable, on this loop's thread only.
    [[nodiscard]] Task<void> sleep(Nanoseconds duration);
    /// Awaits a blocking call made on the shared blocking pool and comes back to this loop. What it throws is thrown
    /// here.
    template <class F>
    [[nodiscard]] auto blocking(F work) -> Task<std::invoke_result_t<F>>;
    /// Suspends until `fd` is readable (or writable). On this loop's thread only; `fd` stays open meanwhile.
    [[nodiscard]] Task<Result<void>> readable(int fd);
    [[nodiscard]] Task<Result<void>> writable(int fd);

    /// The loop that runs on this thread, or nullptr.
    [[nodiscard]] static EventLoop* current();

    struct Impl;  // asio::io_context and friends; for net/*.cpp only
    [[nodiscard]] Impl& impl() { return *impl_; }

  private:
    std::unique_ptr<Impl> impl_;
};

/// One call on the blocking pool, awaited. A task that is destroyed meanwhile waits here for a call that has begun, so
/// that the call may use the task's variables.
class BlockingCall {
  public:
    BlockingCall(EventLoop& loop, std::move_only_function<void()> work);
    ~BlockingCall();
    BlockingCall(const BlockingCall&) = delete;
    BlockingCall& operator=(const BlockingCall&) = delete;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume();

    struct Job;

  private:
    std::shared_ptr<Job> job_;
    bool submitted_ = false;
};

/// One thread with a loop per core (or as many as asked for).
class LoopPool {
  public:
    explicit LoopPool(std::size_t count);
    ~LoopPool();  ///< stops and joins
    [[nodiscard]] std::size_t size() const { return loops_.size(); }
    [[nodiscard]] EventLoop& at(std::size_t index) { return *loops_[index]; }
    /// Round robin.
    [[nodiscard]] EventLoop& next();
    void stop();

  private:
    std::vector<std::unique_ptr<EventLoop>> loops_;
    std::vector<std::jthread> threads_;
    std::atomic<std::size_t> turn_ = 0;
};

namespace detail {
template <class R>
Task<R> blocking(EventLoop& loop, std::move_only_function<R()> work) {
    std::optional<R> value;
    co_await BlockingCall(loop, [&] { value.emplace(work()); });
    co_return std::move(*value);
}
}  // namespace detail

template <class F>
auto EventLoop::blocking(F work) -> Task<std::invoke_result_t<F>> {
    static_assert(!std::is_void_v<std::invoke_result_t<F>>, "return a Result<void>");
    return detail::blocking<std::invoke_result_t<F>>(*this, std::move(work));
}

}  // namespace quipu::net
