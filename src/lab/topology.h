#pragma once
// From the registry's sites and links to a network that can be built here: which namespaces, which wires, which
// addresses, and how long each wire is in time.
//
//     network of links   10.253.0.0/16 in /31, fd51:7569:7075:fd00::/64 in /127          (only inside the namespaces)
//     routers            10.254.0.0/16 as /32, fd51:7569:7075:fe00::/64 as /128           (only inside the namespaces)
//     management         10.255.X.0/24 and fd51:7569:7075:X::/64; the hub has .1 and ::1  (on this machine; X is the
//     instance's)

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/units.h"
#include "lab/impairment.h"
#include "net/address.h"
#include "registry/model.h"
#include "registry/registry.h"

namespace quipu::lab {

/// An organisation that announces prefixes, and the sites that are its own.
struct Member {
    std::string organisation;
    std::uint32_t as = 0;
    std::vector<net::Prefix> prefixes;
    std::vector<std::string> sites;
};
/// What the registry says of the network: its points of presence and the links between them that are in service.
struct Network {
    std::string name;
    std::vector<registry::Site> sites;
    std::vector<registry::Link> links;
    std::uint32_t as = 0;  ///< of the regional organisation; 0 if it has none
    std::vector<Member> members = {};
};
/// Without sites that are no points of presence, and links that end at one.
[[nodiscard]] Network only_points(Network network);
/// The network of a picture's day.
[[nodiscard]] Network network_of(const registry::Picture& picture, std::string name);
/// The network of a native network file (TOML) on a day. Errors name file, line and key.
[[nodiscard]] Result<Network> read_network(const std::string& file, Date day);

/// One router: a namespace, with a loopback that routing announces and a place in the management network.
struct Node {
    std::string site;
    std::string name;   ///< the site's, for people
    std::string netns;  ///< as `ip netns` names it
    net::IpAddress loopback4, loopback6;
    net::IpAddress management4, management6;
    std::string management_veth;  ///< the end on the hub's bridge; the namespace's end is kManagement
};
inline constexpr std::string_view kManagement = "management";
inline constexpr std::string_view kAccess = "member";  ///< the interface to the member's router, where there is BGP

/// One link: an interface of the same name in both routers' namespaces, joined in the wires' namespace by the emulator.
struct Wire {
    std::string id;
    std::size_t a = 0, b = 0;  ///< nodes
    std::string interface;     ///< at most 15 characters, made from the id
    std::string end_a, end_b;  ///< the ends that the emulator holds
    net::IpAddress a4, b4;     ///< /31
    net::IpAddress a6, b6;     ///< /127
    Impairment impairment;     ///< both ways, as the registry has it
    unsigned cost = 1;         ///< of OSPF: the delay in steps of 10 µs
};

struct Plan {
    std::string network;
    std::string instance;
    std::string wires_netns;  ///< where the emulator's ends stand
    std::string bridge;       ///< the management network's, in the hub's namespace
    net::IpAddress hub4, hub6;
    std::vector<Node> nodes;
    std::vector<Wire> wires;

    [[nodiscard]] const Node* find_node(std::string_view site) const;
    /// Position in `wires`, or nothing.
    [[nodiscard]] std::optional<std::size_t> find_wire(std::string_view id) const;
    /// Ordered pairs of different nodes between which a path of wires exists; `up[i]` says whether wire i counts.
    [[nodiscard]] std::size_t connected_pairs(const std::vector<bool>& up) const;
};

inline constexpr int kManagementLength4 = 24;
inline constexpr int kManagementLength6 = 64;
inline constexpr std::size_t kMostNodes = 240;

/// `instance` tells labs on one machine apart (at most 6 letters and digits), `subnet` (1…254) is its management
/// network's X. Refuses networks of more than kMostNodes points and links whose ends are not among the sites.
[[nodiscard]] Result<Plan> make_plan(const Network& network, std::string_view instance, unsigned subnet);

/// The one-way delay of a link: what light needs (registry/light.h), by the usual detour where no length is known; 1 ms
/// when the ends have no place either.
[[nodiscard]] Nanoseconds delay_of(const registry::Link& link, const registry::Site& a, const registry::Site& b);

/// The members of these organisations and resources, as they stand in the registry; values that are no AS number or
/// prefix are left out.
void add_members(Network& network, const std::vector<registry::Organisation>& organisations,
                 const std::vector<registry::Resource>& as_numbers, const std::vector<registry::Resource>& prefixes);

/// fd51:7569:7075:SUBNET::HOST: a unique local prefix (RFC 4193) that spells "Quipu".
[[nodiscard]] net::IpAddress lab_address6(unsigned subnet, std::size_t host);

/// The configuration of the router at a node: OSPFv2 and OSPFv3, hello every second, dead after five: four lost in a
/// row (with four, three would do, and a link with 10 % loss would flap).
/// `validation` stands before it, if there is one: it names the router and its interfaces' protocol itself.
[[nodiscard]] std::string bird_configuration(const Plan& plan, std::size_t node, std::string_view validation = {});

}  // namespace quipu::lab
