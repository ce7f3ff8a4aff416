#pragma once
// A way through the network as traceroute finds it, and when two of them are the same.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"
#include "net/address.h"

namespace quipu::path {

enum class Protocol : std::uint8_t { udp, icmp, tcp };
constexpr auto describe_enum(Protocol) {
    return names<Protocol>({{Protocol::udp, "udp"}, {Protocol::icmp, "icmp"}, {Protocol::tcp, "tcp"}});
}

/// An entry of an MPLS label stack (RFC 3032 §2.1), as the router that answers had it (RFC 4950).
struct Label {
    std::int64_t value = 0;          ///< 20 bits
    std::int64_t traffic_class = 0;  ///< 3 bits (RFC 5462)
    bool bottom = false;
    std::int64_t ttl = 0;
    static constexpr auto describe() {
        using T = Label;
        return fields(field<&T::value>("value", "The label").required(),
                      field<&T::traffic_class>("traffic_class", "Traffic class (RFC 5462)").required(),
                      field<&T::bottom>("bottom", "Last of the stack").required(),
                      field<&T::ttl>("ttl", "TTL of the entry").required());
    }
    bool operator==(const Label&) const = default;
};

/// What answered to probes of one TTL.
struct Hop {
    std::int64_t ttl = 0;
    std::vector<net::IpAddress> addresses;  ///< in the order in which they answered first; empty: silent
    std::int64_t sent = 0, received = 0;
    std::vector<std::int64_t> rtts_us;  ///< of the probes that were answered, in the order sent
    std::optional<std::int64_t> rtt_min_us, rtt_median_us;
    std::optional<std::int64_t> reply_ttl;  ///< TTL of the answer on arrival
    std::vector<Label> labels;              ///< outermost first
    std::optional<std::int64_t> mtu;        ///< what this hop said of the next link (RFC 1191 §4, RFC 4443 §3.2)
    std::string refused;                    ///< why it passes nothing on: "!N", "!H", "!X"…, as traceroute writes it

    [[nodiscard]] bool silent() const { return addresses.empty(); }
    [[nodiscard]] double loss() const {
        return sent > 0 ? static_cast<double>(sent - received) / static_cast<double>(sent) : 0;
    }
    static constexpr auto describe() {
        using T = Hop;
        return fields(
            field<&T::ttl>("ttl", "How many routers away").required(),
            field<&T::addresses>("addresses", "Who answered, the first to answer first; none: silent").required(),
            field<&T::sent>("sent", "Probes sent").required(),
            field<&T::received>("received", "Probes answered").required(),
            field<&T::rtts_us>("rtts_us", "Round trips in the order sent").format("us"),
            field<&T::rtt_min_us>("rtt_min_us", "Shortest round trip").format("us"),
            field<&T::rtt_median_us>("rtt_median_us", "Median round trip").format("us"),
            field<&T::reply_ttl>("reply_ttl", "TTL of the answer on arrival"),
            field<&T::labels>("labels", "MPLS label stack, outermost first (RFC 4950)"),
            field<&T::mtu>("mtu", "MTU of the next link, as this hop tells it").format("B"),
            field<&T::refused>("refused", "Why it passes nothing on, as traceroute writes it: !N, !H, !X…"));
    }
    bool operator==(const Hop&) const = default;
};

/// One trace from end to end.
struct PathRecord {
    std::string id;  ///< id_of(hops), or that of the known way which these hops fit (ways.h)
    Time time{};     ///< when the trace began
    net::IpAddress source, target;
    Protocol protocol = Protocol::udp;
    std::int64_t source_port = 0, target_port = 0;  ///< of the flow; with icmp the identifier and the constant checksum
    bool reached = false;                           ///< the target itself answered: it is the last hop
    std::vector<Hop> hops;            ///< from the first TTL on, without a gap; silent ones at the end left out
    std::optional<std::int64_t> mtu;  ///< of the whole path, when it was looked for
    static constexpr auto describe() {
        using T = PathRecord;
        return fields(field<&T::id>("id", "Of the ordered addresses; the same way has the same").required(),
                      field<&T::time>("time", "When the trace began").required(),
                      field<&T::source>("source", "Where it began").required(),
                      field<&T::target>("target", "Where it went").required(),
                      field<&T::protocol>("protocol", "udp, icmp or tcp").required(),
                      field<&T::source_port>("source_port", "Of the flow that all probes belong to").required(),
                      field<&T::target_port>("target_port", "Of the flow that all probes belong to").required(),
                      field<&T::reached>("reached", "The target answered").required(),
                      field<&T::hops>("hops", "From the first hop on").required(),
                      field<&T::mtu>("mtu", "Path MTU, when it was looked for").format("B"));
    }
    bool operator==(const PathRecord&) const = default;
};

/// The first 16 hexadecimal digits of the SHA-256 of one line a hop: its address (RFC 5952; the lowest one if several
/// answered), "*" for a silent one. So anybody computes it alike:
///     printf '10.0.0.1\n*\n10.0.2.1\n' | sha256sum | cut -c1-16
[[nodiscard]] std::string id_of(const std::vector<Hop>& hops);

}  // namespace quipu::path
