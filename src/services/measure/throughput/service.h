#pragma once
// The service "throughput": how much each path carries, by tests that never meet.

#include <functional>
#include <memory>

#include "agent/hub.h"
#include "platform/service.h"
#include "registry/registry.h"
#include "services/measure/throughput/engine_calendar.h"

namespace quipu::throughput {

/// `agents` and what `registry` answers (asked from provision on) outlive the service. `path_of`, where it is given,
/// knows paths better than the registry, whose shortest path counts where it knows none.
[[nodiscard]] std::unique_ptr<platform::Service> make_throughput_service(agent::Agents& agents,
                                                                         std::function<registry::Registry&()> registry,
                                                                         PathOf path_of = {});

}  // namespace quipu::throughput
