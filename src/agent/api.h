#pragma once
// The portal's and the command's view of the agents.

#include "agent/hub.h"
#include "platform/api.h"

namespace quipu::agent {

void add_routes(platform::Api& api, Agents& agents);

}  // namespace quipu::agent
