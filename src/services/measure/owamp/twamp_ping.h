#pragma once
// `quipu twping`: moves the octets of TWAMP-Control and lets STAMP's session-sender send TWAMP's test packets.

#include "services/measure/owamp/engine_twamp_client.h"
#include "services/measure/stamp/client.h"

namespace quipu::owamp {

struct TwampPingSettings {
    net::Endpoint server;
    std::optional<net::IpAddress> source;  ///< of ours: control connection and test
    net::PortRange ports;                  ///< of ours, of test packets
    TwampSettings control;                 ///< without start_delay: it is the session's
    /// Its reflector, form, octets and keys are the control connection's to say.
    stamp::ClientSettings session;
    /// Called once the test runs, with the time until there are results.
    std::function<void(Nanoseconds)> running = [](Nanoseconds) {};
};

struct TwampPingResult {
    stamp::ClientResult session;
    Sid sid{};
    std::optional<Error> stop_fault;  ///< the session was measured, but its stop was not acknowledged as it should be
};

/// Blocks until the session is over.
[[nodiscard]] Result<TwampPingResult> twamp_ping(const TwampPingSettings& settings, const Clock& clock);

}  // namespace quipu::owamp
