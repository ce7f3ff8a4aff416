#pragma once
// What an event loop is made of. Included by net/*.cpp only: Asio stays behind this wall.

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <coroutine>
#include <thread>

#include "net/loop.h"

namespace quipu::net {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
using AsioDescriptor = asio::posix::basic_stream_descriptor<Executor>;

/// The outermost coroutine of a task: started at once, destroyed where it ends, or by its loop when that stops, or by
/// whoever got its handle from SelfHandle. Every awaitable of net may be destroyed while it waits; its completion then
/// finds nobody and does nothing.
struct Root {
    struct promise_type {
        promise_type* before = nullptr;
        promise_type* after = nullptr;

        template <class... Arguments>
        explicit promise_type(EventLoop::Impl& loop, Arguments&&... /*unused*/) {
            link(loop);
        }
        promise_type(const promise_type&) = delete;
        promise_type& operator=(const promise_type&) = delete;
        ~promise_type() { unlink(); }

        Root get_return_object() { return {}; }
        [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
        [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept;

      private:
        void link(EventLoop::Impl& loop);
        void unlink();
        EventLoop::Impl* loop_ = nullptr;
    };
};

/// Awaited in a coroutine, gives its own handle without suspending.
struct SelfHandle {
    std::coroutine_handle<> handle;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> self) noexcept {
        handle = self;
        return false;
    }
    [[nodiscard]] std::coroutine_handle<> await_resume() const noexcept { return handle; }
};

struct EventLoop::Impl {
    asio::io_context io{1};
    asio::executor_work_guard<Executor> work{io.get_executor()};
    Root::promise_type* roots = nullptr;
    bool dropping = false;  ///< stopped: what was posted is no longer called

    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { destroy_roots(); }
    void destroy_roots();
};

/// Where a completion finds the coroutine that waits for it; null once that has been resumed or destroyed.
struct Waiter {
    std::coroutine_handle<> handle;
    void wake() {
        if (const auto waiting = std::exchange(handle, {})) waiting.resume();
    }
};

}  // namespace quipu::net
