#include "services/measure/path/codec_record.h"

#include <algorithm>

#include "services/measure/path/wire.h"

namespace quipu::path {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMostHops = 255, kMostAddresses = 8, kMostSite = 63, kMostRefusal = 8;
constexpr std::uint64_t kMostCount = 1'000'000;
constexpr std::uint64_t kMostMicroseconds = 3'600'000'000;
constexpr std::uint8_t kV6 = 1, kReached = 2;

std::unexpected<Error> wrong(const ByteReader& in, std::string_view why) {
    return fail(ErrorCode::invalid, "path record: " + std::string(why), "octet " + std::to_string(in.offset()));
}

/// 0 stands for nothing.
void write_optional(ByteWriter& out, const std::optional<std::int64_t>& value) {
    out.varint(value ? static_cast<std::uint64_t>(*value) + 1 : 0);
}

bool read_optional(ByteReader& in, std::uint64_t most, std::optional<std::int64_t>& out) {
    const std::uint64_t value = in.varint();
    if (value > most + 1) return false;
    out.reset();
    if (value != 0) out = static_cast<std::int64_t>(value - 1);
    return true;
}

/// All addresses of a record are of the target's family.
void write_hop(ByteWriter& out, const Hop& hop) {
    const std::size_t addresses = std::min(hop.addresses.size(), kMostAddresses);
    out.u8(static_cast<std::uint8_t>(addresses));
    for (std::size_t i = 0; i < addresses; ++i)
        out.bytes(wire::octets_of(hop.addresses[i]));
    out.varint(static_cast<std::uint64_t>(hop.sent));
    out.varint(static_cast<std::uint64_t>(hop.received));
    write_optional(out, hop.rtt_min_us);
    write_optional(out, hop.rtt_median_us);
    write_optional(out, hop.reply_ttl);
    write_optional(out, hop.mtu);
    const std::size_t labels = std::min(hop.labels.size(), wire::kMostLabels);
    out.u8(static_cast<std::uint8_t>(labels));
    for (std::size_t i = 0; i < labels; ++i)
        out.u32(wire::entry_of(hop.labels[i]));
    out.text(hop.refused);
}

Result<Hop> read_hop(ByteReader& in, bool v6) {
    Hop out;
    const std::size_t addresses = in.u8();
    if (addresses > kMostAddresses) return wrong(in, "too many addresses of a hop");
    for (std::size_t i = 0; i < addresses; ++i)
        out.addresses.push_back(wire::read_address(in, v6));
    const std::uint64_t sent = in.varint(), received = in.varint();
    if (sent > kMostCount || received > sent) return wrong(in, "more answered than sent");
    out.sent = static_cast<std::int64_t>(sent);
    out.received = static_cast<std::int64_t>(received);
    if (!read_optional(in, kMostMicroseconds, out.rtt_min_us) ||
        !read_optional(in, kMostMicroseconds, out.rtt_median_us))
        return wrong(in, "round trip out of range");
    if (!read_optional(in, 255, out.reply_ttl)) return wrong(in, "TTL out of range");
    if (!read_optional(in, 65'535, out.mtu)) return wrong(in, "MTU out of range");
    const std::size_t labels = in.u8();
    if (labels > wire::kMostLabels) return wrong(in, "too many labels");
    for (std::size_t i = 0; i < labels; ++i)
        out.labels.push_back(wire::label_of(in.u32()));
    out.refused = in.text();
    const auto printable = [](char c) { return c > ' ' && c < 127; };
    if (out.refused.size() > kMostRefusal || !std::ranges::all_of(out.refused, printable))
        return wrong(in, "no mark of a refusal");
    return out;
}

}  // namespace

void write_path(ByteWriter& out, const TracedPath& path) {
    const PathRecord& record = path.record;
    const bool v6 = record.target.is_v6();
    out.u8(kVersion);
    out.text(path.to);
    out.zigzag(record.time.time_since_epoch().count());
    out.u8(static_cast<std::uint8_t>((v6 ? kV6 : 0) | (record.reached ? kReached : 0) |
                                     static_cast<std::uint8_t>(record.protocol) << 2U));
    out.bytes(wire::octets_of(record.source));
    out.bytes(wire::octets_of(record.target));
    out.u16(static_cast<std::uint16_t>(record.source_port));
    out.u16(static_cast<std::uint16_t>(record.target_port));
    write_optional(out, record.mtu);
    const std::size_t hops = std::min(record.hops.size(), kMostHops);
    out.u8(static_cast<std::uint8_t>(hops));
    for (std::size_t i = 0; i < hops; ++i)
        write_hop(out, record.hops[i]);
}

Result<TracedPath> parse_path(ByteReader& in) {
    TracedPath out;
    PathRecord& record = out.record;
    if (const auto version = in.u8(); in.ok() && version != kVersion)
        return wrong(in, "version " + std::to_string(version) + " is unknown");
    out.to = in.text();
    if (out.to.size() > kMostSite || out.to.find('/') != std::string::npos) return wrong(in, "no name of a site");
    record.time = Time(Nanoseconds(in.zigzag()));
    const std::uint8_t flags = in.u8();
    const bool v6 = (flags & kV6) != 0;
    record.reached = (flags & kReached) != 0;
    if (flags >> 2U > static_cast<unsigned>(Protocol::tcp)) return wrong(in, "unknown protocol");
    record.protocol = static_cast<Protocol>(flags >> 2U);
    record.source = wire::read_address(in, v6);
    record.target = wire::read_address(in, v6);
    record.source_port = in.u16();
    record.target_port = in.u16();
    if (!read_optional(in, 65'535, record.mtu)) return wrong(in, "MTU out of range");
    const std::size_t hops = in.u8();
    for (std::size_t i = 0; i < hops && in.ok(); ++i) {
        record.hops.push_back(TRY(read_hop(in, v6)));
        record.hops.back().ttl = static_cast<std::int64_t>(i + 1);
    }
    TRY(in.finish("path record"));
    record.id = id_of(record.hops);
    return out;
}

}  // namespace quipu::path
