#pragma once
// The state of the validation for Prometheus, under the names and labels of Routinator's /metrics, so that its users'
// dashboards go on working. Pure functions: what is counted where is the caller's.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "services/rpki/payloads.h"

namespace quipu::rpki {

/// What became of payloads of one kind.
struct PayloadCount {
    std::uint64_t valid = 0;        ///< with repeats
    std::uint64_t filtered = 0;     ///< by local exceptions, or held back by the guard
    std::uint64_t duplicate = 0;    ///< repeated, here or earlier in the order of the trust anchors
    std::uint64_t contributed = 0;  ///< of what routers get
    PayloadCount& operator+=(const PayloadCount& other);
};

/// What one trust anchor's tree or one repository holds.
struct PublicationMetrics {
    std::string name;  ///< of the trust anchor; the repository's notification file or rsync module
    std::uint64_t points_valid = 0;
    std::uint64_t points_rejected = 0;
    std::uint64_t manifests_valid = 0, manifests_invalid = 0, manifests_premature = 0, manifests_stale = 0,
                  manifests_missing = 0;
    std::uint64_t crls_valid = 0, crls_invalid = 0, crls_stale = 0, crls_stray = 0;
    std::uint64_t authorities_valid = 0, router_certificates_valid = 0, certificates_invalid = 0;
    std::uint64_t roas_valid = 0, roas_invalid = 0;
    std::uint64_t ghostbusters_valid = 0, ghostbusters_invalid = 0;
    std::uint64_t aspas_valid = 0, aspas_invalid = 0;
    std::uint64_t others_invalid = 0;
    PayloadCount vrps_v4, vrps_v6, router_keys, aspas;

    [[nodiscard]] PayloadCount vrps() const { return PayloadCount(vrps_v4) += vrps_v6; }
    [[nodiscard]] std::uint64_t stale() const { return manifests_stale + crls_stale; }
};

/// A run's result, counted.
struct PublicationCounts {
    std::vector<PublicationMetrics> anchors;       ///< in their order
    std::vector<PublicationMetrics> repositories;  ///< by address
    PublicationMetrics all;                        ///< with what local exceptions added
    PublicationMetrics local;                      ///< what they added
};

/// One repository's last update.
struct RepositoryMetrics {
    std::string uri;
    bool rrdp = false;
    int status = 0;          ///< HTTP status of RRDP, exit code of rsync; -1: it was not reached
    int payload_status = 0;  ///< RRDP: 0 if neither deltas nor a snapshot were needed
    std::optional<Nanoseconds> duration;
    std::optional<std::uint64_t> serial;  ///< RRDP
    std::string session;                  ///< RRDP
    std::string snapshot_reason;          ///< RRDP; empty if deltas were enough
};

struct RpkiMetrics {
    std::string version;  ///< the program's: "quipu/0.2.0"
    Time now{};
    Time update_began{};
    std::optional<Time> update_ended;
    std::optional<Nanoseconds> update_took;
    std::uint32_t serial = 0;  ///< RTR
    std::shared_ptr<const PublicationCounts> counts;
    std::vector<RepositoryMetrics> repositories;
    std::uint64_t rtr_connections = 0, rtr_octets_read = 0, rtr_octets_written = 0;
    std::uint64_t http_connections = 0, http_open = 0, http_requests = 0, http_octets_read = 0, http_octets_written = 0;
};

/// Counts a run's result, `served` being what came of it behind guard and local exceptions.
[[nodiscard]] PublicationCounts count_publications(const Outcomes& found, const AnchoredPayloads& served);
/// Prometheus' text format 0.0.4.
[[nodiscard]] std::string metrics_text(const RpkiMetrics& metrics);
/// Routinator's /status, for people, and /api/v1/status, for programs.
[[nodiscard]] std::string status_text(const RpkiMetrics& metrics);
[[nodiscard]] std::string status_json(const RpkiMetrics& metrics);

/// "12.345" of 12.3456 s.
[[nodiscard]] std::string milliseconds_text(Nanoseconds duration);

}  // namespace quipu::rpki
