#include "services/measure/path/codec_probe.h"

#include <algorithm>
#include <array>

#include "services/measure/path/wire.h"

namespace quipu::path {
namespace {

constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58;
// RFC 4884 §5.5: where the length is missing, extensions begin behind 128 octets of the original datagram.
constexpr std::size_t kOldQuote = 128;
// Of a SYN without it some firewalls think ill.
constexpr std::array<std::uint8_t, 4> kMaximumSegmentSize{2, 4, 0x05, 0xb4};

/// RFC 1071, not complemented.
class Sum {
  public:
    void add(std::uint32_t word) { sum_ += word; }
    void add(ByteSpan bytes) {
        for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
            sum_ += static_cast<std::uint32_t>(bytes[i] << 8U) | bytes[i + 1];
        if (bytes.size() % 2 != 0) sum_ += static_cast<std::uint32_t>(bytes.back() << 8U);
    }
    [[nodiscard]] std::uint16_t folded() const {
        std::uint64_t sum = sum_;
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16U);
        return static_cast<std::uint16_t>(sum);
    }
    [[nodiscard]] std::uint16_t checksum() const { return static_cast<std::uint16_t>(~folded()); }
    /// The word that has to be added so that the checksum becomes `wanted`.
    [[nodiscard]] std::uint16_t missing_for(std::uint16_t wanted) const {
        Sum all = *this;
        all.add(static_cast<std::uint32_t>(wanted));
        return all.checksum();
    }

  private:
    std::uint64_t sum_ = 0;
};

std::uint8_t next_header(const Flow& flow) {
    switch (flow.protocol) {
        case Protocol::udp: return kUdp;
        case Protocol::tcp: return kTcp;
        case Protocol::icmp: break;
    }
    return flow.target.is_v6() ? kIcmp6 : kIcmp;
}

std::uint16_t ip_octets(const Flow& flow) {
    return flow.target.is_v6() ? 40 : 20;
}

void write_ip(ByteWriter& out, const Flow& flow, const Probe& probe, std::uint16_t length) {
    if (flow.target.is_v6()) {
        // RFC 6437: one label for the flow; its ports make it.
        const std::uint32_t label = (static_cast<std::uint32_t>(flow.source_port) << 4U ^ flow.target_port) & 0xfffffU;
        out.u32(6U << 28U | static_cast<std::uint32_t>(probe.traffic_class) << 20U | std::max<std::uint32_t>(label, 1));
        out.u16(static_cast<std::uint16_t>(length - 40));
        out.u8(next_header(flow));
        out.u8(probe.ttl);
    } else {
        out.u8(0x45);
        out.u8(probe.traffic_class);
        out.u16(length);
        out.u16(probe.identity);
        out.u16(probe.whole ? 0x4000 : 0);
        out.u8(probe.ttl);
        out.u8(next_header(flow));
        out.u16(0);  // the kernel's to fill in
    }
    out.bytes(wire::octets_of(flow.source));
    out.bytes(wire::octets_of(flow.target));
}

std::uint32_t syn_sequence(const Flow& flow, std::uint16_t identity) {
    return static_cast<std::uint32_t>(static_cast<std::uint16_t>(~flow.source_port)) << 16U | identity;
}

/// Addresses, length and protocol, as UDP, TCP and ICMPv6 sum them up with the rest (RFC 8200 §8.1).
Sum pseudo_header(const Flow& flow, std::size_t length) {
    Sum out;
    out.add(wire::octets_of(flow.source));
    out.add(wire::octets_of(flow.target));
    out.add(static_cast<std::uint32_t>(length));
    out.add(static_cast<std::uint32_t>(next_header(flow)));
    return out;
}

/// Two octets of payload that give the checksum which is wanted, then zeros.
void write_compensated(ByteWriter& out, Sum sum, std::size_t header_from, std::size_t checksum_at, std::uint16_t wanted,
                       std::size_t payload) {
    sum.add(out.span().subspan(header_from));
    out.patch(checksum_at, wanted);
    out.u16(sum.missing_for(wanted));
    out.zeros(payload - 2);
}

// ---- what comes back

/// The probe that an error message quotes.
bool read_quoted_transport(ByteReader& in, std::uint8_t protocol, bool v6, Answer& out) {
    Flow& flow = out.flow;
    if (protocol == kUdp) {
        flow.protocol = Protocol::udp;
        flow.source_port = in.u16();
        flow.target_port = in.u16();
        in.skip(2);
        out.identity = in.u16();
    } else if (protocol == kTcp) {
        flow.protocol = Protocol::tcp;
        flow.source_port = in.u16();
        flow.target_port = in.u16();
        const std::uint32_t sequence = in.u32();
        out.identity = static_cast<std::uint16_t>(sequence);
        if (sequence != syn_sequence(flow, out.identity)) return false;
    } else if (protocol == (v6 ? kIcmp6 : kIcmp)) {
        flow.protocol = Protocol::icmp;
        if (in.u8() != (v6 ? 128 : 8) || in.u8() != 0) return false;
        flow.target_port = in.u16();
        flow.source_port = in.u16();
        out.identity = in.u16();
    } else {
        return false;
    }
    return in.ok();
}

bool read_quote4(ByteReader in, Answer& out) {
    const std::uint8_t first = in.u8();
    if (first >> 4U != 4 || (first & 0x0fU) < 5) return false;
    in.skip(5);
    if ((in.u16() & 0x1fffU) != 0) return false;  // a later fragment
    in.skip(1);
    const std::uint8_t protocol = in.u8();
    in.skip(2);
    out.flow.source = net::IpAddress::v4(in.u32());
    out.flow.target = net::IpAddress::v4(in.u32());
    in.skip(((first & 0x0fU) - 5U) * 4U);
    return read_quoted_transport(in, protocol, false, out);
}

bool read_quote6(ByteReader in, Answer& out) {
    if (in.u32() >> 28U != 6) return false;
    in.skip(2);
    const std::uint8_t protocol = in.u8();
    in.skip(1);
    out.flow.source = wire::read_address(in, true);
    out.flow.target = wire::read_address(in, true);
    return read_quoted_transport(in, protocol, true, out);
}

/// RFC 4884 §7, RFC 4950 §3. `sure`: the message says that they are there; a checksum of zero is then none.
void read_extensions(ByteSpan bytes, bool sure, Answer& out) {
    ByteReader in(bytes);
    if (in.u8() >> 4U != 2) return;
    in.skip(1);
    const std::uint16_t checksum = in.u16();
    if (!in.ok() || (checksum == 0 && !sure)) return;
    Sum sum;
    sum.add(bytes);
    if (checksum != 0 && sum.checksum() != 0) return;
    while (in.remaining() >= 4) {
        const std::uint16_t length = in.u16();
        const std::uint8_t object = in.u8();
        const std::uint8_t type = in.u8();
        if (length < 4) return;
        ByteReader body = in.sub(length - 4U);
        if (object != 1 || type != 1) continue;
        while (body.remaining() >= 4 && out.labels.size() < wire::kMostLabels)
            out.labels.push_back(wire::label_of(body.u32()));
    }
}

/// What an error message holds behind its eight octets. `quoted`: octets of the original datagram, 0 if it is not said.
bool read_quote(ByteSpan body, std::size_t quoted, bool v6, Answer& out) {
    const std::size_t end = std::min(body.size(), quoted > 0 ? quoted : body.size());
    const ByteReader quote(body.first(end));
    if (!(v6 ? read_quote6(quote, out) : read_quote4(quote, out))) return false;
    if (out.kind == Answer::Kind::too_big) return true;
    const std::size_t behind = quoted > 0 ? quoted : kOldQuote;
    if (body.size() > behind) read_extensions(body.subspan(behind), quoted > 0, out);
    return true;
}

struct Ip4 {
    net::IpAddress source, target;
    std::uint8_t ttl = 0;
};
/// Leaves the reader behind the header.
std::optional<Ip4> read_ip4(ByteReader& in, std::uint8_t protocol) {
    const std::uint8_t first = in.u8();
    in.skip(7);
    Ip4 out;
    out.ttl = in.u8();
    const bool ours = in.u8() == protocol;
    in.skip(2);
    out.source = net::IpAddress::v4(in.u32());
    out.target = net::IpAddress::v4(in.u32());
    if (first >> 4U != 4 || (first & 0x0fU) < 5 || !ours) return std::nullopt;
    in.skip(((first & 0x0fU) - 5U) * 4U);
    if (!in.ok()) return std::nullopt;
    return out;
}

std::optional<Answer> read_echo_reply(ByteReader& in, Answer out, std::uint16_t checksum) {
    out.kind = Answer::Kind::echo_reply;
    out.flow.protocol = Protocol::icmp;
    out.flow.target = out.from;
    // The reply is the request with another type in the upper octet of its first word, so its checksum is greater by
    // the difference, whatever the payload.
    const bool v6 = out.from.is_v6();
    Sum request;
    request.add(static_cast<std::uint32_t>(static_cast<std::uint16_t>(~checksum)));
    request.add(v6 ? static_cast<std::uint32_t>(static_cast<std::uint16_t>(~0x0100U)) : 0x0800U);
    out.flow.target_port = request.checksum();
    out.flow.source_port = in.u16();
    out.identity = in.u16();
    if (!in.ok()) return std::nullopt;
    return out;
}

std::optional<Answer> read_segment(ByteReader& in, Answer out) {
    out.flow.protocol = Protocol::tcp;
    out.flow.target = out.from;
    out.flow.target_port = in.u16();
    out.flow.source_port = in.u16();
    in.skip(4);
    const std::uint32_t sequence = in.u32() - 1;
    in.skip(1);
    const std::uint8_t flags = in.u8();
    if (!in.ok() || (flags & 0x10U) == 0) return std::nullopt;
    const bool reset = (flags & 0x04U) != 0;
    const bool open = (flags & 0x02U) != 0;
    out.identity = static_cast<std::uint16_t>(sequence);
    if ((!reset && !open) || sequence != syn_sequence(out.flow, out.identity)) return std::nullopt;
    out.kind = reset ? Answer::Kind::tcp_closed : Answer::Kind::tcp_open;
    return out;
}

}  // namespace

std::uint16_t least_octets(const Flow& flow) {
    const std::size_t transport = flow.protocol == Protocol::tcp ? 20 + kMaximumSegmentSize.size() : 8 + kProbePayload;
    return static_cast<std::uint16_t>(ip_octets(flow) + transport);
}

void write_probe(ByteWriter& out, const Flow& flow, const Probe& probe) {
    const std::uint16_t length = std::max(probe.length, least_octets(flow));
    const auto segment = static_cast<std::uint16_t>(length - ip_octets(flow));
    write_ip(out, flow, probe, length);
    const std::size_t at = out.size();
    switch (flow.protocol) {
        case Protocol::udp:
            out.u16(flow.source_port);
            out.u16(flow.target_port);
            out.u16(segment);
            out.u16(0);
            write_compensated(out, pseudo_header(flow, segment), at, at + 6, probe.identity, segment - 8U);
            break;
        case Protocol::icmp:
            out.u8(flow.target.is_v6() ? 128 : 8);
            out.u8(0);
            out.u16(0);
            out.u16(flow.source_port);
            out.u16(probe.identity);
            write_compensated(out, flow.target.is_v6() ? pseudo_header(flow, segment) : Sum(), at, at + 2,
                              flow.target_port, segment - 8U);
            break;
        case Protocol::tcp: {
            out.u16(flow.source_port);
            out.u16(flow.target_port);
            out.u32(syn_sequence(flow, probe.identity));
            out.u32(0);
            out.u8(6U << 4U);
            out.u8(0x02);  // SYN
            out.u16(64'240);
            out.u32(0);  // checksum, urgent pointer
            out.bytes(kMaximumSegmentSize);
            out.zeros(segment - 24U);
            Sum sum = pseudo_header(flow, segment);
            sum.add(out.span().subspan(at));
            out.patch(at + 16, sum.checksum());
            break;
        }
    }
}

std::optional<Answer> parse_icmp4(ByteSpan datagram) {
    ByteReader in(datagram);
    const auto ip = read_ip4(in, kIcmp);
    if (!ip) return std::nullopt;
    Answer out;
    out.from = ip->source;
    out.ttl = ip->ttl;
    const std::uint8_t type = in.u8();
    out.code = in.u8();
    const std::uint16_t checksum = in.u16();
    if (type == 0 && out.code == 0) {
        out.flow.source = ip->target;
        return read_echo_reply(in, std::move(out), checksum);
    }
    in.skip(1);
    const std::size_t quoted = in.u8() * std::size_t{4};  // RFC 4884 §4.1
    const std::uint16_t mtu = in.u16();                   // RFC 1191 §4
    if (type == 11 && out.code == 0) {
        out.kind = Answer::Kind::time_exceeded;
    } else if (type == 3) {
        out.kind = out.code == 4 ? Answer::Kind::too_big : Answer::Kind::unreachable;
        if (out.code == 4) out.mtu = mtu;
    } else {
        return std::nullopt;
    }
    if (!in.ok() || !read_quote(in.rest(), quoted, false, out)) return std::nullopt;
    return out;
}

std::optional<Answer> parse_icmp6(ByteSpan message, const net::IpAddress& from) {
    ByteReader in(message);
    Answer out;
    out.from = from;
    const std::uint8_t type = in.u8();
    out.code = in.u8();
    const std::uint16_t checksum = in.u16();
    if (type == 129 && out.code == 0) return read_echo_reply(in, std::move(out), checksum);
    const std::uint32_t word = in.u32();
    std::size_t quoted = (word >> 24U) * std::size_t{8};  // RFC 4884 §4.4
    if (type == 3 && out.code == 0) {
        out.kind = Answer::Kind::time_exceeded;
    } else if (type == 1) {
        out.kind = Answer::Kind::unreachable;
    } else if (type == 2) {
        out.kind = Answer::Kind::too_big;
        out.mtu = word;
        quoted = 0;
    } else {
        return std::nullopt;
    }
    if (!in.ok() || !read_quote(in.rest(), quoted, true, out)) return std::nullopt;
    return out;
}

std::optional<Answer> parse_tcp4(ByteSpan datagram) {
    ByteReader in(datagram);
    const auto ip = read_ip4(in, kTcp);
    if (!ip) return std::nullopt;
    Answer out;
    out.from = ip->source;
    out.ttl = ip->ttl;
    out.flow.source = ip->target;
    return read_segment(in, std::move(out));
}

std::optional<Answer> parse_tcp6(ByteSpan segment, const net::IpAddress& from, const net::IpAddress& local) {
    ByteReader in(segment);
    Answer out;
    out.from = from;
    out.flow.source = local;
    return read_segment(in, std::move(out));
}

bool Answer::of_target() const {
    switch (kind) {
        case Kind::echo_reply:
        case Kind::tcp_open:
        case Kind::tcp_closed: return true;
        case Kind::unreachable: return from == flow.target;
        case Kind::time_exceeded:
        case Kind::too_big: break;
    }
    return false;
}

std::string Answer::refusal() const {
    if (kind != Kind::unreachable) return {};
    const auto numbered = [&] { return "!<" + std::to_string(code) + ">"; };
    if (from.is_v6()) {
        switch (code) {  // RFC 4443 §3.1
            case 0: return "!N";
            case 1: return "!X";
            case 2: return "!S";
            case 3: return "!H";
            case 4: return {};
            default: return numbered();
        }
    }
    switch (code) {  // RFC 792, RFC 1812 §5.2.7.1
        case 0: return "!N";
        case 1: return "!H";
        case 2: return "!P";
        case 3: return {};
        case 5: return "!S";
        case 13: return "!X";
        case 14: return "!V";
        case 15: return "!C";
        default: return numbered();
    }
}

}  // namespace quipu::path
