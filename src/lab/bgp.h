#pragma once
// BGP in the lab, where it is asked for: at each point of presence a member's router announces the member's prefixes
// with its AS number to the point's router, and the points share what they took by internal BGP between their
// loopbacks. Any member's router can be made to announce a prefix that is another's.
//
//     access             10.252.0.0/16 in /31, fd51:7569:7075:fc00::/64 in /127          (only inside the namespaces)
//     members' routers   one process in a namespace of its own, with a table and sessions for each member

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lab/controls.h"
#include "lab/topology.h"

namespace quipu::lab {

/// A member's router at a point of presence. Positions are those of Plan::nodes.
struct Access {
    std::string site;
    std::string member;  ///< its organisation; empty where nobody announces of his own
    std::uint32_t as = 0;
    std::vector<net::Prefix> prefixes;
    std::string end;  ///< its interface in the members' namespace; in the point's it is kAccess
    net::IpAddress point4, member4, point6, member6;
};

struct BgpPlan {
    std::uint32_t as = 0;  ///< the network's own
    std::string netns;     ///< where the members' routers stand
    std::vector<Access> accesses;
};
/// A site whose organisation has an AS number of its own gets that and, at the organisation's first site, its prefixes;
/// another one a private AS number and none.
[[nodiscard]] BgpPlan make_bgp_plan(const Network& network, const Plan& plan);

/// A prefix announced where it does not belong.
struct Hijack {
    net::Prefix prefix;
    std::string site;
    auto operator<=>(const Hijack&) const = default;
};
/// The site of the member who announces the prefix or one around it; nullptr if nobody does.
[[nodiscard]] const Access* holder_of(const BgpPlan& bgp, const net::Prefix& prefix);
/// `invalid` where the site's own member holds the prefix or no member does, `not_found` for an unknown site.
[[nodiscard]] Result<void> check_hijack(const BgpPlan& bgp, const Hijack& hijack);
inline constexpr std::size_t kMostHijacks = 64;  ///< each is asked for at every router
/// What is announced after the change; `not_found` to stop what is not announced, `too_large` beyond kMostHijacks. A
/// repetition changes nothing.
[[nodiscard]] Result<std::vector<Hijack>> changed(const BgpPlan& bgp, std::vector<Hijack> hijacks,
                                                  const HijackChange& change);

/// The part of a point's router. It filters what members announce by the filters validated4 and validated6, which stand
/// before it in the configuration (`validated`) or take everything.
[[nodiscard]] std::string bgp_configuration(const Plan& plan, const BgpPlan& bgp, std::size_t node, bool validated);
[[nodiscard]] std::string members_configuration(const BgpPlan& bgp, const std::vector<Hijack>& hijacks);

}  // namespace quipu::lab
