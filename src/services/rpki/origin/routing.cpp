#include "services/rpki/origin/routing.h"

#include <algorithm>
#include <array>
#include <map>

namespace quipu::rpki {
namespace {

/// Of sorted routes those inside a prefix: they stand together.
std::span<const Route> routes_inside(std::span<const Route> routes, const net::Prefix& prefix) {
    const auto from = std::ranges::lower_bound(routes, prefix, {}, &Route::prefix);
    const auto until =
        std::partition_point(from, routes.end(), [&](const Route& r) { return prefix.contains(r.prefix); });
    return {from, until};
}

JudgedRoute judged(const Route& route, Validity validity, const ValidityIndex& vrps) {
    JudgedRoute out{.prefix = route.prefix, .origin = route.origin, .validity = validity, .reason = {}};
    if (validity == Validity::invalid) {
        const Explanation explanation = vrps.explain(route);
        out.reason = explanation.reason();
        out.remedy = remedy_of(explanation).kind;
    }
    return out;
}

/// Invalid first, then what no VRP covers, then by prefix.
auto urgency(const JudgedRoute& route) {
    const int rank = route.validity == Validity::invalid ? 0 : route.validity == Validity::not_found ? 1 : 2;
    return std::tuple(rank, route.prefix, route.origin);
}

void count(MemberRouting& of, Validity validity) {
    ++of.announced;
    switch (validity) {
        case Validity::valid: ++of.valid; break;
        case Validity::invalid: ++of.invalid; break;
        case Validity::not_found: ++of.not_found; return;
    }
    ++of.covered;
}

/// Judges by a list of covering VRPs.
Validity judge_by(const Route& route, std::span<const Vrp> covering) {
    if (covering.empty()) return Validity::not_found;
    const bool matched = std::ranges::any_of(covering, [&](const Vrp& vrp) {
        return vrp.as != 0 && vrp.as == route.origin && route.prefix.length() <= vrp.max_length;
    });
    return matched ? Validity::valid : Validity::invalid;
}

}  // namespace

Remedy remedy_of(const Explanation& explanation) {
    if (explanation.validity != Validity::invalid) return {};
    const Route& route = explanation.route;
    if (!route.origin || *route.origin == 0) return {.kind = RemedyKind::no_origin, .needed = {}};
    const bool has_shorter =
        std::ranges::any_of(explanation.unmatched_length, [&](const Vrp& vrp) { return vrp.as == *route.origin; });
    return {.kind = has_shorter ? RemedyKind::shorten : RemedyKind::authorise,
            .needed = vrp_of(route.prefix, *route.origin, route.prefix.length())};
}

std::optional<LooseVrp> loose_vrp(const Vrp& vrp, std::span<const Route> routes) {
    constexpr std::size_t kListed = 100;
    if (vrp.as == 0 || vrp.max_length <= vrp.length) return std::nullopt;
    LooseVrp out{.prefix = vrp.prefix(), .as = vrp.as, .max_length = vrp.max_length, .announced = {}};
    std::array<std::uint64_t, 129> of_length{};
    for (const Route& route : routes_inside(routes, out.prefix)) {
        if (route.origin != vrp.as || route.prefix.length() > vrp.max_length) continue;
        ++of_length[static_cast<std::size_t>(route.prefix.length())];
        if (out.announced.size() < kListed) out.announced.push_back(route.prefix);
    }
    for (unsigned length = vrp.length + 1U; length <= vrp.max_length; ++length) {
        const unsigned bits = length - vrp.length;
        if (bits >= 63 || of_length[length] < std::uint64_t{1} << bits) return out;
    }
    return std::nullopt;
}

std::vector<MemberRouting> routing_of(const Members& members, std::span<const Route> routes,
                                      const ValidityIndex& vrps) {
    std::vector<Validity> validity(routes.size());
    vrps.validity(routes, validity);
    std::map<std::string_view, MemberRouting> by_member;
    for (const Members::Member& member : members.all()) {
        MemberRouting& of = by_member[member.id];
        of.member = member.id;
        of.name = member.name;
        of.prefixes = static_cast<std::int64_t>(member.prefixes.size());
        for (const net::Prefix& prefix : member.prefixes) {
            if (routes_inside(routes, prefix).empty()) ++of.silent;
            for (const Vrp& vrp : vrps.below(prefix))
                if (members.holder_of(vrp.prefix()) == &member)
                    if (auto loose = loose_vrp(vrp, routes)) of.loose.push_back(std::move(*loose));
        }
    }
    for (std::size_t i = 0; i < routes.size(); ++i)
        members.for_each_concerned(routes[i].prefix, routes[i].origin, [&](const Members::Member& member) {
            MemberRouting& of = by_member[member.id];
            count(of, validity[i]);
            of.routes.push_back(judged(routes[i], validity[i], vrps));
        });
    std::vector<MemberRouting> out;
    for (auto& [id, of] : by_member) {
        std::ranges::sort(of.routes, {}, urgency);
        // Prefixes of one member may nest: their VRPs are found once for each.
        const auto key = [](const LooseVrp& vrp) { return std::tuple(vrp.prefix, vrp.as, vrp.max_length); };
        std::ranges::sort(of.loose, {}, key);
        const auto repeated = std::ranges::unique(of.loose, {}, key);
        of.loose.erase(repeated.begin(), repeated.end());
        out.push_back(std::move(of));
    }
    return out;
}

RoaWhatIf roa_what_if(std::span<const Route> routes, const ValidityIndex& vrps, const RoaChange& change) {
    RoaWhatIf out;
    // Nested prefixes of the change name a route twice: each is looked at once.
    std::vector<net::Prefix> prefixes;
    for (const auto* list : {&change.add, &change.remove})
        for (const Vrp& vrp : *list)
            prefixes.push_back(vrp.prefix());
    std::ranges::sort(prefixes);
    std::vector<net::Prefix> outermost;
    for (const net::Prefix& prefix : prefixes)
        if (outermost.empty() || !outermost.back().contains(prefix)) outermost.push_back(prefix);

    for (const net::Prefix& prefix : outermost)
        for (const Route& route : routes_inside(routes, prefix)) {
            std::vector<Vrp> covering = vrps.covering(route.prefix);
            const Validity before = judge_by(route, covering);
            std::erase_if(covering,
                          [&](const Vrp& vrp) { return std::ranges::find(change.remove, vrp) != change.remove.end(); });
            for (const Vrp& vrp : change.add)
                if (vrp.prefix().contains(route.prefix)) covering.push_back(vrp);
            const Validity after = judge_by(route, covering);
            ++out.touched;
            if (before == after) continue;
            switch (after) {
                case Validity::valid: ++out.become_valid; break;
                case Validity::invalid: ++out.become_invalid; break;
                case Validity::not_found: ++out.become_not_found; break;
            }
            out.changes.push_back({.prefix = route.prefix, .origin = route.origin, .before = before, .after = after});
        }
    std::ranges::sort(out.changes, {}, [](const StateChange& one) {
        return std::tuple(one.after != Validity::invalid, one.prefix, one.origin);
    });
    for (const Vrp& vrp : change.add)
        if (auto loose = loose_vrp(vrp, routes)) out.loose.push_back(std::move(*loose));
    return out;
}

}  // namespace quipu::rpki
