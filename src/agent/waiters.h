#pragma once
// Long polls that wait for news: each suspends on its own loop until somebody wakes all or its time is over.

#include <memory>
#include <vector>

#include "base/guarded.h"
#include "base/task.h"
#include "base/time.h"
#include "net/loop.h"

namespace quipu::agent {

class Waiters {
  public:
    /// On an event loop's thread. Ends with the next wake_all, or with the first `tick` at or after `deadline`.
    [[nodiscard]] Task<void> wait(Monotonic deadline);
    void wake_all();
    void tick(Monotonic now);

  private:
    struct Waiter {
        net::EventLoop* loop = nullptr;
        Monotonic deadline{};
        std::coroutine_handle<> handle;  // touched on the loop's thread only; null once resumed or destroyed
    };
    static void resume(const std::shared_ptr<Waiter>& waiter);

    Guarded<std::vector<std::shared_ptr<Waiter>>> waiting_;
};

}  // namespace quipu::agent
