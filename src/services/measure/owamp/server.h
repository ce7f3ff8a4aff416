#pragma once
// An OWAMP server: listens, and leads each control connection by a ServerSession. One loop for control, one thread for
// test packets, however many sessions there are.

#include <memory>
#include <vector>

#include "services/measure/owamp/engine_server.h"
#include "services/measure/owamp/test_plane.h"

namespace quipu::owamp {

class OwampServer {
  public:
    /// Port 0 takes a free one. `clock` outlives the server.
    static Result<std::unique_ptr<OwampServer>> start(const std::vector<net::Endpoint>& listen, ServerSettings settings,
                                                      const TestPlaneSettings& plane, const Clock& clock);
    virtual ~OwampServer() = default;  ///< closes every connection
    /// With the ports that were taken for 0.
    [[nodiscard]] virtual std::vector<net::Endpoint> listening() const = 0;
};

}  // namespace quipu::owamp
