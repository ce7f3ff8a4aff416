#pragma once
// The service "rpki": validates, guards, serves routers, and answers whether a route is valid and why.

#include <functional>
#include <memory>

#include "desk/desk.h"
#include "platform/service.h"
#include "registry/registry.h"

namespace quipu::rpki {

/// Whom this service asks, from provision on; both outlive it.
struct Neighbours {
    std::function<registry::Registry&()> registry;
    std::function<desk::Desk&()> desk = {};  ///< none: what the guard holds has no cases
};
[[nodiscard]] std::unique_ptr<platform::Service> make_rpki_service(Neighbours neighbours);

}  // namespace quipu::rpki
