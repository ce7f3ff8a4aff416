#pragma once
// Routes under /api/v1/measure/points: how the measurers are.

#include "platform/api.h"
#include "services/measure/points.h"

namespace quipu::measure {

struct PointRooms {
    const Clock& clock;
    const Points& points;
    const PointStore& store;
};
void add_point_routes(platform::Api& api, const PointRooms& rooms);

}  // namespace quipu::measure
