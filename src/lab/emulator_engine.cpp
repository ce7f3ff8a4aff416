#include "lab/emulator_engine.h"

#include <algorithm>
#include <cmath>

namespace quipu::lab {

namespace {

Nanoseconds time_on_line(std::size_t octets, Bandwidth rate) {
    return Nanoseconds(std::llround(static_cast<double>(octets) * 8e9 / static_cast<double>(rate.bits_per_second)));
}

constexpr double kCutDeviations = 3.0;

}  // namespace

Verdict DirectionEngine::offer(Monotonic arrival, std::size_t octets) {
    Verdict verdict;
    if (impairment_.down) {
        verdict.dropped = DropReason::down;
        return verdict;
    }
    Monotonic sent = arrival;
    if (impairment_.rate.bits_per_second > 0) {
        const Monotonic start = std::max(arrival, line_free_);
        if (start - arrival > impairment_.queue) {
            verdict.dropped = DropReason::queue;
            return verdict;
        }
        sent = line_free_ = start + time_on_line(octets, impairment_.rate);
    }
    // A lost frame has used the line all the same: it is lost on the way, not before it.
    if (chance(impairment_.loss)) {
        verdict.dropped = DropReason::lost;
        return verdict;
    }
    // Jitter never lets a frame overtake: only reordering that was asked for reorders.
    Monotonic departure = std::max(sent + draw_delay(), last_departure_);
    if (chance(impairment_.reorder))
        departure += kHoldBack;
    else
        last_departure_ = departure;
    verdict.departures[verdict.count++] = departure;
    if (chance(impairment_.duplicate)) verdict.departures[verdict.count++] = departure;
    return verdict;
}

void DirectionEngine::set(const Impairment& impairment) {
    const bool same_way = impairment.delay == impairment_.delay && impairment.jitter == impairment_.jitter &&
                          impairment.rate == impairment_.rate;
    if (!same_way) last_departure_ = line_free_ = Monotonic{};
    impairment_ = impairment;
}

Nanoseconds DirectionEngine::draw_delay() {
    if (impairment_.jitter == Nanoseconds{0}) return impairment_.delay;
    double deviations = normal_(rng_);
    while (std::abs(deviations) > kCutDeviations)
        deviations = normal_(rng_);
    const auto drawn = Nanoseconds(std::llround(static_cast<double>(impairment_.jitter.count()) * deviations));
    return std::max(impairment_.delay + drawn, Nanoseconds{0});
}

}  // namespace quipu::lab
