#pragma once
// Who measures whom. Every point at a site of the registry measures to every other one; both ends are told the same
// schedule. Nothing is remembered: the mesh follows from the points alone, so that it is the same after a restart.

#include <string>
#include <vector>

#include "services/measure/assignment.h"

namespace quipu::measure {

/// What packets a session has, by name. HADES: 90 packets a minute (Deutsches Forschungsnetz's measurement boxes, which
/// the perfSONAR MDM deployments used).
struct Profile {
    Spacing spacing = Spacing::poisson;
    std::uint32_t per_minute = 90;
    std::uint32_t padding = 27;  ///< 41 octets of UDP payload, as HADES sends
    bool operator==(const Profile&) const = default;
};

/// A measurement point that may take part.
struct MeshPoint {
    std::string site;
    std::vector<net::IpAddress> addresses;
    std::uint16_t port = kTestPort;
    bool operator==(const MeshPoint&) const = default;
};

/// Sorted by site, each site once, those without an address left out.
[[nodiscard]] std::vector<MeshPoint> mesh_of(std::vector<MeshPoint> points);

[[nodiscard]] std::vector<std::string> sites_of(const std::vector<MeshPoint>& mesh);

/// The work of one of the points; empty if it is not among them. Two points meet over the first address family that
/// both have, IPv4 first.
[[nodiscard]] Assignment assignment_for(const std::vector<MeshPoint>& mesh, std::string_view site,
                                        const Profile& profile);

/// The seed of the schedule from one site to another: 63 bits that both ends and every hub compute alike.
[[nodiscard]] std::int64_t seed_of(std::string_view from, std::string_view to);

}  // namespace quipu::measure
