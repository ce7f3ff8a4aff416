#pragma once
// One STAMP (or TWAMP Light) session from here to a reflector, with real packets: sockets, kernel's stamps, the
// sender's engine.

#include <functional>
#include <optional>
#include <string>

#include "net/udp.h"
#include "services/measure/stamp/engine_sender.h"

namespace quipu::stamp {

struct ClientSettings {
    net::Endpoint reflector;
    SenderPlan plan;
    Form form;                            ///< STAMP open or authenticated, or TWAMP open (TWAMP Light)
    std::string key;                      ///< of authenticated mode
    std::optional<TwampKeys> twamp_keys;  ///< of TWAMP's authenticated and encrypted mode: a control connection's
    std::uint16_t ssid = 0;               ///< 0: any
    std::size_t octets = 0;               ///< of a packet; what its header does not need is padding
    std::uint8_t dscp = 0;
    std::optional<std::uint8_t> answers_dscp;  ///< asked for by a Class of Service TLV
    Nanoseconds declared_clock_error{};        ///< zero: what the kernel says
    Nanoseconds start_delay{};                 ///< until the first packet
    std::function<bool()> interrupted = [] { return false; };
};

struct ClientResult {
    net::Endpoint from;
    net::Endpoint to;
    SessionReport report;
    std::vector<Exchange> exchanges;
    std::uint64_t overflowed = 0;      ///< answers that found our socket full: our loss, not the network's
    std::uint32_t wrong = 0;           ///< answers with a wrong HMAC or in the wrong form
    measure::ErrorEstimate own_error;  ///< of this machine's clock
    bool kernel_stamps = false;        ///< every stamp of ours is the kernel's
    std::uint32_t not_understood = 0, malformed = 0, integrity_failed = 0;  ///< answers with an extension so flagged
};

[[nodiscard]] Result<ClientResult> run_session(const ClientSettings& settings, const Clock& clock);

/// The same in two steps, for a control connection that must tell the sender's port before.
[[nodiscard]] Result<net::UdpSocket> session_socket(const net::IpAddress& local, const net::PortRange& ports,
                                                    std::uint8_t dscp);
[[nodiscard]] Result<ClientResult> run_session(const ClientSettings& settings, const Clock& clock,
                                               net::UdpSocket socket);

}  // namespace quipu::stamp
