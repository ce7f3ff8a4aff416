#pragma once
// What others read: exports of minutes.

#include <atomic>

#include "platform/service.h"
#include "registry/registry.h"
#include "services/measure/rollup.h"

namespace quipu::exchange {

/// What the routes need; all of it lives as long as they are open.
struct Rooms {
    const Clock& clock;
    data::Archive& archive;
    registry::Registry& registry;
    std::string spool_folder;  ///< exports are written here before they are sent, under no name
    std::shared_ptr<std::atomic<int>> exports = std::make_shared<std::atomic<int>>(0);  ///< under way
};
void add_export_route(platform::Api& api, const Rooms& rooms);

/// More at once than these would keep the archive from those who look at pages.
inline constexpr int kMostExports = 2;

}  // namespace quipu::exchange
