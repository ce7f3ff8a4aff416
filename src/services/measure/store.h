#pragma once
// The service's side of the archive: minutes and skip ranges in, minutes and steps out.
//
// A minute's record comes from the receiver, a skip range from the sender, in any order. Ranges are kept as they come;
// a minute's `skipped` is the sum of what they cover of it, written with the record or, if the range comes later, by
// writing the record again (same pair and minute: it replaces). Both ways are repeatable, so a crash between two steps
// heals with the batch's repetition.

#include <map>
#include <string>
#include <vector>

#include "agent/hub.h"
#include "base/guarded.h"
#include "data/archive.h"
#include "services/measure/figures.h"
#include "services/measure/rollup.h"

namespace quipu::measure {

/// Skip ranges older than this change nothing any more.
inline constexpr Nanoseconds kSkipsKept = std::chrono::days(7);

/// A record with the pair that it belongs to.
struct StoredMinute {
    std::string from, to;
    data::ArchiveRecord record;
};

struct StoreCounters {
    std::uint64_t records = 0, repeats = 0, malformed = 0;
};

class Store {
  public:
    Store(data::Archive& archive, const Clock& clock, const Kept& kept = {})
        : archive_(archive), clock_(clock), rollup_(archive, clock, kept) {}

    /// Reads the skip ranges that still matter.
    [[nodiscard]] Result<void> load();

    /// Keeps a batch of measure.minute; answers the records that are new. `absent` tells whether a sender is known not
    /// to run. A payload that can't be read is counted and left out: it would be as wrong when it came again.
    [[nodiscard]] Result<std::vector<StoredMinute>> take_minutes(
        const agent::StreamBatch& batch, const std::function<bool(std::string_view from)>& absent);
    /// Keeps a batch of measure.skips; answers the records that changed.
    [[nodiscard]] Result<std::vector<StoredMinute>> take_skips(const agent::StreamBatch& batch);
    /// What is known not to have been sent in this minute.
    [[nodiscard]] std::int64_t skipped(const std::string& key, Time minute) const;

    [[nodiscard]] Result<std::vector<data::ArchiveRecord>> read(std::string_view from, std::string_view to, Time since,
                                                                Time until, std::size_t limit) const;
    [[nodiscard]] Result<std::vector<data::ArchiveRecord>> steps(std::string_view from, std::string_view to, Time since,
                                                                 Time until, Nanoseconds step) const;
    /// Of every pair, summed over a time that lies within kLeastKept.
    [[nodiscard]] Result<std::vector<data::ArchiveRecord>> totals(Time since, Time until) const {
        return rollup_.totals(since, until);
    }
    /// Hours and days of what minutes there are, and away with what is too old.
    [[nodiscard]] Result<void> sweep() { return rollup_.sweep(); }
    [[nodiscard]] Result<std::vector<std::string>> keys() const { return archive_.keys(kMinuteStream); }
    [[nodiscard]] StoreCounters counters() const;

  private:
    struct Range {
        std::uint32_t per_minute = 0;
        std::int64_t first = 0, last = 0;
    };
    struct Ranges {
        std::map<std::string, std::map<std::int64_t, Range>, std::less<>> of;  // key -> first index -> range
        std::uint64_t generation = 0;
    };
    [[nodiscard]] std::uint64_t generation() const;
    Result<void> skip_again(const std::string& key, std::int64_t first_minute, std::int64_t last_minute,
                            std::vector<StoredMinute>& changed);
    void remember(const std::string& key, const Range& range);

    data::Archive& archive_;
    const Clock& clock_;
    Rollup rollup_;
    Guarded<Ranges> ranges_;
    Guarded<StoreCounters> counters_;
};

}  // namespace quipu::measure
