#pragma once
// For tests: what routers and targets send back to a probe, octet by octet.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "services/measure/path/codec_probe.h"
#include "services/measure/path/wire.h"

namespace quipu::path {

inline net::IpAddress address_for_test(bool v6, std::string_view v4_text, std::string_view v6_text) {
    return *net::IpAddress::parse(v6 ? v6_text : v4_text);
}
inline net::IpAddress router_for_test(bool v6) {
    return address_for_test(v6, "198.51.100.1", "2001:db8:1::1");
}
inline Flow flow_for_test(Protocol protocol, bool v6) {
    return {.protocol = protocol,
            .source = address_for_test(v6, "192.0.2.1", "2001:db8::1"),
            .target = address_for_test(v6, "203.0.113.9", "2001:db8:2::9"),
            .source_port = 40'000,
            .target_port = static_cast<std::uint16_t>(protocol == Protocol::tcp ? 443 : 33'434)};
}
inline std::vector<std::uint8_t> written(const Flow& flow, const Probe& probe) {
    ByteWriter out;
    write_probe(out, flow, probe);
    return out.take();
}

inline void write_ip4_for_test(ByteWriter& out, const net::IpAddress& from, const net::IpAddress& to,
                               std::uint8_t protocol) {
    out.u8(0x45);
    out.zeros(7);
    out.u8(61);
    out.u8(protocol);
    out.u16(0);
    out.bytes(ByteSpan(from.octets()).first(4));
    out.bytes(ByteSpan(to.octets()).first(4));
}

inline std::uint16_t checksum_for_test(ByteSpan bytes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += i % 2 == 0 ? static_cast<std::uint64_t>(bytes[i]) << 8U : bytes[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

enum class Message : std::uint8_t { time_exceeded, port_unreachable, prohibited, too_big };

/// With IPv4 from the IP header on. Labels stand behind 128 octets (RFC 4884); `length`: the message says so.
inline std::vector<std::uint8_t> error_message(bool v6, Message error, ByteSpan quoted,
                                               const std::vector<Label>& labels = {}, std::uint16_t mtu = 0,
                                               std::optional<net::IpAddress> from = {}, bool length = true) {
    static constexpr std::array<std::array<std::uint8_t, 2>, 4> kTypes4{{{11, 0}, {3, 3}, {3, 13}, {3, 4}}};
    static constexpr std::array<std::array<std::uint8_t, 2>, 4> kTypes6{{{3, 0}, {1, 4}, {1, 1}, {2, 0}}};
    ByteWriter out;
    if (!v6)
        write_ip4_for_test(out, from.value_or(router_for_test(false)), address_for_test(false, "192.0.2.1", "::"), 1);
    const auto type = (v6 ? kTypes6 : kTypes4)[static_cast<std::size_t>(error)];
    out.u8(type[0]);
    out.u8(type[1]);
    out.u16(0);
    const bool told = !labels.empty() && length;
    out.u8(v6 && told ? 128 / 8 : 0);
    out.u8(!v6 && told ? 128 / 4 : 0);
    out.u16(mtu);
    out.bytes(quoted);
    if (labels.empty()) return out.take();
    out.zeros(128 - quoted.size());
    ByteWriter extension;
    extension.u32(0x20000000U);
    extension.u16(static_cast<std::uint16_t>(4 + 4 * labels.size()));
    extension.u16(0x0101);
    for (const Label& label : labels)
        extension.u32(wire::entry_of(label));
    extension.patch(2, checksum_for_test(extension.span()));
    out.bytes(extension.span());
    return out.take();
}

/// The request sent back with another type and the checksum that follows from it.
inline std::vector<std::uint8_t> echo_reply(bool v6, ByteSpan request) {
    ByteWriter out;
    const auto message = request.subspan(v6 ? 40 : 20);
    if (!v6) {
        write_ip4_for_test(out, address_for_test(false, "203.0.113.9", "::"),
                           address_for_test(false, "192.0.2.1", "::"), 1);
        ByteWriter reply;
        reply.u32(0);
        reply.bytes(message.subspan(4));
        reply.patch(2, checksum_for_test(reply.span()));
        out.bytes(reply.span());
        return out.take();
    }
    ByteWriter summed;  // the pseudo header, then the message
    summed.bytes(request.subspan(8, 32));
    summed.u32(static_cast<std::uint32_t>(message.size()));
    summed.u32(58);
    summed.u32(129U << 24U);
    summed.bytes(message.subspan(4));
    summed.patch(42, checksum_for_test(summed.span()));
    out.bytes(summed.span().subspan(40));
    return out.take();
}

inline std::vector<std::uint8_t> tcp_answer(bool v6, ByteSpan syn, bool open) {
    ByteWriter out;
    if (!v6)
        write_ip4_for_test(out, address_for_test(false, "203.0.113.9", "::"),
                           address_for_test(false, "192.0.2.1", "::"), 6);
    ByteReader in(syn.subspan(v6 ? 40 : 20));
    const std::uint16_t source = in.u16();
    const std::uint16_t target = in.u16();
    const std::uint32_t sequence = in.u32();
    out.u16(target);
    out.u16(source);
    out.u32(0x01020304);
    out.u32(sequence + 1);
    out.u8(5U << 4U);
    out.u8(open ? 0x12 : 0x14);
    out.zeros(6);
    return out.take();
}

inline std::optional<Answer> read(ByteSpan message, bool v6, std::optional<net::IpAddress> from = {}) {
    if (!v6) return parse_icmp4(message);
    // The error's sender is not in an ICMPv6 message: the kernel tells it.
    const bool by_target = message.size() > 1 && message[0] == 1 && message[1] == 4;
    return parse_icmp6(message,
                       from.value_or(by_target ? flow_for_test(Protocol::udp, true).target : router_for_test(true)));
}

}  // namespace quipu::path
