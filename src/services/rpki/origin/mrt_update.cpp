// Updates: BGP4MP and BGP4MP_ET (RFC 6396 §4.4, §4.5; additional paths RFC 8050 §3) with the BGP message in them.
#include <algorithm>

#include "services/rpki/origin/mrt.h"
#include "services/rpki/origin/mrt_wire.h"

namespace quipu::rpki {
namespace {

struct MessageShape {
    bool message = false;
    bool four_octets = false;
    bool paths = false;
    bool local = false;  ///< sent by the collector: its own AS is the speaker's
};

MessageShape message_shape_of(std::uint16_t subtype) {
    switch (subtype) {
        case 1: return {.message = true};
        case 4: return {.message = true, .four_octets = true};
        case 6: return {.message = true, .local = true};
        case 7: return {.message = true, .four_octets = true, .local = true};
        case 8: return {.message = true, .paths = true};
        case 9: return {.message = true, .four_octets = true, .paths = true};
        case 10: return {.message = true, .paths = true, .local = true};
        case 11: return {.message = true, .four_octets = true, .paths = true, .local = true};
        default: return {};  // state changes
    }
}

/// Appends every prefix of a field of NLRI; false if it is malformed.
bool read_prefixes(ByteReader in, bool v6, bool paths, const MrtRoute& like, std::vector<MrtRoute>& out) {
    while (!in.at_end()) {
        if (paths) in.skip(4);  // RFC 7911 §3
        MrtRoute route = like;
        if (!mrt::read_prefix(in, v6, route.route.prefix)) return false;
        out.push_back(route);
    }
    return in.ok();
}

}  // namespace

std::string_view MrtReader::read_update(const Header& header, ByteReader in) {
    constexpr std::size_t kMarkerOctets = 16;
    constexpr std::uint16_t kBgpHeaderOctets = 19;
    constexpr std::uint8_t kUpdate = 2;
    const MessageShape shape = message_shape_of(header.subtype);
    if (!shape.message) {
        ++counts_.ignored;
        return {};
    }
    const Asn peer_as = shape.four_octets ? in.u32() : in.u16();
    const Asn own_as = shape.four_octets ? in.u32() : in.u16();
    in.skip(2);  // interface
    const std::uint16_t afi = in.u16();
    if (in.ok() && afi != mrt::kAfiIpv4 && afi != mrt::kAfiIpv6) return "the peer's address family is unknown";
    MrtRoute like{.route = {}, .peer_as = peer_as, .peer = {}, .time = header.time};
    like.peer = mrt::read_address(in, afi == mrt::kAfiIpv6);
    in.skip(afi == mrt::kAfiIpv6 ? 16 : 4);  // our address
    in.skip(kMarkerOctets);
    const std::uint16_t length = in.u16();
    const std::uint8_t type = in.u8();
    if (!in.ok() || length < kBgpHeaderOctets) return "the BGP message is cut short";
    if (type != kUpdate) {
        ++counts_.ignored;
        return {};
    }
    ByteReader message = in.sub(length - kBgpHeaderOctets);
    ByteReader withdrawn = message.sub(message.u16());
    const ByteSpan attributes = message.bytes(message.u16());
    ByteReader announced = message.sub(message.remaining());
    if (!message.ok() || !in.ok()) return "the BGP message is cut short";

    MrtRoute gone = like;
    gone.kind = MrtRoute::Kind::withdrawn;
    like.kind = MrtRoute::Kind::announced;
    if (!origin_of(ByteReader(attributes), shape.four_octets, shape.local ? own_as : peer_as, like.route.origin))
        return "the attributes are malformed";
    if (!read_prefixes(withdrawn, false, shape.paths, gone, found_)) return "a withdrawn prefix is malformed";
    if (!read_prefixes(announced, false, shape.paths, like, found_)) return "an announced prefix is malformed";

    ByteReader list(attributes);
    mrt::Attribute attribute;
    while (!list.at_end() && mrt::next_attribute(list, attribute)) {
        if (attribute.type != mrt::kMpReach && attribute.type != mrt::kMpUnreach) continue;
        // RFC 4760 §3, §4
        ByteReader value(attribute.value);
        const std::uint16_t family = value.u16();
        const std::uint8_t safi = value.u8();
        const bool reach = attribute.type == mrt::kMpReach;
        if (reach) {
            value.skip(value.u8());  // next hop
            value.skip(1);
        }
        if (!value.ok()) return "a multiprotocol attribute is cut short";
        if ((family != mrt::kAfiIpv4 && family != mrt::kAfiIpv6) || safi != mrt::kSafiUnicast) continue;
        if (!read_prefixes(value, family == mrt::kAfiIpv6, shape.paths, reach ? like : gone, found_))
            return "a prefix in a multiprotocol attribute is malformed";
    }
    return {};
}

}  // namespace quipu::rpki
