#pragma once
// `quipu twping`: moves the octets of TWAMP-Control and lets STAMP's session-sender send TWAMP's test packets.

#include "services/measure/owamp/engine_twamp_client.h"
#include "services/measure/stamp/client.h"

namespace quipu::owamp {

/// Our end of control connection and test.
struct TwampSource {
    std::optional<net::IpAddress> address;
    net::PortRange ports;  ///< of test packets
};

struct TwampPingResult {
    stamp::ClientResult session;
    Sid sid{};
    std::optional<Error> stop_fault;  ///< the session was measured, but its stop was not acknowledged as it should be
};

/// Blocks. `session.reflector`, its form and its keys are the control connection's to say.
[[nodiscard]] Result<TwampPingResult> twamp_ping(const net::Endpoint& server, const TwampSource& source,
                                                 const TwampSettings& settings, stamp::ClientSettings session,
                                                 const Clock& clock);

}  // namespace quipu::owamp
