#pragma once
// What others read: exports of minutes, a HADES archive's answers, records for the lookup service.

#include <atomic>
#include <functional>

#include "platform/service.h"
#include "registry/registry.h"
#include "services/measure/path_history.h"
#include "services/measure/rollup.h"
#include "services/measure/throughput/store.h"

namespace quipu::exchange {

/// What the routes need; all of it lives as long as they are open.
struct Rooms {
    const Clock& clock;
    data::Archive& archive;
    registry::Registry& registry;
    const measure::PathHistory& paths;              ///< which way packets took
    const throughput::Store& throughput;            ///< what tests found
    std::string spool_folder;                       ///< exports are written here before they are sent, under no name
    std::string network;                            ///< its name
    std::function<std::string()> url;               ///< of the hub, as others reach it
    std::vector<std::string> communities, domains;  ///< of the lookup record
    /// The identifier of the path that a pair's minute went; may be empty.
    std::function<std::string(std::string_view key, Time minute)> path_of = {};
    std::shared_ptr<std::atomic<int>> exports = std::make_shared<std::atomic<int>>(0);  ///< under way
};
void add_export_route(platform::Api& api, const Rooms& rooms);
/// /services/MA/HADES: NMWG in SOAP.
void add_nmwg_route(platform::Api& api, const Rooms& rooms);
void add_lookup_route(platform::Api& api, const Rooms& rooms);

/// More at once than these would keep the archive from those who look at pages.
inline constexpr int kMostExports = 2;

}  // namespace quipu::exchange
