#include "services/measure/engine_mesh.h"

#include <algorithm>
#include <optional>

namespace quipu::measure {
namespace {

std::optional<net::IpAddress> address_of(const MeshPoint& point, bool v6) {
    const auto at = std::ranges::find(point.addresses, v6, &net::IpAddress::is_v6);
    return at == point.addresses.end() ? std::nullopt : std::optional(*at);
}

}  // namespace

std::vector<MeshPoint> mesh_of(std::vector<MeshPoint> points) {
    std::erase_if(points, [](const MeshPoint& point) { return point.addresses.empty(); });
    std::ranges::sort(points, {}, &MeshPoint::site);
    const auto repeated = std::ranges::unique(points, {}, &MeshPoint::site);
    points.erase(repeated.begin(), repeated.end());
    return points;
}

std::vector<std::string> sites_of(const std::vector<MeshPoint>& mesh) {
    std::vector<std::string> out;
    for (const MeshPoint& point : mesh)
        out.push_back(point.site);
    return out;
}

Assignment assignment_for(const std::vector<MeshPoint>& mesh, std::string_view site, const Profile& profile) {
    Assignment out;
    const auto self = std::ranges::find(mesh, site, &MeshPoint::site);
    if (self == mesh.end()) return out;
    for (const MeshPoint& other : mesh) {
        if (other.site == site) continue;
        for (const bool v6 : {false, true}) {
            const auto theirs = address_of(other, v6);
            if (!theirs || !address_of(*self, v6)) continue;
            AssignedSession session{.site = other.site,
                                    .address = {*theirs, other.port},
                                    .seed = seed_of(site, other.site),
                                    .spacing = profile.spacing,
                                    .per_minute = profile.per_minute,
                                    .padding = profile.padding};
            out.send.push_back(session);
            session.seed = seed_of(other.site, site);
            out.receive.push_back(std::move(session));
            break;
        }
    }
    return out;
}

std::int64_t seed_of(std::string_view from, std::string_view to) {
    // FNV-1a, 64 bits.
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    const auto take = [&](std::string_view text) {
        for (const char c : text)
            hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
    };
    take(from);
    take("/");
    take(to);
    return static_cast<std::int64_t>(hash >> 1U);
}

}  // namespace quipu::measure
