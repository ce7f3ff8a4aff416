#pragma once
// Which way packets took from one site to another, and since when.
//
// A trace that fits the way that is known (path/ways.h) prolongs it; one that fits an earlier way of the pair is a
// return to that; any other is a new way. Each change is told in the journal in the same transaction. What did not
// reach its target replaces nothing that did: that the target is not reached is what the loss tells. The time of a
// trace is when it began, by the clock of its point.

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/hub.h"
#include "base/guarded.h"
#include "data/journal.h"
#include "services/measure/path/record.h"

namespace quipu::measure {

extern const std::vector<data::Migration> kPathMigrations;

/// One stay on one way.
struct PathSpan {
    std::string from, to;
    Time since{};
    std::optional<Time> until;  ///< nothing: it is so now
    Time last{};                ///< when it was seen last, within kSeenStep
    path::PathRecord way;       ///< as it was traced first; what was silent then, as it answered later
};

class PathHistory {
  public:
    PathHistory(data::Database& database, data::Journal& journal) : database_(database), journal_(journal) {}

    /// How finely it is kept when a way was seen last.
    static constexpr Nanoseconds kSeenStep = std::chrono::minutes(15);

    /// Reads what is so now.
    [[nodiscard]] Result<void> load();
    /// A pair's packets take another way than before.
    struct Change {
        std::string from, to;
        Time seen{};
    };
    /// Keeps a batch of measure.path. Repeats change nothing; a payload that can't be read is left out. `now`: traces
    /// from later than a minute after it are a wrong clock's, and left out too. Answers what has changed.
    [[nodiscard]] Result<std::vector<Change>> take(const agent::StreamBatch& batch, Time now);

    /// Forgets stays that were over by then, and ways that no pair took since.
    [[nodiscard]] Result<void> forget_before(Time time);

    /// The way's identifier now; empty if none is known.
    [[nodiscard]] std::string current(std::string_view from, std::string_view to) const;
    /// The way now, as it was traced; nothing if none is known.
    [[nodiscard]] std::optional<path::PathRecord> way_now(std::string_view from, std::string_view to) const;
    /// Rises when one of those ways has become another, or tells more than before.
    [[nodiscard]] std::uint64_t revision() const { return revision_; }
    /// Stays that touch [since, until), the latest first.
    [[nodiscard]] Result<std::vector<PathSpan>> spans(std::string_view from, std::string_view to, Time since,
                                                      Time until, std::size_t limit) const;
    /// The same of all pairs with these ends (empty: any), the earliest first; only what comes behind `after`.
    [[nodiscard]] Result<std::vector<PathSpan>> all_spans(std::string_view from, std::string_view to, Time since,
                                                          Time until, const std::optional<PathSpan>& after,
                                                          std::size_t limit) const;
    /// What was known of a way at a time: for the minutes of a day without a question to the database for each.
    class Times {
      public:
        [[nodiscard]] std::string at(Time time) const;

      private:
        friend class PathHistory;
        struct Stay {
            Time since{};
            std::optional<Time> until;
            std::string id;
        };
        std::vector<Stay> stays_;  // the latest first
    };
    [[nodiscard]] Result<Times> times(std::string_view from, std::string_view to, Time since, Time until) const;
    /// The way of every pair at that time, by pair_key.
    [[nodiscard]] Result<std::map<std::string, std::string, std::less<>>> all_at(Time time) const;
    /// The way of that name and the pairs that took it, the latest first.
    struct Way {
        path::PathRecord way;
        std::vector<PathSpan> spans;  ///< without the way itself
    };
    [[nodiscard]] Result<std::optional<Way>> way(std::string_view id, std::size_t limit) const;

    [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

  private:
    struct Current {
        Time since{}, last{}, written{};
        path::PathRecord way;
        bool told_more = false;  ///< than before this batch
    };
    using Currents = std::map<std::string, Current, std::less<>>;  // by pair
    /// True when the way has changed.
    [[nodiscard]] Result<bool> settle(data::Transaction& transaction, std::string_view from, std::string_view to,
                                      const path::PathRecord& seen, Currents& changed) const;
    [[nodiscard]] Result<path::PathRecord> known_or_new(data::Transaction& transaction, std::string_view from,
                                                        std::string_view to, const path::PathRecord& seen) const;

    data::Database& database_;
    data::Journal& journal_;
    Guarded<Currents> currents_;
    std::atomic<std::uint64_t> malformed_ = 0;
    std::atomic<std::uint64_t> revision_ = 0;
};

}  // namespace quipu::measure
