#pragma once
// The lab's routers validate by an RTR cache of the hub: what joins the lab to the RPKI, which know nothing of each
// other.

#include <cstdint>

#include "lab/lab.h"

namespace quipu::app {

/// What `quipu rpki router-config` writes for a point's router, with the cache at this port of the hub.
[[nodiscard]] lab::Validation validation_by(std::uint16_t rtr_port);

}  // namespace quipu::app
