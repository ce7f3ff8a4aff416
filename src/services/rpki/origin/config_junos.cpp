// Junos: "Configuring Origin Validation for BGP".
#include <fmt/format.h>

#include "services/rpki/origin/config_text.h"

namespace quipu::rpki::config {
namespace {

void junos_group(std::string& out, const RouterDescription& router, bool external) {
    std::string neighbours;
    for (const RouterNeighbour& neighbour : router.neighbours) {
        if ((neighbour.as != router.as) != external) continue;
        neighbours += fmt::format("            neighbor {} {{\n", neighbour.address.text());
        if (!neighbour.description.empty())
            neighbours += fmt::format("                description \"{}\";\n", neighbour.description);
        if (external) neighbours += fmt::format("                peer-as {};\n", neighbour.as);
        neighbours += fmt::format(
            "                family {} {{\n                    unicast;\n                }}\n            }}\n",
            neighbour.address.is_v6() ? "inet6" : "inet");
    }
    if (neighbours.empty()) return;
    out += fmt::format("        group {} {{\n            type {};\n", external ? "external" : "internal",
                       external ? "external" : "internal");
    if (external) out += "            import origin-validation;\n";
    out += neighbours + "        }\n";
}

}  // namespace

std::string junos(const RouterDescription& router) {
    std::string out = fmt::format(
        "/* {}: BGP origin validation */\nrouting-options {{\n    router-id {};\n    autonomous-system {};\n"
        "    validation {{\n        group caches {{\n            max-sessions {};\n",
        router.name, router.id.text(), router.as, std::min<std::size_t>(router.caches.size(), 2));
    // A higher preference is asked first here.
    auto preference = static_cast<unsigned>(100 + router.caches.size());
    for (const RouterCache& cache : router.caches)
        out += fmt::format(
            "            session {} {{\n                port {};\n                preference {};\n"
            "                refresh-time 300;\n                hold-time 600;\n                record-lifetime "
            "7200;\n            }}\n",
            cache.address.address.text(), cache.address.port, preference--);
    out += "        }\n    }\n}\npolicy-options {\n    policy-statement origin-validation {\n";
    const auto term = [&](std::string_view name, std::string_view database, std::string_view then) {
        out += fmt::format(
            "        term {} {{\n            from {{\n                protocol bgp;\n                "
            "validation-database {};\n"
            "            }}\n            then {{\n                validation-state {};\n                {};\n          "
            "  }}\n        }}\n",
            name, database, database, then);
    };
    term("invalid", "invalid",
         router.invalid == InvalidRoutes::reject ? "reject" : "local-preference 50;\n                next policy");
    term("valid", "valid", "next policy");
    term("unknown", "unknown", "next policy");
    out += "    }\n}\nprotocols {\n    bgp {\n";
    junos_group(out, router, true);
    junos_group(out, router, false);
    out += "    }\n}\n";
    return out;
}

}  // namespace quipu::rpki::config
