#pragma once
// The tables of network operations. Each row keeps the described struct as JSON beside what is asked for by SQL.

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/database.h"
#include "desk/operations/engine_availability.h"
#include "desk/operations/model.h"

namespace quipu::operations {

extern const std::vector<data::Migration> kOperationsMigrations;

/// A time in which something did not work.
struct Down {
    std::int64_t outage = 0;
    Part part = Part::link;
    std::string object;
    Interval time;
};

struct OutageFilter {
    std::optional<OutageState> state;
    std::string object;
    std::optional<Time> since, until;  ///< those that lasted into this time
    std::int64_t before = 0;           ///< only ids below; 0: no bound
    std::int64_t limit = 100;
};

class Store {
  public:
    explicit Store(data::Database& database) : database_(database) {}

    // Outages. `keep` numbers a new one (id 0) and replaces an old one.
    [[nodiscard]] Result<void> keep(data::Transaction& transaction, Outage& outage);
    [[nodiscard]] Result<std::vector<Outage>> outages(const OutageFilter& filter) const;  ///< newest first
    [[nodiscard]] Result<std::optional<Outage>> outage(std::int64_t id) const;
    /// The newest of this cause.
    [[nodiscard]] Result<std::optional<Outage>> outage_of(std::string_view cause) const;
    [[nodiscard]] Result<void> begin_down(data::Transaction& transaction, const Outage& outage, Time begin);
    [[nodiscard]] Result<void> end_down(data::Transaction& transaction, std::int64_t outage, Time end);
    /// What was down in this time; what still is, until `now`.
    [[nodiscard]] Result<std::vector<Down>> downs(Interval time, Time now) const;
    [[nodiscard]] Result<std::int64_t> down_seconds(std::int64_t outage, Time now) const;

    // Maintenance windows. `expected`: the version that is replaced.
    [[nodiscard]] Result<void> add(Window& window);
    [[nodiscard]] Result<void> replace(const Window& window, std::int64_t expected);
    [[nodiscard]] Result<std::optional<Window>> window(std::int64_t id) const;
    /// Those that touch the time, by their begin.
    [[nodiscard]] Result<std::vector<Window>> windows(Interval time) const;
    [[nodiscard]] Result<std::set<std::int64_t>> told(std::int64_t window) const;
    [[nodiscard]] Result<void> mark_told(data::Transaction& transaction, std::int64_t window, std::int64_t ahead);

    // On call.
    [[nodiscard]] Result<std::vector<Rota>> rotas() const;
    [[nodiscard]] Result<std::optional<Rota>> rota(std::string_view id) const;
    [[nodiscard]] Result<void> add(const Rota& rota);
    [[nodiscard]] Result<void> replace(const Rota& rota, std::int64_t expected);
    [[nodiscard]] Result<void> remove_rota(std::string_view id, std::int64_t expected);
    [[nodiscard]] Result<void> add(Override& over);
    [[nodiscard]] Result<std::vector<Override>> overrides(std::string_view rota) const;  ///< of all when empty
    [[nodiscard]] Result<bool> remove_override(std::int64_t id);
    [[nodiscard]] Result<void> add(const Feed& feed, std::string_view token_hash);
    [[nodiscard]] Result<std::vector<Feed>> feeds(std::string_view made_by) const;
    [[nodiscard]] Result<std::optional<Feed>> feed_of(std::string_view token_hash) const;
    [[nodiscard]] Result<std::optional<Feed>> feed(std::string_view id) const;
    [[nodiscard]] Result<void> remove_feed(std::string_view id);

  private:
    data::Database& database_;
};

}  // namespace quipu::operations
