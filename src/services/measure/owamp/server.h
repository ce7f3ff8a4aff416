#pragma once
// A server of OWAMP and TWAMP: listens, and leads each control connection by a ServerSession. One loop for control, one
// thread for test packets, however many sessions there are.

#include <memory>
#include <vector>

#include "services/measure/owamp/engine_server.h"
#include "services/measure/owamp/test_plane.h"
#include "services/measure/stamp/server_reflector.h"

namespace quipu::owamp {

class OwampServer {
  public:
    struct Listen {
        std::vector<net::Endpoint> owamp, twamp;  ///< port 0 takes a free one
    };
    /// `reflector` reflects TWAMP's test packets; it may be nullptr where TWAMP is not served. It and `clock` outlive
    /// the server.
    static Result<std::unique_ptr<OwampServer>> start(const Listen& listen, ServerSettings settings,
                                                      const TestPlaneSettings& plane, stamp::ReflectorServer* reflector,
                                                      const Clock& clock);
    virtual ~OwampServer() = default;  ///< closes every connection
    /// With the ports that were taken for 0.
    [[nodiscard]] virtual const Listen& listening() const = 0;
    /// From any thread; as of a tick ago.
    [[nodiscard]] virtual ServerCounters counters() const = 0;
    [[nodiscard]] virtual TrafficCounters traffic() const = 0;
};

}  // namespace quipu::owamp
