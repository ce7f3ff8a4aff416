// FRR (8 and 9) and Quagga with RTRlib: "Prefix Origin Validation Using RPKI" of FRR's guide. bgpd is started with -M
// rpki.
#include <fmt/format.h>

#include "services/rpki/origin/config_text.h"

namespace quipu::rpki::config {

std::string frr(const RouterDescription& router) {
    std::string out =
        fmt::format("! {}: BGP origin validation; bgpd needs the module: -M rpki\n!\nhostname {}\n!\nrpki\n",
                    router.name, router.name);
    out += " rpki polling_period 900\n rpki expire_interval 7200\n rpki retry_interval 90\n";
    int preference = 0;
    for (const RouterCache& cache : router.caches)
        // Its preferences must differ.
        out += fmt::format(" rpki cache {} {} preference {}\n", cache.address.address.text(), cache.address.port,
                           ++preference);
    out += "exit\n!\n";
    const bool reject = router.invalid == InvalidRoutes::reject;
    if (reject)
        // FRR's issue 16474: what a route-map denied is not looked at again when the VRPs change.
        out +=
            "! A rejected route that is invalid no more comes back with: clear bgp ipv4 unicast * soft in (and "
            "ipv6)\n!\n";
    out += fmt::format(
        "route-map validated {} 10\n match rpki invalid\n{}exit\n!\nroute-map validated permit 20\nexit\n!\n",
        reject ? "deny" : "permit", reject ? "" : " set local-preference 50\n");
    out += fmt::format("router bgp {}\n bgp router-id {}\n", router.as, router.id.text());
    for (const RouterNeighbour& neighbour : router.neighbours) {
        const std::string address = neighbour.address.text();
        out += fmt::format(" neighbor {} remote-as {}\n", address, neighbour.as);
        if (!neighbour.description.empty())
            out += fmt::format(" neighbor {} description {}\n", address, neighbour.description);
    }
    for (const bool v6 : {false, true}) {
        out += fmt::format(" !\n address-family ipv{} unicast\n", v6 ? 6 : 4);
        for (const RouterNeighbour& neighbour : router.neighbours) {
            const std::string address = neighbour.address.text();
            if (neighbour.address.is_v6() != v6) {
                // FRR activates every neighbour for IPv4 by itself.
                if (!v6) out += fmt::format("  no neighbor {} activate\n", address);
                continue;
            }
            if (v6) out += fmt::format("  neighbor {} activate\n", address);
            if (neighbour.as != router.as)
                out += fmt::format(
                    "  neighbor {0} route-map validated in\n  neighbor {0} soft-reconfiguration inbound\n", address);
        }
        out += " exit-address-family\n";
    }
    out += "exit\n!\n";
    return out;
}

}  // namespace quipu::rpki::config
