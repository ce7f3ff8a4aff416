#pragma once
// Comparisons: what was asked, what was seen, what it means.

#include <optional>
#include <string>
#include <vector>

#include "data/database.h"
#include "services/measure/compare/engine_verdict.h"

namespace quipu::compare {

extern const std::vector<data::Migration> kComparisonMigrations;

enum class State : std::uint8_t { waiting, done, failed };
constexpr auto describe_enum(State) {
    return names<State>({{State::waiting, "waiting"}, {State::done, "done"}, {State::failed, "failed"}});
}

struct Comparison {
    std::int64_t id = 0;
    std::string from;  ///< the point that compares
    std::string host;  ///< as it was asked for
    std::string to;    ///< the destination's site, if it is a point of ours
    ComparisonTask task;
    Time asked{};
    std::string by;
    State state = State::waiting;
    std::optional<Time> ended;
    std::string reason;  ///< why it failed
    std::optional<Outcome> outcome;
};

class Store {
  public:
    explicit Store(data::Database& database) : database_(database) {}

    /// Answers it with its number.
    [[nodiscard]] Result<Comparison> add(Comparison comparison);
    [[nodiscard]] Result<std::vector<Comparison>> waiting() const;
    [[nodiscard]] Result<std::optional<Comparison>> find(std::int64_t id) const;
    /// The latest first, before number `before`; of one point or pair if these are not empty.
    [[nodiscard]] Result<std::vector<Comparison>> list(std::string_view from, std::string_view to, std::int64_t before,
                                                       std::size_t limit) const;

    /// What came in, once each: what is there stays. False if there is no such comparison that waits.
    [[nodiscard]] Result<bool> keep(std::int64_t id, const Observation& seen);
    [[nodiscard]] Result<bool> keep(std::int64_t id, const RoutesBack& seen);
    struct Seen {
        std::optional<Observation> observation;
        std::optional<RoutesBack> back;
    };
    [[nodiscard]] Result<Seen> seen(std::int64_t id) const;

    /// Of the latest comparisons before this one by the same point with the same destination, that ended after `since`.
    [[nodiscard]] Result<std::vector<Outcome>> outcomes_before(const Comparison& comparison, Time since,
                                                               std::size_t most) const;

    /// Ends it, if it waits still; `in_transaction` is called in the same transaction, for the journal.
    [[nodiscard]] Result<bool> end(const Comparison& ended,
                                   const std::function<Result<void>(data::Transaction&)>& in_transaction);

    static constexpr std::int64_t kMostKept = 10'000;

  private:
    data::Database& database_;
};

}  // namespace quipu::compare
