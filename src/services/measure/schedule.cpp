#include "services/measure/schedule.h"

#include <algorithm>

namespace quipu::measure {
namespace {

/// The generator of one minute of one session (SplitMix64's odd constant keeps neighbouring minutes apart).
Rng generator(const Schedule& schedule, std::int64_t minute) {
    return Rng(schedule.seed + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(minute));
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
}

}  // namespace

std::int64_t Schedule::minute_of_index(std::int64_t index) const {
    return floor_divide(index, per_minute);
}

std::uint32_t Schedule::place_of_index(std::int64_t index) const {
    return static_cast<std::uint32_t>(index - minute_of_index(index) * per_minute);
}

std::int64_t Schedule::index_at(Time time) const {
    return ScheduleCursor(*this, time).index();
}

std::int64_t Schedule::unwrap(std::uint32_t sequence, Time now) const {
    const std::int64_t near = minute_of(now) * per_minute;
    return near + static_cast<std::int32_t>(sequence - static_cast<std::uint32_t>(near));
}

ScheduleCursor::ScheduleCursor(const Schedule& schedule, Time from)
    : schedule_(schedule), gaps_(0), next_gaps_(generator(schedule, minute_of(from))) {
    enter(minute_of(from));
    while (due_ < from)
        advance();
}

void ScheduleCursor::advance() {
    if (++place_ < schedule_.per_minute)
        step();
    else
        enter(minute_ + 1);
}

/// Puts the cursor at the first packet of a minute, whose generator stands ready in next_gaps_.
void ScheduleCursor::enter(std::int64_t minute) {
    sum_ahead(schedule_.per_minute + 1 - summed_);
    minute_ = minute;
    place_ = 0;
    so_far_ = 0;
    total_ = next_total_;
    gaps_ = generator(schedule_, minute);
    next_gaps_ = generator(schedule_, minute + 1);
    next_total_ = 0;
    summed_ = 0;
    step();
}

/// n packets cut the minute into n + 1 gaps.
void ScheduleCursor::sum_ahead(std::uint32_t terms) {
    if (schedule_.spacing == Spacing::periodic) return;
    for (std::uint32_t i = 0; i < terms; ++i)
        next_total_ += next_gaps_.exponential();
    summed_ += terms;
}

void ScheduleCursor::step() {
    constexpr auto kLast = static_cast<double>((kMinute - Nanoseconds(1)).count());
    double at = 0;
    if (schedule_.spacing == Spacing::periodic) {
        // The session's own phase, so that the sessions of a mesh do not all leave at once.
        const double phase = Rng(schedule_.seed).uniform();
        at = (place_ + phase) / schedule_.per_minute;
    } else {
        so_far_ += gaps_.exponential();
        at = so_far_ / total_;
        sum_ahead(1);
    }
    const double offset = std::clamp(at * static_cast<double>(kMinute.count()), 0.0, kLast);
    due_ = start_of_minute(minute_) + Nanoseconds(static_cast<std::int64_t>(offset));
}

}  // namespace quipu::measure
