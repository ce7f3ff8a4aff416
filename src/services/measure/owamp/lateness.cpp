#include "services/measure/owamp/lateness.h"

#include <algorithm>
#include <utility>

namespace quipu::owamp {
namespace {

constexpr Nanoseconds kGap = std::chrono::milliseconds(5);
constexpr Nanoseconds kPatience = std::chrono::seconds(1);  // by then it was dropped on its way to the device
constexpr Nanoseconds kAssumed = std::chrono::microseconds(100);
constexpr std::size_t kFew = 20;

}  // namespace

bool SentSample::wanted(Time now) const {
    // A clock that was set back must not end it.
    const Nanoseconds since = now < last_ ? kPatience : now - last_;
    return since >= (under_way_ ? kPatience : kGap);
}

void SentSample::asked(std::uint32_t socket, std::uint32_t number, Time stamp) {
    under_way_ = {socket, number, stamp};
    last_ = stamp;
}

std::optional<Nanoseconds> SentSample::told(std::uint32_t socket, std::uint32_t number, Time left) {
    if (!under_way_ || under_way_->socket != socket) return std::nullopt;
    // Before it: one that was given up. Behind it: the kernel counts otherwise, and nobody knows whose this is.
    if (static_cast<std::int32_t>(number - under_way_->number) < 0) return std::nullopt;
    const Asked asked = *std::exchange(under_way_, std::nullopt);
    if (number != asked.number || left < asked.stamp) return std::nullopt;
    return left - asked.stamp;
}

void Lateness::add(Nanoseconds late) {
    latest_[all_.count() % latest_.size()] = late.count();
    all_.add(late.count());
}

Nanoseconds Lateness::bound() const {
    const std::size_t count = std::min<std::size_t>(all_.count(), latest_.size());
    auto sorted = latest_;
    std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count));
    if (count < kFew) return std::max(kAssumed, Nanoseconds(count == 0 ? 0 : sorted[count - 1]));
    return Nanoseconds(sorted[(count * 99 + 99) / 100 - 1]);
}

Lateness::Figures Lateness::figures() const {
    return {.samples = all_.count(),
            .median = Nanoseconds(all_.quantile(0.5)),
            .p95 = Nanoseconds(all_.quantile(0.95)),
            .p99 = Nanoseconds(all_.quantile(0.99))};
}

}  // namespace quipu::owamp
