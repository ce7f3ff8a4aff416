#pragma once
// The service "rpki": validates, guards, serves routers, and answers whether a route is valid and why.

#include <functional>
#include <memory>
#include <optional>

#include "desk/desk.h"
#include "platform/service.h"
#include "registry/registry.h"
#include "services/rpki/rtr/server.h"

namespace quipu::rpki {

/// As the rest of the program holds it. Each may be asked from any thread.
class RpkiService : public platform::Service {
  public:
    /// Routers are served there too, over plain TCP, from the service's next start on.
    virtual void listen_also(const net::Endpoint& address) = 0;
    /// What routers are told; nothing where no trust anchor is configured, or the service does not run.
    [[nodiscard]] virtual std::optional<RtrState> told() const = 0;
};

/// Whom this service asks, from provision on; they outlive it.
struct Neighbours {
    std::function<registry::Registry&()> registry;
    std::function<desk::Desk&()> desk = {};  ///< none: what the guard holds has no cases
    std::string version = "quipu";           ///< as /version says it: "quipu/0.2.0"
};
[[nodiscard]] std::unique_ptr<RpkiService> make_rpki_service(Neighbours neighbours);

}  // namespace quipu::rpki
