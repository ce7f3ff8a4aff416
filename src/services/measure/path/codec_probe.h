#pragma once
// Probes of a Paris traceroute, whole IP datagrams, and what comes back.
//
// Routers that spread traffic over equal ways hash the flow: addresses, protocol, and the first four octets of the
// transport's header (ports; type, code and checksum of ICMP) or IPv6's flow label. A probe's identity therefore stands
// elsewhere:
//     UDP   in the checksum; two octets of payload make it come out so
//     ICMP  in the echo's sequence number; two octets of payload keep the checksum as it was
//     TCP   in the lower half of a SYN's sequence number
// and, with IPv4, in the datagram's identification as well.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "services/measure/path/record.h"

namespace quipu::path {

/// What all probes of a trace have in common. With ICMP `source_port` is the echo's identifier and `target_port` its
/// checksum (neither 0 nor 65535).
struct Flow {
    Protocol protocol = Protocol::udp;
    net::IpAddress source, target;
    std::uint16_t source_port = 0, target_port = 0;
    bool operator==(const Flow&) const = default;
};

/// A UDP checksum of 0 says that there is none, and 65535 can't be told from it.
inline constexpr std::uint16_t kFirstIdentity = 1, kLastIdentity = 0xfffe;

/// Octets behind the UDP header of the shortest probe.
inline constexpr std::size_t kProbePayload = 2;

struct Probe {
    std::uint16_t identity = kFirstIdentity;
    std::uint8_t ttl = 1;
    std::uint8_t traffic_class = 0;
    std::uint16_t length = 0;  ///< of the whole datagram; 0: the shortest
    bool whole = false;        ///< with IPv4: routers must not fragment it
};
/// The least octets of a probe of this flow.
[[nodiscard]] std::uint16_t least_octets(const Flow& flow);
void write_probe(ByteWriter& out, const Flow& flow, const Probe& probe);

/// A message that answers a probe.
struct Answer {
    enum class Kind : std::uint8_t { time_exceeded, unreachable, too_big, echo_reply, tcp_open, tcp_closed };
    Kind kind = Kind::time_exceeded;
    std::uint8_t code = 0;            ///< of an unreachable
    net::IpAddress from;              ///< who answers
    std::optional<std::uint8_t> ttl;  ///< on arrival
    std::uint32_t mtu = 0;       ///< of a too_big: of the next link; 0: an old router that does not say (RFC 1191 §5)
    std::vector<Label> labels;   ///< RFC 4950
    Flow flow;                   ///< of the probe; its source is not known from an echo reply's payload: unset
    std::uint16_t identity = 0;  ///< the probe's

    /// The target itself says so, rather than a router on the way.
    [[nodiscard]] bool of_target() const;
    /// Why nothing passes, as traceroute writes it: "!N", "!H", "!X"… Empty where it is no refusal.
    [[nodiscard]] std::string refusal() const;
    bool operator==(const Answer&) const = default;
};

/// Datagrams as raw sockets give them: with IPv4 from the IP header on, with IPv6 from behind it. Nothing when it is no
/// answer to a probe of this kind, or cut short. A quoted datagram need not be longer than the transport's first eight
/// octets (RFC 792); labels stand in extensions by RFC 4884, also where the length is missing (§5.5). At most 16.
[[nodiscard]] std::optional<Answer> parse_icmp4(ByteSpan datagram);
[[nodiscard]] std::optional<Answer> parse_icmp6(ByteSpan message, const net::IpAddress& from);
[[nodiscard]] std::optional<Answer> parse_tcp4(ByteSpan datagram);
/// `local`: where it was sent to.
[[nodiscard]] std::optional<Answer> parse_tcp6(ByteSpan segment, const net::IpAddress& from,
                                               const net::IpAddress& local);

}  // namespace quipu::path
