#include "lab/topology.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <numeric>
#include <set>

#include "base/number.h"
#include "registry/light.h"

namespace quipu::lab {

namespace {

using registry::Link;
using registry::Site;

constexpr std::size_t kInterfaceLength = 15;  // IFNAMSIZ without its final zero

// A link's id if it can be an interface's name, else its beginning and its number.
std::string interface_name(std::string_view id, std::size_t number) {
    static const std::set<std::string_view> kTaken{"lo", "all", "default", kManagement, kAccess};
    if (id.size() <= kInterfaceLength && !kTaken.contains(id)) return std::string(id);
    const std::string end = fmt::format("-{}", number);
    return fmt::format("{}{}", id.substr(0, kInterfaceLength - end.size()), end);
}

net::IpAddress v4(unsigned a, unsigned b, unsigned c, unsigned d) {
    return net::IpAddress::v4(a << 24U | b << 16U | c << 8U | d);
}

}  // namespace

net::IpAddress lab_address6(unsigned subnet, std::size_t host) {
    std::array<std::uint8_t, 16> octets{0xfd, 0x51, 0x75, 0x69, 0x70, 0x75};
    octets[6] = static_cast<std::uint8_t>(subnet >> 8U);
    octets[7] = static_cast<std::uint8_t>(subnet);
    octets[14] = static_cast<std::uint8_t>(host >> 8U);
    octets[15] = static_cast<std::uint8_t>(host);
    return net::IpAddress::v6(octets);
}

const Node* Plan::find_node(std::string_view site) const {
    const auto found = std::ranges::find(nodes, site, &Node::site);
    return found == nodes.end() ? nullptr : &*found;
}

std::optional<std::size_t> Plan::find_wire(std::string_view id) const {
    const auto found = std::ranges::find(wires, id, &Wire::id);
    if (found == wires.end()) return std::nullopt;
    return static_cast<std::size_t>(found - wires.begin());
}

std::size_t Plan::connected_pairs(const std::vector<bool>& up) const {
    std::vector<std::size_t> parent(nodes.size());
    std::iota(parent.begin(), parent.end(), std::size_t{0});
    const auto root = [&](std::size_t node) {
        while (parent[node] != node)
            node = parent[node] = parent[parent[node]];
        return node;
    };
    for (std::size_t i = 0; i < wires.size(); ++i)
        if (up[i]) parent[root(wires[i].a)] = root(wires[i].b);
    std::map<std::size_t, std::size_t> sizes;
    for (std::size_t node = 0; node < nodes.size(); ++node)
        ++sizes[root(node)];
    std::size_t pairs = 0;
    for (const auto& [unused, size] : sizes)
        pairs += size * (size - 1);
    return pairs;
}

Result<Plan> make_plan(const Network& network, std::string_view instance, unsigned subnet) {
    if (network.sites.empty())
        return fail(ErrorCode::invalid, "has no site that is a point of presence (pop = true)", network.name);
    if (network.sites.size() > kMostNodes)
        return fail(ErrorCode::too_large,
                    fmt::format("has {} points of presence; a lab holds at most {}", network.sites.size(), kMostNodes),
                    network.name);
    Plan plan;
    plan.network = network.name;
    plan.instance = instance;
    plan.wires_netns = fmt::format("quipu-{}.wires", instance);
    plan.bridge = fmt::format("quipu{}", instance);
    plan.hub4 = v4(10, 255, subnet, 1);
    plan.hub6 = lab_address6(subnet, 1);

    std::map<std::string_view, std::size_t> position;
    for (const Site& site : network.sites) {
        const auto n = static_cast<unsigned>(plan.nodes.size());
        position[site.id] = n;
        Node node;
        node.site = site.id;
        node.name = site.name;
        node.netns = fmt::format("quipu-{}-{}", instance, site.id);
        node.loopback4 = v4(10, 254, (n + 1) >> 8U, (n + 1) & 0xffU);
        node.loopback6 = lab_address6(0xfe00, n + 1);
        node.management4 = v4(10, 255, subnet, n + 10);
        node.management6 = lab_address6(subnet, n + 10);
        node.management_veth = fmt::format("quipu{}.{}", instance, n);
        plan.nodes.push_back(std::move(node));
    }
    std::set<std::string> interfaces;
    for (const Link& link : network.links) {
        const auto k = static_cast<unsigned>(plan.wires.size());
        if (!position.contains(link.a) || !position.contains(link.b) || link.a == link.b)
            return fail(ErrorCode::invalid, "does not join two points of presence", "link " + link.id);
        Wire wire;
        wire.id = link.id;
        wire.a = position[link.a];
        wire.b = position[link.b];
        wire.interface = interface_name(link.id, k);
        if (!interfaces.insert(wire.interface).second)
            return fail(ErrorCode::conflict,
                        fmt::format("cannot have the interface name {}: another link has it", wire.interface),
                        "link " + link.id, "give one of the two another id");
        wire.end_a = fmt::format("wire{}a", k);
        wire.end_b = fmt::format("wire{}b", k);
        wire.a4 = v4(10, 253, (2 * k) >> 8U, (2 * k) & 0xffU);
        wire.b4 = v4(10, 253, (2 * k + 1) >> 8U, (2 * k + 1) & 0xffU);
        wire.a6 = lab_address6(0xfd00, 2 * k);
        wire.b6 = lab_address6(0xfd00, 2 * k + 1);
        wire.impairment.delay = delay_of(link, network.sites[wire.a], network.sites[wire.b]);
        wire.impairment.rate = link.capacity;
        constexpr std::int64_t kCostStep = 10'000;  // nanoseconds; OSPF's cost has 16 bits (RFC 2328 §A.4.2)
        wire.cost =
            static_cast<unsigned>(std::clamp<std::int64_t>(wire.impairment.delay.count() / kCostStep, 1, 0xffff));
        plan.wires.push_back(std::move(wire));
    }
    return plan;
}

Nanoseconds delay_of(const Link& link, const Site& a, const Site& b) {
    constexpr Nanoseconds kNeighbouringCity = std::chrono::milliseconds(1);
    return registry::light_delay(link, a, b, registry::kUsualDetour).value_or(kNeighbouringCity);
}

void add_members(Network& network, const std::vector<registry::Organisation>& organisations,
                 const std::vector<registry::Resource>& as_numbers, const std::vector<registry::Resource>& prefixes) {
    const auto number_of = [&](const std::string& organisation) -> std::uint32_t {
        for (const registry::Resource& number : as_numbers) {
            if (number.organisation != organisation) continue;
            if (const auto value = parse_number<std::uint32_t>(number.value)) return *value;
        }
        return 0;
    };
    // An institution without an AS number announces through the organisation above it.
    const auto announcer_of = [&](std::string organisation) {
        for (int steps = 0; steps < 16 && number_of(organisation) == 0; ++steps) {
            const auto found = std::ranges::find(organisations, organisation, &registry::Organisation::id);
            organisation = found == organisations.end() ? std::string() : found->parent.value_or("");
        }
        return organisation;
    };
    for (const registry::Organisation& organisation : organisations) {
        const std::uint32_t as = number_of(organisation.id);
        if (as == 0) continue;
        if (organisation.type == registry::OrganisationType::regional && network.as == 0) network.as = as;
        Member member{organisation.id, as, {}, {}};
        for (const registry::Resource& prefix : prefixes)
            if (announcer_of(prefix.organisation) == organisation.id)
                if (const auto parsed = net::Prefix::parse(prefix.value)) member.prefixes.push_back(*parsed);
        for (const Site& site : network.sites)
            if (site.organisation == organisation.id) member.sites.push_back(site.id);
        network.members.push_back(std::move(member));
    }
}

std::string bird_configuration(const Plan& plan, std::size_t node, std::string_view validation) {
    const Node& self = plan.nodes[node];
    std::string interfaces;
    for (const Wire& wire : plan.wires)
        if (wire.a == node || wire.b == node)
            interfaces +=
                fmt::format("        interface \"{}\" {{ type ptp; cost {}; hello 1; dead 5; retransmit 2; }};\n",
                            wire.interface, wire.cost);
    const auto protocols = [&](int version, std::string_view channel, const net::IpAddress& source) {
        return fmt::format(R"(
protocol kernel kernel_{0} {{
    {0} {{ import none; export filter {{ krt_prefsrc = {1}; accept; }}; }};
}}
protocol ospf v{2} ospf_{0} {{
    ecmp no;
    {0} {{ import all; export none; }};
    area 0 {{
        stubnet {1}/{4};
{3}    }};
}}
)",
                           channel, source.text(), version, interfaces, source.width());
    };
    std::string head = fmt::format("# {} in the lab {}\nlog stderr all;\n", self.site, plan.instance);
    if (validation.empty())
        head += fmt::format("router id {};\nprotocol device {{ scan time 10; }}\n", self.loopback4.text());
    else
        head += validation;
    return head + protocols(2, "ipv4", self.loopback4) + protocols(3, "ipv6", self.loopback6);
}

}  // namespace quipu::lab
