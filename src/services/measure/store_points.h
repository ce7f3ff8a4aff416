#pragma once
// How points were, in the archive: a series for each point, what it told of its minutes (codec_point.h) and whether its
// clock was wrong then, as the hub judged.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/hub.h"
#include "data/archive.h"
#include "services/measure/codec_point.h"
#include "services/measure/engine_clocks.h"
#include "services/measure/figures.h"

namespace quipu::measure {

[[nodiscard]] data::StreamSchema point_schema();

struct StoredPoint {
    std::string site;
    PointRecord record;
    std::int64_t minutes = 0;  ///< that the point told of; 0 when it is only known that its clock was wrong
    std::int64_t wrong = 0;    ///< minutes in which its clock was
    std::int64_t wrong_by = 0;
};
[[nodiscard]] data::ArchiveRecord to_archive(const StoredPoint& point);
[[nodiscard]] StoredPoint point_of(const data::ArchiveRecord& record);

class PointStore {
  public:
    explicit PointStore(data::Archive& archive) : archive_(archive) {}

    /// Keeps a batch of measure.point; answers what it tells. What can't be read is left out and counted in
    /// `malformed`.
    [[nodiscard]] Result<std::vector<StoredPoint>> take(const agent::StreamBatch& batch, std::uint64_t& malformed);
    /// These clocks were wrong in this minute.
    [[nodiscard]] Result<void> mark(const JudgedMinute& minute);

    [[nodiscard]] Result<std::vector<StoredPoint>> read(std::string_view site, Time since, Time until,
                                                        std::size_t limit) const;
    [[nodiscard]] Result<std::vector<StoredPoint>> latest(Time since) const;
    /// Points whose clock was wrong at some time within.
    [[nodiscard]] Result<std::set<std::string, std::less<>>> wrong(Time since, Time until) const;
    /// The minutes (or steps) in which this clock was wrong.
    [[nodiscard]] Result<std::vector<Time>> wrong(std::string_view site, Time since, Time until,
                                                  Nanoseconds step) const;

  private:
    data::Archive& archive_;
};

/// Names in each of a pair's figures, ascending and `step` apart, the ends whose clock was wrong.
[[nodiscard]] Result<void> mark_clock_faults(const PointStore& points, std::string_view from, std::string_view to,
                                             Nanoseconds step, std::vector<Figures>& figures);

}  // namespace quipu::measure
