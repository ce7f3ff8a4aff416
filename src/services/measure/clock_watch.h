#pragma once
// Whose clock is wrong: judged of what has come, told to the journal once, marked in the points' minutes.

#include <deque>
#include <mutex>

#include "data/journal.h"
#include "services/measure/live.h"
#include "services/measure/points.h"
#include "services/measure/store.h"
#include "services/measure/store_points.h"

namespace quipu::measure {

/// Thread-safe. What it is made of outlives it.
class ClockWatch {
  public:
    ClockWatch(data::Journal& journal, const Store& store, PointStore& point_store, Points& points, Live& live)
        : journal_(journal), store_(store), point_store_(point_store), points_(points), live_(live) {}

    /// Looks at what has come, tells whose clock went wrong or is right again, and marks those minutes. What can't be
    /// written now, on a full disk, is written with the next.
    [[nodiscard]] Result<void> judge(Time now);
    /// After a restart: whose clock was wrong, and what is usual between each two points.
    [[nodiscard]] Result<void> rebuild(Time now);

  private:
    [[nodiscard]] Result<void> tell(const ClockChange& change);
    [[nodiscard]] Result<bool> was_told(const ClockChange& change) const;
    [[nodiscard]] Result<void> recall_fault(const std::string& site, Time looked_at_since);

    data::Journal& journal_;
    const Store& store_;
    PointStore& point_store_;
    Points& points_;
    Live& live_;
    std::mutex judging_;
    std::deque<ClockChange> untold_;  // with judging_
    std::deque<JudgedMinute> unmarked_;
};

}  // namespace quipu::measure
