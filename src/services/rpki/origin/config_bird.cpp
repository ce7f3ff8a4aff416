// BIRD 2: User's Guide, protocols RPKI and BGP.
#include <fmt/format.h>

#include "services/rpki/origin/config_text.h"

namespace quipu::rpki::config {
namespace {

std::string bird_filter(std::string_view family, InvalidRoutes invalid) {
    // bgp_path.last is 0 for a path that ends in an AS_SET: nothing matches it (RFC 6811).
    return fmt::format(
        "filter validated{0} {{\n\tif roa_check(vrps{0}, net, bgp_path.last) = ROA_INVALID then {1};\n\taccept;\n}}\n",
        family, invalid == InvalidRoutes::reject ? "reject" : "bgp_local_pref = 50");
}

}  // namespace

std::string bird(const RouterDescription& router) {
    std::string out = fmt::format("# {}: BGP origin validation\n\nrouter id {};\n\n", router.name, router.id.text());
    out += "protocol device { }\n\nroa4 table vrps4;\nroa6 table vrps6;\n\n";
    for (std::size_t i = 0; i < router.caches.size(); ++i)
        out += fmt::format(
            "protocol rpki cache{} {{\n\troa4 {{ table vrps4; }};\n\troa6 {{ table vrps6; }};\n\tremote {} port {};\n"
            "\tretry keep 90;\n\trefresh keep 900;\n\texpire keep 7200;\n}}\n",
            i + 1, router.caches[i].address.address.text(), router.caches[i].address.port);
    out += "\n# Invalid routes. What neighbours sent is kept, so that a change of the VRPs has it looked at again.\n";
    out += bird_filter("4", router.invalid) + bird_filter("6", router.invalid);
    for (std::size_t i = 0; i < router.neighbours.size(); ++i) {
        const RouterNeighbour& neighbour = router.neighbours[i];
        const bool v6 = neighbour.address.is_v6();
        const bool external = neighbour.as != router.as;
        out += fmt::format("\nprotocol bgp neighbour{} {{\n", i + 1);
        if (!neighbour.description.empty()) out += fmt::format("\tdescription \"{}\";\n", neighbour.description);
        out += fmt::format(
            "\tlocal as {};\n\tneighbor {} as {};\n\tipv{} {{\n{}\t\timport {};\n\t\texport none;\n\t}};\n}}\n",
            router.as, neighbour.address.text(), neighbour.as, v6 ? 6 : 4,
            // BIRD 2 reloads a BGP channel when a ROA table changes only if it has a table of what was received.
            external ? "\t\timport table on;\n" : "", external ? fmt::format("filter validated{}", v6 ? 6 : 4) : "all");
    }
    return out;
}

}  // namespace quipu::rpki::config
