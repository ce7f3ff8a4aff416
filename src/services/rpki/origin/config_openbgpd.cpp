// OpenBGPD: bgpd.conf(5).
#include <fmt/format.h>

#include "services/rpki/origin/config_text.h"

namespace quipu::rpki::config {

std::string openbgpd(const RouterDescription& router) {
    std::string out =
        fmt::format("# {}: BGP origin validation\n\nAS {}\nrouter-id {}\n\n", router.name, router.as, router.id.text());
    for (std::size_t i = 0; i < router.caches.size(); ++i)
        out += fmt::format("rtr {} {{\n\tdescr \"cache {}\"\n\tport {}\n}}\n", router.caches[i].address.address.text(),
                           i + 1, router.caches[i].address.port);
    for (const RouterNeighbour& neighbour : router.neighbours) {
        out += fmt::format("\nneighbor {} {{\n\tremote-as {}\n", neighbour.address.text(), neighbour.as);
        if (!neighbour.description.empty()) out += fmt::format("\tdescr \"{}\"\n", neighbour.description);
        out += "}\n";
    }
    out += "\n# Invalid routes. The last rule that matches decides.\nallow from any\n";
    out += router.invalid == InvalidRoutes::reject ? "deny from ebgp ovs invalid\n"
                                                   : "match from ebgp ovs invalid set localpref 50\n";
    return out;
}

}  // namespace quipu::rpki::config
