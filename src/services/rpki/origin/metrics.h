#pragma once
// The state of the validation for Prometheus, under the names and labels of Routinator's /metrics, so that its users'
// dashboards go on working. Pure functions: what is counted where is the caller's.

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "services/rpki/origin/slurm.h"

namespace quipu::rpki {

/// What one trust anchor's tree holds.
struct AnchorMetrics {
    std::string name;
    std::uint64_t points_valid = 0;
    std::uint64_t points_rejected = 0;
    std::uint64_t manifests_valid = 0, manifests_invalid = 0, manifests_premature = 0, manifests_stale = 0,
                  manifests_missing = 0;
    std::uint64_t crls_valid = 0, crls_invalid = 0, crls_stale = 0;
    std::uint64_t authorities_valid = 0, router_certificates_valid = 0, certificates_invalid = 0;
    std::uint64_t roas_valid = 0, roas_invalid = 0;
    std::uint64_t ghostbusters_valid = 0, ghostbusters_invalid = 0;
    std::uint64_t aspas_valid = 0, aspas_invalid = 0;
    std::uint64_t others_invalid = 0;
    std::uint64_t vrps_valid = 0;        ///< with repeats
    std::uint64_t vrps_filtered = 0;     ///< by local exceptions
    std::uint64_t vrps_duplicate = 0;    ///< repeated, here or under an earlier trust anchor
    std::uint64_t vrps_contributed = 0;  ///< of what routers get
};

/// One repository's last update.
struct RepositoryMetrics {
    std::string uri;
    bool rrdp = false;
    int status = 0;  ///< HTTP status of RRDP, exit code of rsync
    std::optional<Nanoseconds> duration;
    std::optional<std::uint64_t> serial;  ///< RRDP
};

struct RpkiMetrics {
    Time now{};
    Time update_began{};
    std::optional<Time> update_ended;
    std::optional<Nanoseconds> update_took;
    std::uint32_t serial = 0;  ///< RTR
    std::vector<AnchorMetrics> anchors;
    std::uint64_t vrps_final = 0;
    std::uint64_t vrps_added_locally = 0;
    std::vector<RepositoryMetrics> repositories;
    std::uint64_t rtr_connections = 0, rtr_octets_read = 0, rtr_octets_written = 0;
};

/// Counts a run's result, `served` being what came of it behind guard and local exceptions.
[[nodiscard]] std::vector<AnchorMetrics> anchor_metrics_of(const Validator& validator,
                                                           std::span<const TrustAnchorLocator> locators,
                                                           const AnchoredPayloads& served);
/// Prometheus' text format 0.0.4.
[[nodiscard]] std::string metrics_text(const RpkiMetrics& metrics);

}  // namespace quipu::rpki
