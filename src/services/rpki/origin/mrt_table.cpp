// Tables: TABLE_DUMP (RFC 6396 §4.2) and TABLE_DUMP_V2 (§4.3; additional paths RFC 8050 §4).
#include <algorithm>

#include "services/rpki/origin/mrt.h"
#include "services/rpki/origin/mrt_wire.h"

namespace quipu::rpki {
namespace {

/// A TABLE_DUMP_V2 subtype's shape.
struct RibShape {
    bool unicast = false;
    bool v6 = false;
    bool generic = false;
    bool paths = false;  ///< each entry has a path identifier
};

RibShape shape_of(std::uint16_t subtype) {
    switch (subtype) {
        case 2: return {.unicast = true};
        case 4: return {.unicast = true, .v6 = true};
        case 6: return {.unicast = true, .generic = true};
        case 8: return {.unicast = true, .paths = true};
        case 10: return {.unicast = true, .v6 = true, .paths = true};
        case 12: return {.unicast = true, .generic = true, .paths = true};
        default: return {};
    }
}

}  // namespace

std::string_view MrtReader::read_table_dump(const Header& header, ByteReader in) {
    if (header.subtype != mrt::kAfiIpv4 && header.subtype != mrt::kAfiIpv6) {
        ++counts_.ignored;
        return {};
    }
    const bool v6 = header.subtype == mrt::kAfiIpv6;
    in.skip(4);  // view, sequence
    const net::IpAddress address = mrt::read_address(in, v6);
    const unsigned length = in.u8();
    in.skip(1 + 4);  // status, time of origin
    MrtRoute route{.route = {}, .peer = {}, .time = header.time};
    route.peer = mrt::read_address(in, v6);
    route.peer_as = in.u16();
    ByteReader attributes = in.sub(in.u16());
    if (!in.ok()) return "the entry is cut short";
    if (length > (v6 ? 128U : 32U)) return "the prefix is longer than its address";
    route.route.prefix = mrt::prefix_of(address.octets(), v6, length);
    if (!origin_of(attributes, false, route.peer_as, route.route.origin)) return "the attributes are malformed";
    found_.push_back(route);
    return {};
}

std::string_view MrtReader::read_peers(ByteReader in) {
    constexpr std::uint8_t kIpv6 = 0x01;  // §4.3.1
    constexpr std::uint8_t kFourOctets = 0x02;
    in.skip(4);         // the collector
    in.skip(in.u16());  // the view's name
    const std::size_t count = in.u16();
    std::vector<Peer> peers;
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        const std::uint8_t type = in.u8();
        in.skip(4);  // BGP identifier
        Peer peer;
        peer.address = mrt::read_address(in, (type & kIpv6) != 0);
        peer.as = (type & kFourOctets) != 0 ? in.u32() : in.u16();
        peers.push_back(peer);
    }
    if (!in.ok()) return "the table of peers is cut short";
    peers_ = std::move(peers);
    return {};
}

std::string_view MrtReader::read_rib(const Header& header, ByteReader in) {
    RibShape shape = shape_of(header.subtype);
    if (!shape.unicast) {
        ++counts_.ignored;
        return {};
    }
    in.skip(4);  // sequence
    if (shape.generic) {
        // §4.3.3: any family; ours are the two unicast ones.
        const std::uint16_t afi = in.u16();
        const std::uint8_t safi = in.u8();
        if ((afi != mrt::kAfiIpv4 && afi != mrt::kAfiIpv6) || safi != mrt::kSafiUnicast) {
            ++counts_.ignored;
            return {};
        }
        shape.v6 = afi == mrt::kAfiIpv6;
        // RFC 8050 §4.2: the generic form has the identifier with each entry too.
    }
    net::Prefix prefix;
    if (!mrt::read_prefix(in, shape.v6, prefix)) return "the prefix is malformed";
    const std::size_t count = in.u16();
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t peer = in.u16();
        in.skip(4);                   // time of origin
        if (shape.paths) in.skip(4);  // RFC 8050 §4.1: path identifier
        ByteReader attributes = in.sub(in.u16());
        if (!in.ok()) return "an entry is cut short";
        if (peer >= peers_.size()) return "an entry names a peer that is not in the table of peers";
        MrtRoute route{
            .route = {prefix, {}}, .peer_as = peers_[peer].as, .peer = peers_[peer].address, .time = header.time};
        // §4.3.4: AS numbers always have four octets here.
        if (!origin_of(attributes, true, route.peer_as, route.route.origin)) return "the attributes are malformed";
        // What FRR has of its own comes from a peer without an AS, and its AS stands nowhere.
        if (route.route.origin == 0) continue;
        found_.push_back(route);
    }
    return {};
}

}  // namespace quipu::rpki
