#include "lab/topology.h"

namespace quipu::lab {

Network network_of(const registry::Picture& picture, std::string name) {
    Network network{std::move(name), {}, {}};
    for (const auto& entry : picture.all<registry::Site>())
        network.sites.push_back(entry.object);
    for (const auto* entry : picture.links_in_service())
        network.links.push_back(entry->object);
    const auto values = [&](registry::Kind kind) {
        std::vector<registry::Resource> out;
        for (const auto& entry : picture.resources(kind))
            out.push_back(entry.object);
        return out;
    };
    std::vector<registry::Organisation> organisations;
    for (const auto& entry : picture.all<registry::Organisation>())
        organisations.push_back(entry.object);
    network = only_points(std::move(network));
    add_members(network, organisations, values(registry::Kind::as_numbers), values(registry::Kind::prefixes));
    return network;
}

}  // namespace quipu::lab
