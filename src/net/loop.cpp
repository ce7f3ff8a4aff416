#include "net/loop.h"

#include <fmt/format.h>
#include <pthread.h>

#include "base/log.h"
#include "net/asio_loop.h"

namespace quipu::net {
namespace {

constexpr LogEvent kTaskThrew{LogLevel::error, "NET_TASK_THREW", "A task ended with an exception that nothing caught",
                              "Report this line: it is a fault of the program."};

thread_local EventLoop* current_loop = nullptr;

void log_exception(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        log(kTaskThrew, {{"what", error.what()}});
    } catch (...) {
        log(kTaskThrew, {{"what", "not a std::exception"}});
    }
}

Root run_root(EventLoop::Impl& /*loop*/, Task<void> task) {
    co_await task;
}

std::unexpected<Error> wait_failed(const boost::system::error_code& code) {
    if (code == asio::error::operation_aborted) return fail(ErrorCode::cancelled, "the wait was cancelled");
    return fail_errno(code.value(), "wait for a descriptor");
}

/// One wait for a descriptor that belongs to somebody else: registered for the wait alone, never closed.
class DescriptorWait {
  public:
    DescriptorWait(EventLoop::Impl& loop, int fd, AsioDescriptor::wait_type type) : type_(type), descriptor_(loop.io) {
        boost::system::error_code code;
        descriptor_.assign(fd, code);
        state_->code = code;
    }
    DescriptorWait(const DescriptorWait&) = delete;
    DescriptorWait& operator=(const DescriptorWait&) = delete;
    ~DescriptorWait() {
        state_->waiter.handle = {};
        if (descriptor_.is_open()) descriptor_.release();
    }
    [[nodiscard]] bool await_ready() const { return state_->code.failed(); }
    void await_suspend(std::coroutine_handle<> handle) {
        state_->waiter.handle = handle;
        descriptor_.async_wait(type_, [state = state_](const boost::system::error_code& code) {
            state->code = code;
            state->waiter.wake();
        });
    }
    [[nodiscard]] Result<void> await_resume() const {
        if (state_->code) return wait_failed(state_->code);
        return {};
    }

  private:
    struct State {
        Waiter waiter;
        boost::system::error_code code;
    };
    AsioDescriptor::wait_type type_;
    AsioDescriptor descriptor_;
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

class TimerWait {
  public:
    TimerWait(EventLoop::Impl& loop, Nanoseconds duration) : timer_(loop.io) {
        timer_.expires_after(std::max(duration, Nanoseconds::zero()));
    }
    TimerWait(const TimerWait&) = delete;
    TimerWait& operator=(const TimerWait&) = delete;
    ~TimerWait() { waiter_->handle = {}; }
    [[nodiscard]] bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
        waiter_->handle = handle;
        timer_.async_wait([waiter = waiter_](const boost::system::error_code&) { waiter->wake(); });
    }
    void await_resume() const {}

  private:
    Timer timer_;
    std::shared_ptr<Waiter> waiter_ = std::make_shared<Waiter>();
};

}  // namespace

void Root::promise_type::link(EventLoop::Impl& loop) {
    loop_ = &loop;
    after = loop.roots;
    if (after != nullptr) after->before = this;
    loop.roots = this;
}

void Root::promise_type::unlink() {
    if (before != nullptr) before->after = after;
    if (after != nullptr) after->before = before;
    if (loop_->roots == this) loop_->roots = after;
}

void Root::promise_type::unhandled_exception() const noexcept {
    log_exception(std::current_exception());
}

void EventLoop::Impl::destroy_roots() {
    while (roots != nullptr)
        std::coroutine_handle<Root::promise_type>::from_promise(*roots).destroy();
}

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
    EventLoop* const outer = std::exchange(current_loop, this);
    for (bool again = true; again;) {
        try {
            impl_->io.run();
            again = false;
        } catch (...) {
            log_exception(std::current_exception());
        }
    }
    impl_->destroy_roots();
    // What is still queued finds nobody: dropped here, on this thread, and not when the loop is destroyed.
    impl_->dropping = true;
    impl_->io.restart();
    impl_->io.poll();
    impl_->dropping = false;
    current_loop = outer;
    impl_->io.restart();
}

void EventLoop::stop() {
    impl_->io.stop();
}

void EventLoop::post(std::move_only_function<void()> work) {
    asio::post(impl_->io, [impl = impl_.get(), work = std::move(work)]() mutable {
        if (!impl->dropping) work();
    });
}

void EventLoop::spawn(Task<void> task) {
    post([impl = impl_.get(), task = std::move(task)]() mutable { run_root(*impl, std::move(task)); });
}

Task<void> EventLoop::sleep(Nanoseconds duration) {
    co_await TimerWait(*impl_, duration);
}

Task<Result<void>> EventLoop::readable(int fd) {
    co_return co_await DescriptorWait(*impl_, fd, AsioDescriptor::wait_read);
}

Task<Result<void>> EventLoop::writable(int fd) {
    co_return co_await DescriptorWait(*impl_, fd, AsioDescriptor::wait_write);
}

EventLoop* EventLoop::current() {
    return current_loop;
}

LoopPool::LoopPool(std::size_t count) {
    for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i)
        loops_.push_back(std::make_unique<EventLoop>());
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        threads_.emplace_back([this, i] {
            pthread_setname_np(pthread_self(), fmt::format("loop-{}", i).c_str());
            loops_[i]->run();
        });
    }
}

LoopPool::~LoopPool() {
    stop();
    threads_.clear();
}

EventLoop& LoopPool::next() {
    return *loops_[turn_.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
}

void LoopPool::stop() {
    for (const auto& loop : loops_)
        loop->stop();
}

}  // namespace quipu::net
