#include "agent/waiters.h"

#include <algorithm>
#include <utility>

namespace quipu::agent {

Task<void> Waiters::wait(Monotonic deadline) {
    struct Awaiter {
        Waiters& waiters;
        std::shared_ptr<Waiter> waiter;
        ~Awaiter() { waiter->handle = {}; }
        [[nodiscard]] bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> handle) {
            waiter->handle = handle;
            waiters.waiting_.with([&](auto& list) { list.push_back(waiter); });
        }
        void await_resume() const {}
    };
    auto waiter =
        std::make_shared<Waiter>(Waiter{.loop = net::EventLoop::current(), .deadline = deadline, .handle = {}});
    Awaiter awaiter{*this, std::move(waiter)};
    co_await awaiter;
}

void Waiters::resume(const std::shared_ptr<Waiter>& waiter) {
    waiter->loop->post([waiter] {
        if (waiter->handle) std::exchange(waiter->handle, {}).resume();
    });
}

void Waiters::wake_all() {
    for (const auto& waiter : waiting_.with([](auto& list) { return std::exchange(list, {}); }))
        resume(waiter);
}

void Waiters::tick(Monotonic now) {
    const auto due = waiting_.with([&](auto& list) {
        const auto split = std::ranges::partition(list, [&](const auto& w) { return w->deadline > now; });
        std::vector<std::shared_ptr<Waiter>> out(split.begin(), split.end());
        list.erase(split.begin(), split.end());
        return out;
    });
    for (const auto& waiter : due)
        resume(waiter);
}

}  // namespace quipu::agent
