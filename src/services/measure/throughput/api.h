#pragma once
// The routes of throughput tests: results, the calendar, tests on demand.

#include <functional>

#include "platform/api.h"
#include "registry/registry.h"
#include "services/measure/throughput/keeper.h"
#include "services/measure/throughput/store.h"

namespace quipu::throughput {

/// What the routes need; all of it lives as long as they are open.
struct Rooms {
    const Clock& clock;
    const Store& store;
    Keeper& keeper;
    registry::Registry& registry;
    std::function<void()> changed;  ///< somebody has something new to do
};
void add_routes(platform::Api& api, const Rooms& rooms);

}  // namespace quipu::throughput
