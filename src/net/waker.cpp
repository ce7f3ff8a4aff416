#include "net/waker.h"

#include <algorithm>
#include <cerrno>
#include <sys/eventfd.h>
#include <unistd.h>

namespace quipu::net {

Result<Waker> Waker::create() {
    Descriptor event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!event.is_open()) return fail_errno(errno, "can't make an eventfd");
    return Waker(std::move(event));
}

void Waker::wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(::write(event_.get(), &one, sizeof one) < 0);
}

void Waker::wait(std::span<pollfd> watched, Nanoseconds patience) const {
    watched[0] = {.fd = event_.get(), .events = POLLIN, .revents = 0};
    const auto left = std::max<std::int64_t>(patience.count(), 0);
    const timespec most{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
    if (::ppoll(watched.data(), watched.size(), &most, nullptr) <= 0 || (watched[0].revents & POLLIN) == 0) return;
    std::uint64_t drained = 0;
    static_cast<void>(::read(event_.get(), &drained, sizeof drained) < 0);
}

}  // namespace quipu::net
