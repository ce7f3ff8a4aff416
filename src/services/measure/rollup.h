#pragma once
// Hours and days made of minutes, and how long each is kept. Counts are summed and histograms merged, as
// Archive::summarise does it, so an hour made of minutes and a day made of hours say what the minutes themselves would:
// no percentile is ever averaged.
//
// A sweep makes what is missing up to the last whole hour, and again from the earliest minute on that was written since
// the sweep before: a record that came late, or one that was written again for a skip range, is then in its hour too.
// The first sweep after a start does not know what was written and looks at the last days; only what differs is
// written. Minutes go only after their hours are there.

#include <map>
#include <string>
#include <vector>

#include "base/guarded.h"
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
    Nanoseconds points = std::chrono::days(3'653);    ///< with them goes whose clock was wrong
    Nanoseconds evidence = std::chrono::days(3'653);  ///< of events
};

class Rollup {
  public:
    Rollup(data::Archive& archive, const Clock& clock, const Kept& kept = {})
        : archive_(archive), clock_(clock), kept_(kept) {}
    /// This minute was written: its hour and day are to be made (again).
    void touched(const std::string& key, Time minute);
    /// Makes hours and days, then forgets what is older than it is kept. A series that can't be read keeps the others
    /// from nothing but being forgotten.
    [[nodiscard]] Result<void> sweep();
    /// Integer columns summed and histograms merged per step, from the finest records that are still kept.
    [[nodiscard]] Result<std::vector<data::ArchiveRecord>> steps(std::string_view key, Time since, Time until,
                                                                 Nanoseconds step) const;
    /// The same of every pair over the whole of a time that lies within kLeastKept: from hours as far as they are made.
    [[nodiscard]] Result<std::vector<data::ArchiveRecord>> totals(Time since, Time until) const;

  private:
    [[nodiscard]] Result<Time> all_from(std::string_view stream, std::string_view key, Time since, Time until) const;
    [[nodiscard]] Result<Time> roll(std::string_view from, std::string_view to, Nanoseconds step,
                                    const std::string& key, Time begin) const;
    [[nodiscard]] Result<void> sweep(std::map<std::string, Time>& written);

    data::Archive& archive_;
    const Clock& clock_;
    const Kept kept_;
    Guarded<std::map<std::string, Time>> touched_;  // key: the earliest minute
    bool looked_back_ = false;                      // of the sweeping thread alone
};

}  // namespace quipu::measure
