#pragma once
// Routes of paths under /api/v1/measure.

#include <functional>

#include "platform/service.h"
#include "registry/registry.h"
#include "services/measure/path_history.h"
#include "services/measure/path_names.h"

namespace quipu::measure {

/// What the routes need; all of it lives as long as they are open.
struct PathRooms {
    const Clock& clock;
    const PathHistory& history;
    registry::Registry& registry;
    std::function<std::shared_ptr<const SitesByAddress>()> sites;  ///< as the points say now
    std::shared_ptr<net::DnsNames> dns = {};                       ///< none: DNS is not asked
};
void add_path_routes(platform::Api& api, const PathRooms& rooms);

}  // namespace quipu::measure
