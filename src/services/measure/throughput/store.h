#pragma once
// The tables of throughput tests. Each row keeps the described struct as JSON beside what is asked for by SQL.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/database.h"
#include "services/measure/throughput/engine_changes.h"
#include "services/measure/throughput/proof.h"

namespace quipu::throughput {

extern const std::vector<data::Migration> kThroughputMigrations;

struct ResultFilter {
    std::string from, to;
    std::optional<Time> since, until;
    std::optional<Time> before_start;  ///< only what comes behind this one in the list
    std::int64_t before_test = 0;
    std::int64_t limit = 100;
};

class Store {
  public:
    explicit Store(data::Database& database) : database_(database) {}

    [[nodiscard]] static Result<void> keep(data::Transaction& transaction, const ThroughputTest& test);
    [[nodiscard]] static Result<void> forget(data::Transaction& transaction, std::int64_t test);
    [[nodiscard]] static Result<std::optional<ThroughputTest>> test(data::Transaction& transaction, std::int64_t id);
    [[nodiscard]] Result<std::optional<ThroughputTest>> test(std::int64_t id) const;
    [[nodiscard]] Result<std::int64_t> last_id() const;
    /// Those whose place touches the time, by their begins.
    [[nodiscard]] Result<std::vector<ThroughputTest>> tests(Time since, Time until) const;

    // Exactly once: the highest sequence that was kept of each agent's spool.
    [[nodiscard]] static Result<std::uint64_t> high_water(data::Transaction& transaction, std::string_view agent,
                                                          std::string_view spool);
    [[nodiscard]] static Result<void> raise(data::Transaction& transaction, std::string_view agent,
                                            std::string_view spool, std::uint64_t sequence);

    [[nodiscard]] static Result<void> keep(data::Transaction& transaction, const ThroughputResult& result);
    [[nodiscard]] static Result<std::optional<ThroughputResult>> result(data::Transaction& transaction,
                                                                        std::int64_t test);
    [[nodiscard]] Result<std::optional<ThroughputResult>> result(std::int64_t test) const;
    [[nodiscard]] Result<std::vector<ThroughputResult>> results(const ResultFilter& filter) const;  ///< newest first
    /// Whether the pair's last test before this one ended well; true when there is none.
    [[nodiscard]] static Result<bool> ended_well_before(data::Transaction& transaction, const ThroughputTest& test);

    /// The pair's results of regular tests that ran to their end, from `since` to this test's, in order of their
    /// starts: the last `limit` of them.
    [[nodiscard]] static Result<std::vector<ThroughputResult>> regular_until(data::Transaction& transaction,
                                                                             const ThroughputTest& test, Time since,
                                                                             std::int64_t limit);
    /// The last change of what the pair carries.
    [[nodiscard]] static Result<std::optional<CarriedChange>> last_change(data::Transaction& transaction,
                                                                          const std::string& from,
                                                                          const std::string& to);
    [[nodiscard]] static Result<void> keep(data::Transaction& transaction, const std::string& from,
                                           const std::string& to, const CarriedChange& change);

    [[nodiscard]] static Result<void> keep(data::Transaction& transaction, const CalendarRefusal& refusal);
    [[nodiscard]] Result<std::vector<CalendarRefusal>> refusals(Time since, Time until, std::int64_t limit) const;

    /// All tests whose place touches the time, with when their programs ran.
    [[nodiscard]] Result<std::vector<HistoryEntry>> history(Time since, Time until) const;
    /// Forgets tests and results that were over before; refusals as well.
    [[nodiscard]] Result<void> prune(Time tests_before, Time refusals_before);

  private:
    data::Database& database_;
};

}  // namespace quipu::throughput
