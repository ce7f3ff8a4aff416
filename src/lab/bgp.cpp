#include "lab/bgp.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace quipu::lab {

namespace {

constexpr std::uint32_t kFirstPrivateAs = 4'200'000'000;  // RFC 6996
constexpr std::uint32_t kOwnAs = 64'512;                  // of a network that names none

constexpr std::string_view kTimers =
    "connect delay time 1; connect retry time 5; error wait time 1, 5; hold time 9; keepalive time 3;";

std::string static_routes(const Access& access, const std::vector<Hijack>& hijacks, bool v6) {
    std::set<net::Prefix> prefixes;
    for (const net::Prefix& prefix : access.prefixes)
        if (prefix.address().is_v6() == v6) prefixes.insert(prefix);
    for (const Hijack& hijack : hijacks)
        if (hijack.site == access.site && hijack.prefix.address().is_v6() == v6) prefixes.insert(hijack.prefix);
    std::string out;
    for (const net::Prefix& prefix : prefixes)
        out += fmt::format("    route {} blackhole;\n", prefix.text());
    return out;
}

}  // namespace

BgpPlan make_bgp_plan(const Network& network, const Plan& plan) {
    BgpPlan bgp;
    bgp.as = network.as == 0 ? kOwnAs : network.as;
    bgp.netns = fmt::format("quipu-{}.members", plan.instance);
    std::set<std::string_view> announced;
    for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
        const auto n = static_cast<unsigned>(i);
        Access access;
        access.site = plan.nodes[i].site;
        access.as = kFirstPrivateAs + n;
        const auto member = std::ranges::find_if(network.members, [&](const Member& one) {
            return std::ranges::find(one.sites, access.site) != one.sites.end();
        });
        if (member != network.members.end() && member->as != bgp.as) {
            access.member = member->organisation;
            access.as = member->as;
            if (announced.insert(member->organisation).second) access.prefixes = member->prefixes;
        }
        access.end = fmt::format("member{}", n);
        const auto v4 = [](unsigned host) { return net::IpAddress::v4(10U << 24U | 252U << 16U | host); };
        access.point4 = v4(2 * n);
        access.member4 = v4(2 * n + 1);
        access.point6 = lab_address6(0xfc00, 2 * i);
        access.member6 = lab_address6(0xfc00, 2 * i + 1);
        bgp.accesses.push_back(std::move(access));
    }
    return bgp;
}

const Access* holder_of(const BgpPlan& bgp, const net::Prefix& prefix) {
    // The most specific one: what a member has of another's block is the member's.
    const Access* holder = nullptr;
    int longest = -1;
    for (const Access& access : bgp.accesses)
        for (const net::Prefix& own : access.prefixes)
            if (own.contains(prefix) && own.length() > longest) {
                holder = &access;
                longest = own.length();
            }
    return holder;
}

Result<void> check_hijack(const BgpPlan& bgp, const Hijack& hijack) {
    const auto at = std::ranges::find(bgp.accesses, hijack.site, &Access::site);
    if (at == bgp.accesses.end())
        return fail(ErrorCode::not_found, "is not a site of the lab", hijack.site, "`quipu lab status` lists them");
    const Access* holder = holder_of(bgp, hijack.prefix);
    if (holder == nullptr)
        return fail(ErrorCode::invalid, "no member announces it, nor a prefix around it", hijack.prefix.text(),
                    "name one that a member announces, or a part of it: GET /api/v1/lab has them");
    if (holder->as == at->as)
        return fail(ErrorCode::invalid, fmt::format("belongs to {}, who stands there", holder->member),
                    hijack.prefix.text(), "name another site");
    return {};
}

Result<std::vector<Hijack>> changed(const BgpPlan& bgp, std::vector<Hijack> hijacks, const HijackChange& change) {
    const Hijack hijack{change.prefix, change.site};
    if (change.stop) {
        if (std::erase(hijacks, hijack) == 0)
            return fail(ErrorCode::not_found,
                        fmt::format("is not announced at {} against its holder's will", change.site),
                        change.prefix.text(), "`quipu lab status` lists what is");
        return hijacks;
    }
    TRY(check_hijack(bgp, hijack));
    if (std::ranges::find(hijacks, hijack) != hijacks.end()) return hijacks;
    if (hijacks.size() >= kMostHijacks)
        return fail(ErrorCode::too_large,
                    fmt::format("{} are announced already, as many as there may be", kMostHijacks), "hijacks",
                    "stop one of them first");
    hijacks.push_back(hijack);
    return hijacks;
}

std::string bgp_configuration(const Plan& plan, const BgpPlan& bgp, std::size_t node, bool validated) {
    const Access& access = bgp.accesses[node];
    std::string out;
    if (!validated) out += "\nfilter validated4 { accept; }\nfilter validated6 { accept; }\n";
    for (const bool v6 : {false, true})
        out += fmt::format(R"(
protocol bgp member{0} {{
    local {1} as {2};
    neighbor {3} as {4};
    {5}
    ipv{0} {{ import table on; import keep filtered on; import filter validated{0}; export none; }};
}}
)",
                           v6 ? 6 : 4, (v6 ? access.point6 : access.point4).text(), bgp.as,
                           (v6 ? access.member6 : access.member4).text(), access.as, kTimers);
    for (std::size_t other = 0; other < plan.nodes.size(); ++other) {
        if (other == node) continue;
        for (const bool v6 : {false, true}) {
            const auto loopback = [&](std::size_t which) {
                return (v6 ? plan.nodes[which].loopback6 : plan.nodes[which].loopback4).text();
            };
            out += fmt::format(R"(
protocol bgp point{0}_{1} {{
    local {2} as {3};
    neighbor {4} as {3};
    {5}
    ipv{1} {{ import all; export where source = RTS_BGP; next hop self; }};
}}
)",
                               other, v6 ? 6 : 4, loopback(node), bgp.as, loopback(other), kTimers);
        }
    }
    return out;
}

std::string members_configuration(const BgpPlan& bgp, const std::vector<Hijack>& hijacks) {
    std::string out = "log stderr all;\nrouter id 10.252.255.254;\nprotocol device { scan time 10; }\n";
    for (std::size_t i = 0; i < bgp.accesses.size(); ++i) {
        const Access& access = bgp.accesses[i];
        for (const bool v6 : {false, true})
            out += fmt::format(R"(
# {6} at {7}
ipv{0} table routes{1}_{0};
protocol static own{1}_{0} {{
    ipv{0} {{ table routes{1}_{0}; }};
{2}}}
protocol bgp member{1}_{0} {{
    local {3} as {4};
    neighbor {5} as {8};
    {9}
    ipv{0} {{ table routes{1}_{0}; import none; export all; next hop self; }};
}}
)",
                               v6 ? 6 : 4, i, static_routes(access, hijacks, v6),
                               (v6 ? access.member6 : access.member4).text(), access.as,
                               (v6 ? access.point6 : access.point4).text(),
                               access.member.empty() ? "nobody" : access.member, access.site, bgp.as, kTimers);
    }
    return out;
}

}  // namespace quipu::lab
