#pragma once
// The serials of a cluster of caches in the database: one session, the set at some serial (the base), and each delta
// since. What is stored are the PDUs that a router of version 2 would get, compressed.

#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "data/database.h"
#include "services/rpki/crypto.h"
#include "services/rpki/rtr/delta.h"

namespace quipu::rpki {

/// Whoever starts an RtrServer applies them with its own.
extern const std::vector<data::Migration> kRtrMigrations;

namespace rtr {

/// The set as version 2 announces it: what its digest is made of, and what is stored of it.
[[nodiscard]] std::vector<std::uint8_t> canonical(const PayloadSet& set);

[[nodiscard]] data::Blob pack(ByteSpan pdus);
/// `corrupt` for what pack did not make, or more than 1 GiB.
[[nodiscard]] Result<std::vector<std::uint8_t>> unpack(ByteSpan packed);
/// Announcements in any order.
[[nodiscard]] Result<PayloadSet> parse_set(ByteSpan pdus);
/// Announcements and withdrawals that follow on `before`.
[[nodiscard]] Result<Delta> parse_delta(ByteSpan pdus, const PayloadSet& before);

struct StoredState {
    std::uint16_t session = 0;
    std::uint64_t number = 0;  ///< the serial before it wraps
    Sha256 digest{};
    Time confirmed{};
    std::uint64_t base = 0;  ///< number of the set that is stored whole
    Sha256 base_digest{};
};
struct StoredDelta {
    std::uint64_t number = 0;  ///< that it leads to
    Sha256 digest{};           ///< of the set there
    data::Blob pdus;           ///< packed
};

/// Within a transaction of the caller's.
class Store {
  public:
    explicit Store(data::Transaction& transaction) : transaction_(transaction) {}

    [[nodiscard]] Result<std::optional<StoredState>> state() const;
    [[nodiscard]] Result<data::Blob> base() const;
    /// With `after` < number <= `to`, in order.
    [[nodiscard]] Result<std::vector<StoredDelta>> deltas(std::uint64_t after, std::uint64_t to) const;
    /// The last number of this digest after `after`.
    [[nodiscard]] Result<std::optional<std::uint64_t>> number_of(const Sha256& digest, std::uint64_t after) const;

    /// Forgets everything and begins with this set.
    [[nodiscard]] Result<void> begin(const StoredState& state, data::Blob base);
    [[nodiscard]] Result<void> confirm(Time time);
    [[nodiscard]] Result<void> append(StoredDelta delta, Time time);
    /// The base goes on to a later number; deltas up to there are forgotten.
    [[nodiscard]] Result<void> move_base(std::uint64_t number, const Sha256& digest, data::Blob base);

  private:
    data::Transaction& transaction_;
};

}  // namespace rtr
}  // namespace quipu::rpki
