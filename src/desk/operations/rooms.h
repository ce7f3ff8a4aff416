#pragma once
// What the routes work on; lives as long as they are open.

#include "base/time.h"
#include "desk/operations/keeper.h"
#include "desk/operations/store.h"
#include "registry/registry.h"

namespace quipu::operations {

struct Rooms {
    const Clock& clock;
    Store& store;
    Keeper& keeper;
    registry::Registry& registry;
};

}  // namespace quipu::operations
