#pragma once
// The service "rpki": validates, guards, serves routers, and answers whether a route is valid and why.

#include <functional>
#include <memory>
#include <optional>

#include "platform/service.h"
#include "registry/registry.h"
#include "services/rpki/service/rounds.h"

namespace quipu::rpki {

/// As the rest of the program holds it. Each may be asked from any thread.
class RpkiService : public platform::Service {
  public:
    /// Routers are served there too, over plain TCP, from the service's next start on.
    virtual void listen_also(const net::Endpoint& address) = 0;
    /// What routers are told; nothing where no trust anchor is configured, or the service does not run.
    [[nodiscard]] virtual std::optional<RtrState> told() const = 0;
};

/// What it needs of others. The callbacks run on threads of the service.
struct Neighbours {
    std::function<registry::Registry&()> registry;
    /// A change begins to be held, or is held no more: somebody takes care of it. May be empty.
    std::function<Result<void>(const HeldChange& held)> held;
    std::function<Result<void>(const HeldChange& was, std::string_view by)> released;
    std::string version = "quipu";        ///< as /version says it: "quipu/0.2.0"
    std::vector<std::string_view> needs;  ///< services that the callbacks reach
};
[[nodiscard]] std::unique_ptr<RpkiService> make_rpki_service(Neighbours neighbours);

}  // namespace quipu::rpki
