#pragma once
// The service "throughput": how much each path carries, by tests that never meet.

#include <functional>
#include <memory>

#include "agent/hub.h"
#include "platform/service.h"
#include "registry/registry.h"
#include "services/measure/throughput/paths.h"

namespace quipu::throughput {

/// `agents` and what `registry` answers (asked from provision on) outlive the service. `traced` knows paths better
/// than the registry, whose shortest path counts where nothing was traced.
[[nodiscard]] std::unique_ptr<platform::Service> make_throughput_service(agent::Agents& agents,
                                                                         std::function<registry::Registry&()> registry,
                                                                         TracedWays traced = {});

}  // namespace quipu::throughput
