#pragma once
// The service "measure": one-way delay and loss between every two points.

#include <functional>
#include <memory>

#include "agent/hub.h"
#include "platform/service.h"
#include "registry/registry.h"

namespace quipu::measure {

/// `agents` and what `registry` answers (asked from provision on) outlive the service.
[[nodiscard]] std::unique_ptr<platform::Service> make_service(agent::Agents& agents,
                                                              std::function<registry::Registry&()> registry);

}  // namespace quipu::measure
