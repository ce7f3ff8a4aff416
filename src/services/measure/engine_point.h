#pragma once
// A point's look at itself: gathers over a minute what its record tells (codec_point.h).

#include <optional>

#include "base/histogram.h"
#include "services/measure/clock_error.h"
#include "services/measure/codec_point.h"
#include "services/measure/usage.h"

namespace quipu::measure {

/// Counters that rise since the start.
struct PointTotals {
    std::uint64_t sent = 0, skipped = 0, send_errors = 0;
    std::uint64_t received = 0, own_drops = 0, refused = 0, records_lost = 0;
    ProcessUsage usage;
};

class PointMeter {
  public:
    /// A packet was given to the kernel so long after it was due.
    void sent_late(Nanoseconds by) { lateness_.add(by.count()); }
    /// The clock of the day was set by so much.
    void stepped(Nanoseconds by);

    /// The minute that began before the last close() is over, or the clock was set back before it.
    [[nodiscard]] bool over(Time now) const;
    /// The record of the minute that is over and how it was; the first call only begins. `declared`: the clock's bound
    /// was declared, not asked of the kernel.
    [[nodiscard]] std::optional<PointRecord> close(Time now, const PointTotals& totals, const ClockQuality& clock,
                                                   bool declared);

  private:
    std::optional<Time> begun_;
    PointTotals before_;
    Histogram lateness_;
    Nanoseconds step_{};
    std::int64_t steps_ = 0;
};

}  // namespace quipu::measure
