#pragma once
// One measurement by OWAMP from here: `quipu owping`.

#include <functional>

#include "services/measure/owamp/engine_client.h"
#include "services/measure/owamp/test_plane.h"

namespace quipu::owamp {

struct PingSettings {
    net::Endpoint server;
    std::optional<net::IpAddress> source;  ///< of ours: control connection and tests
    ClientSettings client;
    TestPlaneSettings plane;
    /// Called once the tests run, with the time until there are results.
    std::function<void(Nanoseconds)> running = [](Nanoseconds) {};
    /// Asked now and then: true ends the tests with what there is.
    std::function<bool()> interrupted = [] { return false; };
};

struct PingResult {
    std::vector<ClientResult> sessions;
    std::uint64_t own_loss = 0;  ///< packets that found our socket full: not the network's loss, though counted as lost
};

/// Blocks until the sessions are over.
[[nodiscard]] Result<PingResult> ping(const PingSettings& settings, const Clock& clock);

}  // namespace quipu::owamp
