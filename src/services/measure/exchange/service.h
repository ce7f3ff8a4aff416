#pragma once
// The service exchange: what is measured, in the forms that others read.

#include <functional>
#include <memory>

#include "platform/service.h"
#include "registry/registry.h"

namespace quipu::exchange {

[[nodiscard]] std::unique_ptr<platform::Service> make_service(std::function<registry::Registry&()> registry);

}  // namespace quipu::exchange
