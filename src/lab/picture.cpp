#include "lab/topology.h"

namespace quipu::lab {

Network network_of(const registry::Picture& picture, std::string name) {
    Network network{std::move(name), {}, {}};
    for (const auto& entry : picture.all<registry::Site>())
        network.sites.push_back(entry.object);
    for (const auto* entry : picture.links_in_service())
        network.links.push_back(entry->object);
    return only_points(std::move(network));
}

}  // namespace quipu::lab
