// Cisco IOS XR: "BGP Prefix Origin Validation Based on RPKI" of the routing configuration guide.
#include <fmt/format.h>

#include "services/rpki/origin/config_text.h"

namespace quipu::rpki::config {

std::string ios_xr(const RouterDescription& router) {
    std::string out = fmt::format("! {}: BGP origin validation\n", router.name);
    out += "route-policy validated\n  if validation-state is invalid then\n";
    out += router.invalid == InvalidRoutes::reject ? "    drop\n  else\n    pass\n  endif\n"
                                                   : "    set local-preference 50\n  endif\n  pass\n";
    out += fmt::format("end-policy\n!\nrouter bgp {}\n bgp router-id {}\n", router.as, router.id.text());
    int preference = 0;
    for (const RouterCache& cache : router.caches)
        out += fmt::format(
            " rpki server {}\n  transport tcp port {}\n  preference {}\n  refresh-time 900\n  response-time 60\n  "
            "purge-time 360\n !\n",
            cache.address.address.text(), cache.address.port, ++preference);
    for (const std::string_view family : {"ipv4", "ipv6"})
        out += fmt::format(
            " address-family {} unicast\n  bgp origin-as validation enable\n  bgp bestpath origin-as use validity\n"
            "  bgp bestpath origin-as allow invalid\n !\n",
            family);
    for (const RouterNeighbour& neighbour : router.neighbours) {
        out += fmt::format(" neighbor {}\n  remote-as {}\n", neighbour.address.text(), neighbour.as);
        if (!neighbour.description.empty()) out += fmt::format("  description {}\n", neighbour.description);
        out += fmt::format("  address-family {} unicast\n", neighbour.address.is_v6() ? "ipv6" : "ipv4");
        // soft-reconfiguration: what was dropped is looked at again when the VRPs change.
        if (neighbour.as != router.as) out += "   route-policy validated in\n   soft-reconfiguration inbound always\n";
        out += "  !\n !\n";
    }
    out += "!\n";
    return out;
}

}  // namespace quipu::rpki::config
