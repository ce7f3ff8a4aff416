#pragma once
// Availability of everything of one kind in a period: from what was down, through what-if for sites and organisations.

#include <vector>

#include "base/result.h"
#include "desk/operations/engine_availability.h"
#include "desk/operations/rooms.h"

namespace quipu::operations {

/// By id. A period that lasts still is reckoned until `now`.
[[nodiscard]] Result<std::vector<Availability>> availability(const Rooms& rooms, By by, Interval period, Time now);

}  // namespace quipu::operations
