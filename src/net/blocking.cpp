// The blocking pool: a few threads, shared by all loops, for calls that would hold a loop up.

#include <condition_variable>
#include <deque>
#include <mutex>

#include "net/asio_loop.h"

namespace quipu::net {

struct BlockingCall::Job {
    enum class Phase : unsigned char { queued, running, done };

    EventLoop::Impl* loop;
    std::move_only_function<void()> work;
    Waiter waiter;  // the loop's thread only
    std::exception_ptr exception;
    Phase phase = Phase::queued;  // under the pool's lock
};

namespace {

using Job = BlockingCall::Job;
constexpr std::size_t kThreads = 4;

class Pool {
  public:
    Pool() {
        for (std::size_t i = 0; i < kThreads; ++i)
            threads_.emplace_back([this](const std::stop_token& stopping) { serve(stopping); });
    }

    void submit(const std::shared_ptr<Job>& job) {
        {
            const std::scoped_lock lock(mutex_);
            queue_.push_back(job);
        }
        work_.notify_one();
    }

    /// Nobody waits for `job` any more: afterwards it does not run and will not.
    void abandon(const std::shared_ptr<Job>& job) {
        std::unique_lock lock(mutex_);
        if (job->phase == Job::Phase::queued) {
            std::erase(queue_, job);
            job->phase = Job::Phase::done;
        }
        finished_.wait(lock, [&] { return job->phase != Job::Phase::running; });
    }

  private:
    void serve(const std::stop_token& stopping) {
        std::unique_lock lock(mutex_);
        while (work_.wait(lock, stopping, [&] { return !queue_.empty(); })) {
            const std::shared_ptr<Job> job = std::move(queue_.front());
            queue_.pop_front();
            job->phase = Job::Phase::running;
            lock.unlock();
            try {
                job->work();
            } catch (...) {
                job->exception = std::current_exception();
            }
            // Before `done` is told: after that the loop may be gone.
            asio::post(job->loop->io, [job] { job->waiter.wake(); });
            lock.lock();
            job->phase = Job::Phase::done;
            finished_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable_any work_;
    std::condition_variable_any finished_;
    std::deque<std::shared_ptr<Job>> queue_;
    std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

Pool& pool() {
    static Pool only;
    return only;
}

}  // namespace

BlockingCall::BlockingCall(EventLoop& loop, std::move_only_function<void()> work)
    : job_(std::make_shared<Job>(&loop.impl(), std::move(work))) {}

BlockingCall::~BlockingCall() {
    job_->waiter.handle = {};
    if (submitted_) pool().abandon(job_);
}

void BlockingCall::await_suspend(std::coroutine_handle<> handle) {
    job_->waiter.handle = handle;
    submitted_ = true;
    pool().submit(job_);
}

void BlockingCall::await_resume() {
    if (job_->exception) std::rethrow_exception(job_->exception);
}

}  // namespace quipu::net
