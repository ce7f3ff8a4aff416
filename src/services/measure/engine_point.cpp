#include "services/measure/engine_point.h"

#include <algorithm>
#include <utility>

#include "services/measure/schedule.h"

namespace quipu::measure {

void PointMeter::stepped(Nanoseconds by) {
    step_ += by;
    ++steps_;
}

bool PointMeter::over(Time now) const {
    return !begun_ || minute_of(now) != minute_of(*begun_);
}

std::optional<PointRecord> PointMeter::close(Time now, const PointTotals& totals, const ClockQuality& clock,
                                             bool declared) {
    const auto begun = std::exchange(begun_, now);
    const PointTotals before = std::exchange(before_, totals);
    const Histogram lateness = std::exchange(lateness_, {});
    const Nanoseconds step = std::exchange(step_, Nanoseconds(0));
    const std::int64_t steps = std::exchange(steps_, 0);
    if (!begun) return std::nullopt;
    const auto more = [&](std::uint64_t PointTotals::* member) {
        return static_cast<std::int64_t>(totals.*member - before.*member);
    };
    PointRecord out;
    out.minute = start_of_minute(minute_of(*begun));
    out.covered = std::clamp((std::min(now, out.minute + kMinute) - *begun).count(), std::int64_t{0}, kMinute.count());
    out.clock = declared             ? ClockSource::declared
                : clock.synchronised ? ClockSource::synchronised
                                     : ClockSource::free_running;
    out.clock_status = clock.status & 0xffffU;
    out.clock_offset = clock.offset.count();
    out.clock_estimated = std::max<std::int64_t>(clock.estimated.count(), 0);
    out.clock_bound = std::max<std::int64_t>(clock.bound.count(), 0);
    out.clock_frequency = clock.frequency_ppb;
    out.clock_step = step.count();
    out.clock_steps = steps;
    out.sent = more(&PointTotals::sent);
    out.skipped = more(&PointTotals::skipped);
    out.send_errors = more(&PointTotals::send_errors);
    out.late_median = lateness.quantile(0.5);
    out.late_p99 = lateness.quantile(0.99);
    out.late_worst = lateness.quantile(1);
    out.received = more(&PointTotals::received);
    out.own_drops = more(&PointTotals::own_drops);
    out.refused = more(&PointTotals::refused);
    out.records_lost = more(&PointTotals::records_lost);
    out.processor = std::max<std::int64_t>((totals.usage.processor - before.usage.processor).count(), 0);
    out.memory = totals.usage.memory;
    return out;
}

}  // namespace quipu::measure
