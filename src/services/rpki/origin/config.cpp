#include "services/rpki/origin/config.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "net/ascii.h"
#include "services/rpki/origin/config_text.h"

namespace quipu::rpki {
namespace {

constexpr std::size_t kMostXrCaches = 10;

/// Text that a router reads as one line within quotes or behind a keyword.
Result<void> check_description(const RouterNeighbour& neighbour) {
    const bool plain = std::ranges::all_of(neighbour.description, [](char c) {
        return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != ';' && c != '{' && c != '}' && c != '#' &&
               c != '!' && c != '?';
    });
    if (plain) return {};
    return fail(ErrorCode::invalid, "a description is plain text without quotes, braces, semicolons, #, ! and ?",
                "neighbour " + neighbour.address.text());
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), net::ascii_lower);
    return out;
}

}  // namespace

Result<std::string> router_configuration(const RouterDescription& router) {
    if (router.id.is_v6() || router.id == net::IpAddress())
        return fail(ErrorCode::invalid, "the BGP identifier is an IPv4 address of the router", "id",
                    "for example 192.0.2.1");
    if (router.as == 0) return fail(ErrorCode::invalid, "the router's AS number is missing", "as");
    if (router.caches.empty())
        return fail(ErrorCode::invalid, "the router has no cache to ask", "caches",
                    "name one, for example 192.0.2.10:3323");
    for (const RouterNeighbour& neighbour : router.neighbours) {
        TRY(check_description(neighbour));
        if (std::ranges::count(router.neighbours, neighbour.address, &RouterNeighbour::address) > 1)
            return fail(ErrorCode::invalid, "the neighbour is named twice", "neighbour " + neighbour.address.text());
    }
    for (const RouterCache& cache : router.caches)
        if (cache.address.port == 0)
            return fail(ErrorCode::invalid, "a cache has a port", "cache " + cache.address.text());
    if (router.system == RouterSystem::ios_xr && router.caches.size() > kMostXrCaches)
        return fail(ErrorCode::invalid,
                    fmt::format("IOS XR orders at most {} caches: its preference goes from 1 to 10", kMostXrCaches),
                    "caches", "name fewer");
    RouterDescription ordered = router;
    std::ranges::sort(ordered.caches, {},
                      [](const RouterCache& cache) { return std::pair(cache.preference, cache.address); });
    switch (router.system) {
        case RouterSystem::ios_xr: return config::ios_xr(ordered);
        case RouterSystem::junos: return config::junos(ordered);
        case RouterSystem::frr: return config::frr(ordered);
        case RouterSystem::bird: return config::bird(ordered);
        case RouterSystem::openbgpd: return config::openbgpd(ordered);
    }
    return fail(ErrorCode::unsupported, "this system is not known", "system");
}

std::optional<RouterSystem> system_of(std::string_view vendor, std::string_view model) {
    const std::string words = lower(vendor) + ' ' + lower(model);
    constexpr auto kMakers = std::to_array<std::pair<std::string_view, RouterSystem>>({
        {"openbgpd", RouterSystem::openbgpd},
        {"bird", RouterSystem::bird},
        {"quagga", RouterSystem::frr},
        {"frr", RouterSystem::frr},
        {"juniper", RouterSystem::junos},
        {"cisco", RouterSystem::ios_xr},
    });
    for (const auto& [word, system] : kMakers)
        if (words.find(word) != std::string::npos) return system;
    return std::nullopt;
}

Result<RouterDescription> router_of(const registry::Picture& picture, std::string_view equipment) {
    const auto* entry = picture.find<registry::Equipment>(equipment);
    if (entry == nullptr)
        return fail(ErrorCode::not_found, "there is no equipment \"" + std::string(equipment) + "\"", {},
                    "see equipment in the registry");
    const registry::Equipment& found = entry->object;
    if (found.type != "router")
        return fail(ErrorCode::invalid, fmt::format("\"{}\" is a {}, not a router", equipment, found.type),
                    std::string(equipment));
    RouterDescription out;
    out.name = found.id;
    const auto system = system_of(found.vendor.value_or(""), found.model.value_or(""));
    if (!system)
        return fail(ErrorCode::unsupported, "no configuration is known for this router's maker", std::string(equipment),
                    "its vendor or model names Cisco, Juniper, FRR, Quagga, BIRD or OpenBGPD");
    out.system = *system;
    const auto* site = picture.find<registry::Site>(found.site);
    std::optional<std::string> organisation = site == nullptr ? std::nullopt : site->object.organisation;
    // The registry allows no cycle of parents; a broken one ends all the same.
    for (int steps = 0; organisation && out.as == 0 && steps < 64; ++steps) {
        for (const auto& number : picture.resources(registry::Kind::as_numbers))
            if (number.object.organisation == *organisation && out.as == 0)
                out.as = parse_asn(number.object.value).value_or(0);
        const auto* owner = picture.find<registry::Organisation>(*organisation);
        organisation = owner == nullptr ? std::nullopt : owner->object.parent;
    }
    return out;
}

}  // namespace quipu::rpki
