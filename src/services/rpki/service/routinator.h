#pragma once
// Routinator's HTTP paths, so that its users' scripts and dashboards go on working: on the hub's own listener, and on
// one that has nothing else (docs/decisions/029-routinators-paths.md).

#include <functional>

#include "base/guarded.h"
#include "net/http_server.h"
#include "platform/api.h"
#include "services/rpki/rtr/server.h"
#include "services/rpki/service/published.h"

namespace quipu::rpki {

/// What the paths tell of; all of it outlives them.
struct RoutinatorSource {
    Publisher* publisher = nullptr;
    const RtrServer* rtr = nullptr;  ///< nullptr: routers are not served here
    const Clock* clock = nullptr;
    std::string version;                        ///< "quipu/0.2.0"
    std::function<net::HttpCounters()> http{};  ///< of the listener; may be empty
    bool validates = true;                      ///< false: there are no trust anchors here
};

/// All but /metrics, which the hub has of its own.
void add_routinator_routes(platform::Api& api, const RoutinatorSource& source);
/// Prometheus' text under Routinator's names; empty before the first validation.
[[nodiscard]] std::string routinator_metrics(const RoutinatorSource& source);

/// Listens as Routinator does with `--http`: plain HTTP, the paths and /metrics, to whoever reaches it.
class RoutinatorServer {
  public:
    static Result<std::unique_ptr<RoutinatorServer>> listen(net::LoopPool& loops,
                                                            const std::vector<net::Endpoint>& addresses,
                                                            RoutinatorSource source);
    ~RoutinatorServer();  ///< ends within a second
    RoutinatorServer(const RoutinatorServer&) = delete;
    RoutinatorServer& operator=(const RoutinatorServer&) = delete;
    /// With the ports that were taken for 0.
    [[nodiscard]] std::vector<net::Endpoint> listening() const;

  private:
    RoutinatorServer() = default;
    [[nodiscard]] net::HttpCounters counters() const;

    using Servers = std::vector<std::unique_ptr<net::HttpServer>>;
    platform::Api api_;
    Guarded<Servers> servers_;
};

}  // namespace quipu::rpki
