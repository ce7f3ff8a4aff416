#pragma once
// Which serial a set of payloads has: the same for every cache that shares the database, and after a restart
// (docs/decisions/027-serials-in-the-database.md).

#include "base/random.h"
#include "services/rpki/rtr/snapshot.h"
#include "services/rpki/rtr/store.h"

namespace quipu::rpki::rtr {

class Serials {
  public:
    /// `history`: how many deltas back a router may ask.
    Serials(data::Database& database, std::size_t history, Intervals intervals, Rng rng)
        : database_(database), history_(history), intervals_(intervals), rng_(rng) {}

    /// What the cluster served last; no snapshot if nothing. Blocks.
    [[nodiscard]] Result<Served> load();
    /// `set` is what for_routers() made. Takes the serial that another cache gave the same set, or the next one.
    /// Blocks.
    [[nodiscard]] Result<Served> publish(PayloadSet set, Time now);

  private:
    /// A set with its place in the session.
    struct Position {
        std::uint16_t session = 0;
        std::uint64_t number = 0;
        Sha256 digest{};
        std::shared_ptr<const PayloadSet> set;
        Snapshot::Steps steps;  // that led here, no more than history_
    };
    /// From `known`, or from the stored base, on to a later number.
    [[nodiscard]] Result<Position> follow(const Store& store, const StoredState& state,
                                          const std::optional<Position>& known, std::uint64_t to) const;
    [[nodiscard]] Result<Position> place(Store& store, const std::shared_ptr<const PayloadSet>& set,
                                         const Sha256& digest, ByteSpan pdus, Time now);
    [[nodiscard]] Result<Position> begin(Store& store, const std::shared_ptr<const PayloadSet>& set,
                                         const Sha256& digest, ByteSpan pdus, Time now);
    [[nodiscard]] Result<void> shorten(Store& store, const StoredState& state, const Position& position) const;
    void step(Position& position, std::shared_ptr<const Delta> delta) const;
    [[nodiscard]] Served serve(Position position, Time confirmed);

    data::Database& database_;
    std::size_t history_;
    Intervals intervals_;
    Rng rng_;
    std::optional<Position> own_;
    std::shared_ptr<const Snapshot> served_;
};

}  // namespace quipu::rpki::rtr
