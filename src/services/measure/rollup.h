#pragma once
// Hours and days made of minutes, and how long each is kept. Counts are summed and histograms merged, as
// Archive::summarise does it, so an hour made of minutes and a day made of hours say what the minutes themselves would:
// no percentile is ever averaged.
//
// A sweep makes what is missing up to the last whole hour, and the last days again: a record that came late, or a
// minute that was written again for a skip range, is then in its hour too. What is made again replaces the same, so a
// crash in between heals with the next sweep. Minutes go only after their hours are there.

#include <string>
#include <vector>

#include "data/archive.h"

namespace quipu::measure {

inline constexpr std::string_view kHourStream = "measure.hour";
inline constexpr std::string_view kDayStream = "measure.day";
[[nodiscard]] data::StreamSchema hour_schema();
[[nodiscard]] data::StreamSchema day_schema();

/// Nothing younger is given up.
inline constexpr Nanoseconds kLeastKept = std::chrono::days(32);

struct Kept {
    Nanoseconds minutes = std::chrono::days(366);
    Nanoseconds hours = std::chrono::days(3'653);
    Nanoseconds days = std::chrono::days(36'525);
};

class Rollup {
  public:
    Rollup(data::Archive& archive, const Clock& clock, const Kept& kept = {})
        : archive_(archive), clock_(clock), kept_(kept) {}
    /// Makes hours and days, then forgets what is older than it is kept.
    [[nodiscard]] Result<void> sweep();
    /// Integer columns summed and histograms merged per step, from the finest records that are still kept.
    [[nodiscard]] Result<std::vector<data::ArchiveRecord>> steps(std::string_view key, Time since, Time until,
                                                                 Nanoseconds step) const;
    /// The same of every pair over the whole of a time that lies within kLeastKept: from hours as far as they are made.
    [[nodiscard]] Result<std::vector<data::ArchiveRecord>> totals(Time since, Time until) const;

  private:
    [[nodiscard]] Result<Time> all_from(std::string_view stream, std::string_view key, Time since, Time until) const;
    [[nodiscard]] Result<void> roll(std::string_view from, std::string_view to, Nanoseconds step,
                                    const std::string& key, Time last) const;

    data::Archive& archive_;
    const Clock& clock_;
    const Kept kept_;
};

}  // namespace quipu::measure
