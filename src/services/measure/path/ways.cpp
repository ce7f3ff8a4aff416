#include "services/measure/path/ways.h"

#include <algorithm>

namespace quipu::path {
namespace {

bool same_hop(const Hop& a, const Hop& b) {
    return a.silent() || b.silent() || std::ranges::any_of(a.addresses, [&](const net::IpAddress& address) {
               return std::ranges::find(b.addresses, address) != b.addresses.end();
           });
}

}  // namespace

bool fits(const PathRecord& known, const PathRecord& seen) {
    const std::size_t a = known.hops.size(), b = seen.hops.size();
    if (known.reached && (seen.reached ? a != b : b > a)) return false;
    // What never arrived is no proof that the whole way is the same: a whole one is told anew.
    if (!known.reached && seen.reached) return false;
    for (std::size_t i = 0; i < std::min(a, b); ++i)
        if (!same_hop(known.hops[i], seen.hops[i])) return false;
    return true;
}

bool learn(PathRecord& known, const PathRecord& seen) {
    bool any = false;
    for (std::size_t i = 0; i < std::min(known.hops.size(), seen.hops.size()); ++i) {
        if (!known.hops[i].silent() || seen.hops[i].silent()) continue;
        known.hops[i] = seen.hops[i];
        any = true;
    }
    return any;
}

bool tells(const PathRecord& seen) {
    return std::ranges::any_of(seen.hops, [](const Hop& hop) { return !hop.silent(); });
}

std::vector<std::string> addresses_of(const std::vector<Hop>& hops) {
    std::vector<std::string> out;
    out.reserve(hops.size());
    for (const Hop& hop : hops)
        out.push_back(hop.silent() ? "*" : std::ranges::min(hop.addresses).text());
    return out;
}

}  // namespace quipu::path
