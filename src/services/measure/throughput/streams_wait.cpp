#include "services/measure/throughput/streams_wait.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <ctime>

namespace quipu::throughput {
namespace {

using std::chrono::steady_clock;

constexpr Nanoseconds kLookEvery = std::chrono::milliseconds(200);

double processor_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace

Result<StreamsWait> StreamsWait::create(Nanoseconds limit, std::function<bool()> called_off) {
    net::Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.is_open()) return fail_errno(errno, "waiting for streams");
    return StreamsWait(std::move(epoll), steady_clock::now() + limit, std::move(called_off));
}

Result<void> StreamsWait::watch(int fd, std::uint32_t events, std::uint32_t number) {
    epoll_event event{.events = events, .data = {.u32 = number}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno(errno, "waiting for a stream");
    return {};
}

void StreamsWait::change(int fd, std::uint32_t events, std::uint32_t number) {
    epoll_event event{.events = events, .data = {.u32 = number}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

Result<std::span<const epoll_event>> StreamsWait::ready(Monotonic until) {
    const Monotonic now = steady_clock::now();
    if (now >= end_) return fail(ErrorCode::timeout, "did not end in its time and was ended");
    if (now - asked_ >= kLookEvery) {
        asked_ = now;
        if (called_off_()) return fail(ErrorCode::cancelled, "the test was called off");
    }
    const Nanoseconds pause = std::clamp(std::min(until, end_) - now, Nanoseconds::zero(), kLookEvery);
    const auto ms = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(pause).count());
    const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), ms);
    if (count < 0 && errno != EINTR) return fail_errno(errno, "waiting for streams");
    return std::span<const epoll_event>(events_).first(static_cast<std::size_t>(std::max(count, 0)));
}

StreamsWatch::StreamsWatch() : began_(steady_clock::now()), processor_(processor_seconds()) {}

double StreamsWatch::seconds() const {
    return std::chrono::duration<double>(steady_clock::now() - began_).count();
}

double StreamsWatch::processor_share() const {
    const double over = seconds();
    return over > 0 ? (processor_seconds() - processor_) / over : 0;
}

std::int64_t bits_per_second(std::int64_t octets, double seconds) {
    return seconds > 0 ? std::llround(8 * static_cast<double>(octets) / seconds) : 0;
}

}  // namespace quipu::throughput
