#include "lab/commodity.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::lab {

namespace {

net::IpAddress commodity_address4(unsigned host) {
    return net::IpAddress::v4(10U << 24U | 251U << 16U | host);
}

constexpr unsigned kTrunkHost = 0xff00;

/// A place to measure delays from: where much of the region's commodity traffic is exchanged.
registry::Site exchange(std::string name, double latitude, double longitude) {
    registry::Site site;
    site.name = std::move(name);
    site.latitude = latitude;
    site.longitude = longitude;
    return site;
}

}  // namespace

CommodityPlan make_commodity_plan(const Network& network, const Plan& plan) {
    const std::array exchanges{exchange("Miami", 25.78, -80.19), exchange("São Paulo", -23.55, -46.63)};
    const registry::Link unknown;  // of which only the ends are known
    CommodityPlan commodity;
    for (std::size_t i = 0; i < exchanges.size(); ++i) {
        CommodityRouter& router = commodity.routers[i];
        router.name = exchanges[i].name;
        router.netns = fmt::format("quipu-{}.commodity{}", plan.instance, i);
        router.trunk4 = commodity_address4(kTrunkHost + static_cast<unsigned>(i));
        router.trunk6 = lab_address6(0xfb00, kTrunkHost + i);
    }
    commodity.trunk.delay = delay_of(unknown, exchanges[0], exchanges[1]);
    for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
        const auto n = static_cast<unsigned>(i);
        CommodityAccess access;
        access.id = "commodity-" + plan.nodes[i].site;
        access.node = i;
        const std::array delays{delay_of(unknown, exchanges[0], network.sites[i]),
                                delay_of(unknown, exchanges[1], network.sites[i])};
        access.router = delays[0] <= delays[1] ? 0 : 1;
        access.impairment.delay = delays[access.router];
        access.interface = fmt::format("access{}", n);
        access.end_router = fmt::format("comm{}r", n);
        access.end_point = fmt::format("comm{}p", n);
        access.router4 = commodity_address4(2 * n);
        access.point4 = commodity_address4(2 * n + 1);
        access.router6 = lab_address6(0xfb00, 2 * i);
        access.point6 = lab_address6(0xfb00, 2 * i + 1);
        commodity.accesses.push_back(std::move(access));
    }
    return commodity;
}

std::string commodity_links(const CommodityPlan& commodity, const Plan& plan) {
    std::string out;
    const auto pair = [&](std::string_view held, std::string_view interface, std::string_view netns) {
        out += fmt::format("link add {} netns {} type veth peer name {} netns {}\n", held, plan.wires_netns, interface,
                           netns);
    };
    for (const CommodityAccess& access : commodity.accesses) {
        pair(access.end_router, access.interface, commodity.routers[access.router].netns);
        pair(access.end_point, kCommodity, plan.nodes[access.node].netns);
    }
    for (std::size_t i = 0; i < 2; ++i)
        pair(kTrunkEnds[i], kTrunk, commodity.routers[i].netns);
    return out;
}

std::string commodity_router_setup(const CommodityPlan& commodity, const Plan& plan, std::size_t router) {
    const auto addresses = [](std::string_view interface, const net::IpAddress& v4, const net::IpAddress& v6) {
        return fmt::format("address add {1}/31 dev {0}\naddress add {2}/127 dev {0} nodad\nlink set {0} up\n",
                           interface, v4.text(), v6.text());
    };
    std::string out =
        "link set lo up\n" + addresses(kTrunk, commodity.routers[router].trunk4, commodity.routers[router].trunk6);
    for (const CommodityAccess& access : commodity.accesses)
        if (access.router == router) out += addresses(access.interface, access.router4, access.router6);
    for (const CommodityAccess& access : commodity.accesses) {
        const Node& node = plan.nodes[access.node];
        const bool here = access.router == router;
        const CommodityRouter& other = commodity.routers[1 - router];
        const net::IpAddress& next4 = here ? access.point4 : other.trunk4;
        const net::IpAddress& next6 = here ? access.point6 : other.trunk6;
        out += fmt::format("route add {}/32 via {}\nroute add {}/128 via {}\n", node.loopback4.text(), next4.text(),
                           node.loopback6.text(), next6.text());
        if (here) continue;
        out += fmt::format("route add {}/31 via {}\nroute add {}/127 via {}\n", access.router4.text(), next4.text(),
                           access.router6.text(), next6.text());
    }
    return out;
}

std::string commodity_point_setup(const CommodityAccess& access) {
    return fmt::format(
        "address add {1}/31 dev {0}\naddress add {2}/127 dev {0} nodad\nlink set {0} up\n"
        "route add 10.251.0.0/16 via {3}\nroute add {4}/64 via {5}\n"
        "route add default via {3} table {6}\nroute add default via {5} table {6}\n"
        "rule add from {1} lookup {6}\n",
        kCommodity, access.point4.text(), access.point6.text(), access.router4.text(), lab_address6(0xfb00, 0).text(),
        access.router6.text(), kCommodityTable);
}

std::string commodity_point_rule6(const CommodityAccess& access) {
    return fmt::format("rule add from {} lookup {}\n", access.point6.text(), kCommodityTable);
}

std::vector<EmulatedLink> commodity_wires(const CommodityPlan& commodity) {
    std::vector<EmulatedLink> out;
    for (const CommodityAccess& access : commodity.accesses)
        out.push_back({access.end_router, access.end_point, access.impairment, access.impairment});
    out.push_back({std::string(kTrunkEnds[0]), std::string(kTrunkEnds[1]), commodity.trunk, commodity.trunk});
    return out;
}

std::optional<std::size_t> find_commodity_wire(const CommodityPlan& commodity, std::string_view id) {
    if (id == kTrunkId) return commodity.accesses.size();
    const auto found = std::ranges::find(commodity.accesses, id, &CommodityAccess::id);
    if (found == commodity.accesses.end()) return std::nullopt;
    return static_cast<std::size_t>(found - commodity.accesses.begin());
}

}  // namespace quipu::lab
