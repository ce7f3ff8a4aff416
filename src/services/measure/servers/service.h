#pragma once
// The service "measure_servers": OWAMP, TWAMP and STAMP served by the hub itself, and what is known of the servers at
// the agents.

#include <memory>

#include "agent/hub.h"
#include "platform/service.h"

namespace quipu::servers {

/// `agents` outlives it.
[[nodiscard]] std::unique_ptr<platform::Service> make_service(agent::Agents& agents);

}  // namespace quipu::servers
