#pragma once
// What to fetch next, decided from what is known: no socket, no clock.

#include "base/random.h"
#include "base/units.h"
#include "services/rpki/transport/codec_rrdp.h"
#include "services/rpki/transport/repository_status.h"
#include "services/rpki/transport/store.h"

namespace quipu::rpki {

/// Settings of the transport, each a bound on what others can make us do.
struct TransportSettings {
    std::int64_t concurrency = 8;                                  ///< hosts at a time
    Nanoseconds stall_time = std::chrono::seconds(30);             ///< for a connection, and without an octet
    Nanoseconds file_time = std::chrono::minutes(10);              ///< for one file
    Nanoseconds repository_time = std::chrono::minutes(20);        ///< for one repository, both ways
    std::int64_t max_notification_octets = std::int64_t{8} << 20;  ///< as XML
    std::int64_t max_snapshot_octets = std::int64_t{4} << 30;      ///< as XML
    std::int64_t max_delta_octets = std::int64_t{512} << 20;       ///< as XML
    std::int64_t max_object_octets = std::int64_t{8} << 20;
    std::int64_t max_objects = 2'000'000;  ///< of one repository
    std::int64_t max_inflation = 100;      ///< octets of XML for one of gzip
    std::int64_t max_deltas = 100;         ///< in a chain; beyond, the snapshot
    bool dubious_hosts = false;  ///< let certificates send us to addresses, ports and names of our own network
    bool rrdp = true;
    bool rsync = true;
    Nanoseconds fallback_delay = std::chrono::hours(1);    ///< RRDP fails for so long before rsync takes over
    Nanoseconds back_off_first = std::chrono::minutes(1);  ///< after one failure of a host
    Nanoseconds back_off_most = std::chrono::hours(1);
    Nanoseconds rsync_time = std::chrono::minutes(10);  ///< of one run of rsync
    std::string rsync_program = "rsync";
};

/// RFC 8182 §3.4, RFC 9697.
struct RrdpPlan {
    enum class Step : std::uint8_t { nothing, deltas, snapshot };
    Step step = Step::nothing;
    std::vector<RrdpDelta> deltas;  ///< in the order to apply them
    std::string why;                ///< of a snapshot
};
[[nodiscard]] RrdpPlan plan_update(const Notification& notification, const std::optional<RrdpState>& state,
                                   const TransportSettings& settings);

/// After so many failures in a row: doubled each time, less up to half by chance so that not all come at once.
[[nodiscard]] Nanoseconds back_off(std::int64_t failures, const TransportSettings& settings, Rng& rng);

/// RRDP failed just now: may rsync take over? At once where RRDP never worked, else after the delay.
[[nodiscard]] bool falls_back(const RepositoryStatus& status, Time now, const TransportSettings& settings);

}  // namespace quipu::rpki
