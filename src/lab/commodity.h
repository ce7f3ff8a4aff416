#pragma once
// The other way: a commodity provider that every point of presence is a customer of, beside the network's own links.
// What leaves a point from its address of the provider takes the provider's way, what comes back to that address does
// so too, so the same two points can be compared over both.
//
//     accesses   10.251.0.0/16 in /31, fd51:7569:7075:fb00::/64 in /127: the point's end is its second source address
//     routers    two exchange points, joined by one trunk; a point is a customer of the nearer (only inside the
//     namespaces)

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lab/emulator.h"
#include "lab/topology.h"

namespace quipu::lab {

inline constexpr std::string_view kCommodity = "commodity";  ///< the interface at a point
inline constexpr std::string_view kTrunk = "trunk";  ///< the interface at a router; the link is "commodity-trunk"
inline constexpr unsigned kCommodityTable = 251;     ///< of the routes from the second address

struct CommodityRouter {
    std::string name;  ///< the town
    std::string netns;
    net::IpAddress trunk4, trunk6;
};

/// A point's access: one link of the emulator, from the router (a) to the point (b).
struct CommodityAccess {
    std::string id;  ///< commodity-SITE
    std::size_t node = 0;
    std::size_t router = 0;
    std::string interface;  ///< at the router
    std::string end_router, end_point;
    net::IpAddress router4, point4, router6, point6;
    Impairment impairment;
};

struct CommodityPlan {
    std::array<CommodityRouter, 2> routers;
    std::vector<CommodityAccess> accesses;
    Impairment trunk;
};
inline constexpr std::string_view kTrunkId = "commodity-trunk";
inline constexpr std::string_view kTrunkEnds[2] = {"trunk0", "trunk1"};

[[nodiscard]] CommodityPlan make_commodity_plan(const Network& network, const Plan& plan);

/// Lines of ip(8): the links' interfaces (in this process's namespace), and what is to be set in a router's and a
/// point's.
[[nodiscard]] std::string commodity_links(const CommodityPlan& commodity, const Plan& plan);
[[nodiscard]] std::string commodity_router_setup(const CommodityPlan& commodity, const Plan& plan, std::size_t router);
[[nodiscard]] std::string commodity_point_setup(const CommodityAccess& access);
[[nodiscard]] std::string commodity_point_rule6(const CommodityAccess& access);  ///< with ip's -6
/// In the order of accesses, then the trunk.
[[nodiscard]] std::vector<EmulatedLink> commodity_wires(const CommodityPlan& commodity);
/// Position among commodity_wires, or nothing.
[[nodiscard]] std::optional<std::size_t> find_commodity_wire(const CommodityPlan& commodity, std::string_view id);

}  // namespace quipu::lab
