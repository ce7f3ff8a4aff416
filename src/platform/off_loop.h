#pragma once
// Blocking work of a handler (SQL, disk): on the blocking pool, and back on the connection's loop.

#include <type_traits>
#include <utility>

#include "net/loop.h"

namespace quipu::platform {

/// Awaits `work`, which answers a Result. Where no loop runs (a test, a command) it is called at once.
template <class F>
[[nodiscard]] Task<std::invoke_result_t<F>> off_loop(F work) {
    if (net::EventLoop* loop = net::EventLoop::current(); loop != nullptr) return loop->blocking(std::move(work));
    return finished(work());
}

}  // namespace quipu::platform
