#pragma once
// Configuration of routers that ask a cache and act on what it says: Cisco IOS XR, Junos, Quagga/FRR, BIRD 2, OpenBGPD.
// Each is a whole configuration of origin validation for one router, to be read by an engineer before it is loaded.

#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "net/address.h"
#include "registry/registry.h"
#include "services/rpki/payloads.h"

namespace quipu::rpki {

enum class RouterSystem : std::uint8_t { ios_xr, junos, frr, bird, openbgpd };
constexpr auto describe_enum(RouterSystem) {
    return names<RouterSystem>({{RouterSystem::ios_xr, "ios-xr"},
                                {RouterSystem::junos, "junos"},
                                {RouterSystem::frr, "frr"},
                                {RouterSystem::bird, "bird"},
                                {RouterSystem::openbgpd, "openbgpd"}});
}

/// What becomes of invalid routes.
enum class InvalidRoutes : std::uint8_t {
    reject,
    depreference  ///< used only where there is no other: for the first weeks, to see what would be lost
};
constexpr auto describe_enum(InvalidRoutes) {
    return names<InvalidRoutes>({{InvalidRoutes::reject, "reject"}, {InvalidRoutes::depreference, "depreference"}});
}

/// An RTR cache, over plain TCP: TLS and SSH are not what these routers have in common.
struct RouterCache {
    net::Endpoint address;
    int preference = 1;  ///< lower is asked first
    static constexpr auto describe() {
        using T = RouterCache;
        return fields(field<&T::address>("address", "Address and port of the cache").required(),
                      field<&T::preference>("preference", "Lower is asked first").between(1, 255));
    }
};
struct RouterNeighbour {
    net::IpAddress address;
    Asn as = 0;
    std::string description;
    static constexpr auto describe() {
        using T = RouterNeighbour;
        return fields(field<&T::address>("address", "Its address").required(),
                      field<&T::as>("as", "Its AS number").required().at_least(1),
                      field<&T::description>("description", "Who it is").at_most_long(80));
    }
};
struct RouterDescription {
    std::string name;
    RouterSystem system = RouterSystem::bird;
    net::IpAddress id;  ///< BGP identifier: an IPv4 address
    Asn as = 0;
    std::vector<RouterCache> caches;
    std::vector<RouterNeighbour> neighbours;
    InvalidRoutes invalid = InvalidRoutes::reject;
    static constexpr auto describe() {
        using T = RouterDescription;
        return fields(
            field<&T::name>("name", "Short stable name").required().pattern(kSlug),
            field<&T::system>("system", "Whose configuration it takes").required(),
            field<&T::id>("id", "BGP identifier: an IPv4 address of its own").required(),
            field<&T::as>("as", "Its AS number").required().at_least(1),
            field<&T::caches>("caches", "RTR caches that it asks").required().at_most_long(16),
            field<&T::neighbours>("neighbours", "BGP neighbours; those of another AS are validated").at_most_long(1000),
            field<&T::invalid>("invalid", "What becomes of invalid routes"));
    }
};

/// `invalid` names what is missing or cannot stand in a configuration.
[[nodiscard]] Result<std::string> router_configuration(const RouterDescription& router);

/// What the registry's equipment tells of a router: its name, its system by its maker, and the AS number of its site's
/// organisation or of the next one above. Identifier, caches and neighbours are left to be said.
[[nodiscard]] Result<RouterDescription> router_of(const registry::Picture& picture, std::string_view equipment);
[[nodiscard]] std::optional<RouterSystem> system_of(std::string_view vendor, std::string_view model);

}  // namespace quipu::rpki
