#pragma once
// What the world sees of the registry's members: which of their prefixes are announced, by whom, and whether that is
// valid; where a ROA allows more than is announced (RFC 9319); and what a ROA would change before it is made.

#include <string>
#include <vector>

#include "services/rpki/origin/members.h"
#include "services/rpki/origin/validity.h"

namespace quipu::rpki {

enum class RemedyKind : std::uint8_t {
    none,       ///< the route is not invalid
    authorise,  ///< the origin AS has no ROA here: the prefix's holder makes one, or the route is a hijack
    shorten,    ///< the origin AS has a ROA, for shorter prefixes: one for this length, or announce the shorter prefix
    no_origin,  ///< the AS_PATH ends in an AS_SET: no ROA helps, the route must be announced without it (RFC 9774)
};
constexpr auto describe_enum(RemedyKind) {
    return names<RemedyKind>({{RemedyKind::none, "none"},
                              {RemedyKind::authorise, "authorise"},
                              {RemedyKind::shorten, "shorten"},
                              {RemedyKind::no_origin, "no-origin"}});
}

/// What would make a route valid.
struct Remedy {
    RemedyKind kind = RemedyKind::none;
    std::optional<Vrp> needed;  ///< exactly the route's prefix: no maximal length beyond it (RFC 9319 §5)
};
[[nodiscard]] Remedy remedy_of(const Explanation& explanation);

/// One announced route of a member's.
struct JudgedRoute {
    net::Prefix prefix;
    std::optional<Asn> origin;
    Validity validity = Validity::not_found;
    std::string reason;  ///< of an invalid one: "as" or "length"
    RemedyKind remedy = RemedyKind::none;
    static constexpr auto describe() {
        using T = JudgedRoute;
        return fields(field<&T::prefix>("prefix", "Prefix").required(),
                      field<&T::origin>("origin", "AS that originates it; absent if the path ends in an AS_SET"),
                      field<&T::validity>("validity", "valid, invalid or not-found (RFC 6811)").required(),
                      field<&T::reason>("reason", "Of an invalid one: as or length").required(),
                      field<&T::remedy>("remedy", "What would make an invalid one valid").required());
    }
};

/// A VRP that allows prefixes which its AS does not announce: whoever forges that origin may announce them (RFC 9319
/// §3).
struct LooseVrp {
    net::Prefix prefix;
    Asn as = 0;
    int max_length = 0;
    std::vector<net::Prefix> announced;  ///< under it, by its AS: what a minimal ROA would list; at most 100
    static constexpr auto describe() {
        using T = LooseVrp;
        return fields(
            field<&T::prefix>("prefix", "The ROA's prefix").required(), field<&T::as>("as", "Its AS").required(),
            field<&T::max_length>("max_length", "Its maximal length").required(),
            field<&T::announced>("announced", "What is announced of it: what a minimal ROA would list").required());
    }
};

struct MemberRouting {
    std::string member;
    std::string name;
    std::int64_t prefixes = 0;  ///< in the registry
    std::int64_t silent = 0;    ///< of those, with nothing announced in them
    std::int64_t announced = 0;
    std::int64_t covered = 0;  ///< announced routes that a VRP covers: valid or invalid
    std::int64_t valid = 0;
    std::int64_t invalid = 0;
    std::int64_t not_found = 0;
    std::vector<JudgedRoute> routes;  ///< sorted; invalid ones first
    std::vector<LooseVrp> loose;
    static constexpr auto describe() {
        using T = MemberRouting;
        return fields(
            field<&T::member>("member", "Organisation").required(), field<&T::name>("name", "Its name").required(),
            field<&T::prefixes>("prefixes", "Prefixes that it has in the registry").required(),
            field<&T::silent>("silent", "Of those, with nothing announced in them").required(),
            field<&T::announced>("announced", "Routes in its prefixes or of its AS numbers").required(),
            field<&T::covered>("covered", "Routes that a VRP covers").required(),
            field<&T::valid>("valid", "Valid routes").required(),
            field<&T::invalid>("invalid", "Invalid routes").required(),
            field<&T::not_found>("not_found", "Routes that no VRP covers").required(),
            field<&T::routes>("routes", "Each route").required().at_most_long(1'000'000),
            field<&T::loose>("loose", "VRPs that allow more than is announced").required().at_most_long(100'000));
    }
};

/// Every member's; `routes` sorted, each once, as RouteGatherer gives them.
[[nodiscard]] std::vector<MemberRouting> routing_of(const Members& members, std::span<const Route> routes,
                                                    const ValidityIndex& vrps);

/// Whether a VRP allows longer prefixes that its AS does not announce, and what it does announce there.
[[nodiscard]] std::optional<LooseVrp> loose_vrp(const Vrp& vrp, std::span<const Route> routes);

/// A ROA that may be made or withdrawn: every VRP that would come and go.
struct RoaChange {
    std::vector<Vrp> add;
    std::vector<Vrp> remove;
};
struct StateChange {
    net::Prefix prefix;
    std::optional<Asn> origin;
    Validity before = Validity::not_found;
    Validity after = Validity::not_found;
    static constexpr auto describe() {
        using T = StateChange;
        return fields(field<&T::prefix>("prefix", "Prefix").required(),
                      field<&T::origin>("origin", "AS that originates it"),
                      field<&T::before>("before", "Validity now").required(),
                      field<&T::after>("after", "Validity with the change").required());
    }
};
struct RoaWhatIf {
    std::int64_t touched = 0;  ///< routes inside the changed prefixes
    std::int64_t become_valid = 0;
    std::int64_t become_invalid = 0;
    std::int64_t become_not_found = 0;
    std::vector<StateChange> changes;  ///< those that become invalid first
    std::vector<LooseVrp> loose;       ///< of what would be added
    static constexpr auto describe() {
        using T = RoaWhatIf;
        return fields(field<&T::touched>("touched", "Routes inside the changed prefixes").required(),
                      field<&T::become_valid>("become_valid", "Routes that become valid").required(),
                      field<&T::become_invalid>("become_invalid", "Routes that become invalid").required(),
                      field<&T::become_not_found>("become_not_found", "Routes that no VRP covers any more").required(),
                      field<&T::changes>("changes", "Each route that changes state").required().at_most_long(1'000'000),
                      field<&T::loose>("loose", "What is added and allows more than is announced").required());
    }
};
/// Which announced routes would change state.
[[nodiscard]] RoaWhatIf roa_what_if(std::span<const Route> routes, const ValidityIndex& vrps, const RoaChange& change);

}  // namespace quipu::rpki
