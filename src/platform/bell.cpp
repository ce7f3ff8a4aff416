#include "platform/bell.h"

#include <utility>

namespace quipu::platform {

std::shared_ptr<Bell> Bell::create(net::EventLoop& loop, Nanoseconds interval) {
    std::shared_ptr<Bell> bell(new Bell(loop));
    loop.spawn(ring_every(bell, loop, interval));
    return bell;
}

Task<void> Bell::ring_every(std::weak_ptr<Bell> bell, net::EventLoop& loop, Nanoseconds interval) {
    while (!bell.expired()) {
        co_await loop.sleep(interval);
        if (const auto alive = bell.lock()) alive->ring();
    }
}

void Bell::ring() {
    if (rung_.exchange(true)) return;
    loop_.post([weak = weak_from_this()] {
        if (const auto alive = weak.lock()) alive->answer();
    });
}

void Bell::answer() {
    if (!waiting_) return;
    rung_.store(false);
    std::exchange(waiting_, nullptr).resume();
}

}  // namespace quipu::platform
