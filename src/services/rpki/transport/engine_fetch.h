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
    bool rrdp = true;
    bool rsync = true;
    std::string rsync_program = "rsync";
    bool dubious_hosts = false;
    std::int64_t concurrency = 8;
    Nanoseconds stall_time = std::chrono::seconds(30);
    Nanoseconds file_time = std::chrono::minutes(10);
    Nanoseconds rsync_time = std::chrono::minutes(10);
    Nanoseconds repository_time = std::chrono::minutes(20);
    Nanoseconds fallback_delay = std::chrono::hours(1);
    Nanoseconds back_off_first = std::chrono::minutes(1);
    Nanoseconds back_off_most = std::chrono::hours(1);
    ByteCount max_notification_size{std::int64_t{8} << 20};
    ByteCount max_snapshot_size{std::int64_t{4} << 30};
    ByteCount max_delta_size{std::int64_t{512} << 20};
    ByteCount max_object_size{std::int64_t{8} << 20};  ///< the validation's limit, not described twice
    std::int64_t max_objects = 2'000'000;
    std::int64_t max_inflation = 100;
    std::int64_t max_deltas = 100;
    static constexpr auto describe() {
        using T = TransportSettings;
        return fields(
            field<&T::rrdp>("rrdp", "Fetch by RRDP where a repository offers it"),
            field<&T::rsync>("rsync", "Fetch by rsync what has no RRDP or whose RRDP fails"),
            field<&T::rsync_program>("rsync_program", "The rsync program"),
            field<&T::dubious_hosts>("dubious_hosts",
                                     "Let certificates name localhost, bare addresses and ports, as in a lab"),
            field<&T::concurrency>("concurrency", "Hosts to fetch from at a time").between(1, 256),
            field<&T::stall_time>("stall_time", "For a connection, and without an octet, 1s to 1h"),
            field<&T::file_time>("file_time", "For one file, 1s to 24h"),
            field<&T::rsync_time>("rsync_time", "For one run of rsync, 1s to 24h"),
            field<&T::repository_time>("repository_time", "For one repository, both ways, 1s to 24h"),
            field<&T::fallback_delay>("fallback_delay",
                                      "RRDP that worked before fails for so long until rsync stands in, 0s to 7d"),
            field<&T::back_off_first>("back_off_first", "A host is left alone after one failure, 1s to 24h"),
            field<&T::back_off_most>("back_off_most", "And at most after many, 1s to 24h"),
            field<&T::max_notification_size>("max_notification_size", "Octets of a notification file, unpacked")
                .between(1 << 10, 1 << 30),
            field<&T::max_snapshot_size>("max_snapshot_size", "Octets of a snapshot, unpacked, and of one run of rsync")
                .between(1 << 10, 1e12),
            field<&T::max_delta_size>("max_delta_size", "Octets of a delta, unpacked").between(1 << 10, 1e12),
            field<&T::max_objects>("max_objects", "Objects of one repository").between(1, 1e8),
            field<&T::max_inflation>("max_inflation", "Octets out of gzip for one in, beyond the first MiB")
                .between(2, 1100),
            field<&T::max_deltas>("max_deltas", "Deltas to catch up with; the snapshot if there are more")
                .between(0, 100'000));
    }
    /// The durations within their bounds.
    [[nodiscard]] Result<void> check() const;
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
