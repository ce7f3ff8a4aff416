#include "services/rpki/origin/mrt.h"

#include <algorithm>
#include <fmt/format.h>

#include "services/rpki/origin/mrt_wire.h"

namespace quipu::rpki {
namespace {

constexpr std::size_t kHeaderOctets = 12;   // RFC 6396 §2
constexpr std::uint16_t kHighestType = 49;  // §4: types above are private or not MRT at all

}  // namespace

Result<void> MrtReader::feed(ByteSpan octets) {
    // Records are read where they lie; only one that is split between two pieces is copied.
    while (!octets.empty()) {
        ByteSpan from = octets;
        if (!partial_.empty()) {
            // As much as completes the header, then the record.
            std::size_t wanted = kHeaderOctets;
            if (partial_.size() >= kHeaderOctets) {
                ByteReader head{ByteSpan(partial_)};
                head.skip(8);
                wanted += head.u32();
            }
            const std::size_t taken = std::min(wanted - partial_.size(), octets.size());
            partial_.insert(partial_.end(), octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(taken));
            octets = octets.subspan(taken);
            from = partial_;
        }
        ByteReader in(from);
        Header header;
        header.time = in.u32();
        header.type = in.u16();
        header.subtype = in.u16();
        const std::uint32_t length = in.u32();
        const auto keep = [&] {
            if (partial_.empty()) {
                partial_.assign(octets.begin(), octets.end());
                octets = {};
            }
        };
        if (!in.ok()) {
            keep();
            continue;
        }
        if (header.type > kHighestType && counts_.records == 0)
            return fail(ErrorCode::invalid,
                        fmt::format("this is not an MRT file: its first record has type {}", header.type));
        if (length > kMaxRecord)
            return fail(ErrorCode::too_large,
                        fmt::format("the record at octet {} says that it has {} octets", counts_.octets, length), {},
                        "the file is damaged there");
        if (in.remaining() < length) {
            keep();
            continue;
        }
        found_.clear();
        const std::string_view wrong = read_record(header, in.sub(length));
        if (wrong.empty()) {
            for (const MrtRoute& route : found_)
                tell(route);
        } else if (++counts_.malformed == 1) {
            counts_.first_malformed = fmt::format("octet {}: {}", counts_.octets, wrong);
        }
        ++counts_.records;
        counts_.octets += kHeaderOctets + length;
        if (partial_.empty())
            octets = octets.subspan(kHeaderOctets + length);
        else
            partial_.clear();
    }
    return {};
}

Result<void> MrtReader::finish() const {
    if (partial_.empty()) return {};
    return fail(ErrorCode::invalid, fmt::format("the file ends within the record at octet {}", counts_.octets));
}

void MrtReader::tell(const MrtRoute& route) {
    ++counts_.routes;
    sink_(route);
}

std::string_view MrtReader::read_record(const Header& header, ByteReader in) {
    // RFC 6396 §4
    switch (header.type) {
        case mrt::kTableDump: return read_table_dump(header, in);
        case mrt::kTableDumpV2:
            if (header.subtype == mrt::kPeerIndexTable) return read_peers(in);
            return read_rib(header, in);
        case mrt::kBgp4mpEt: in.skip(4); return read_update(header, in);  // §3: microseconds
        case mrt::kBgp4mp: return read_update(header, in);
        default: ++counts_.ignored; return {};
    }
}

// ---- what tables and updates have in common

namespace mrt {

bool read_prefix(ByteReader& in, bool v6, net::Prefix& out) {
    const unsigned length = in.u8();
    if (length > (v6 ? 128U : 32U)) return false;
    std::array<std::uint8_t, 16> octets{};
    std::ranges::copy(in.bytes((length + 7) / 8), octets.begin());
    if (!in.ok()) return false;
    out = prefix_of(octets, v6, length);
    return true;
}

net::Prefix prefix_of(const std::array<std::uint8_t, 16>& octets, bool v6, unsigned length) {
    const std::uint32_t v4 = static_cast<std::uint32_t>(octets[0]) << 24U |
                             static_cast<std::uint32_t>(octets[1]) << 16U |
                             static_cast<std::uint32_t>(octets[2]) << 8U | octets[3];
    return net::Prefix::create(v6 ? net::IpAddress::v6(octets) : net::IpAddress::v4(v4), static_cast<int>(length))
        .value_or(net::Prefix());
}

net::IpAddress read_address(ByteReader& in, bool v6) {
    std::array<std::uint8_t, 16> octets{};
    std::ranges::copy(in.bytes(v6 ? 16 : 4), octets.begin());
    return prefix_of(octets, v6, v6 ? 128 : 32).address();
}

bool next_attribute(ByteReader& in, Attribute& out) {
    constexpr std::uint8_t kExtendedLength = 0x10;  // RFC 4271 §4.3
    const std::uint8_t flags = in.u8();
    out.type = in.u8();
    const std::size_t length = (flags & kExtendedLength) != 0 ? in.u16() : in.u8();
    out.value = in.bytes(length);
    return in.ok();
}

namespace {

/// The last segment of an AS_PATH, and how many AS numbers there are before AS4_PATH is compared.
struct Path {
    std::uint8_t last_type = 0;
    Asn last_as = 0;
    std::size_t count = 0;
};

bool read_path(ByteReader in, bool four_octets, Path& out) {
    out = {};
    while (!in.at_end()) {
        const std::uint8_t type = in.u8();
        const std::size_t count = in.u8();
        // RFC 7606 §7.2: an empty segment, or one of an unknown type, is malformed.
        if (type < kAsSet || type > kAsConfedSet || count == 0) return false;
        ByteReader list = in.sub(count * (four_octets ? 4 : 2));
        if (!in.ok()) return false;
        list.skip((count - 1) * (four_octets ? 4 : 2));
        out.last_as = four_octets ? list.u32() : list.u16();
        out.last_type = type;
        // RFC 5065: confederations are not counted; RFC 4271 §9.1.2.2: an AS_SET counts as one.
        out.count += type == kAsSequence ? count : type == kAsSet ? 1 : 0;
    }
    return in.ok();
}

}  // namespace
}  // namespace mrt

bool origin_of(ByteReader attributes, bool four_octets, Asn own, std::optional<Asn>& origin) {
    constexpr Asn kAsTrans = 23456;  // RFC 6793
    std::optional<mrt::Path> path;
    std::optional<mrt::Path> path4;
    bool aggregated_by_old = false;
    mrt::Attribute attribute;
    while (!attributes.at_end()) {
        if (!mrt::next_attribute(attributes, attribute)) return false;
        if (attribute.type == mrt::kAsPath) {
            if (!mrt::read_path(ByteReader(attribute.value), four_octets, path.emplace())) return false;
        } else if (attribute.type == mrt::kAs4Path && !four_octets) {
            // RFC 6793 §6: a malformed AS4_PATH is as none.
            if (!mrt::read_path(ByteReader(attribute.value), true, path4.emplace())) path4.reset();
        } else if (attribute.type == mrt::kAggregator && !four_octets) {
            ByteReader in(attribute.value);
            aggregated_by_old = in.u16() != kAsTrans;
        }
    }
    if (!attributes.ok()) return false;
    mrt::Path last = path.value_or(mrt::Path{});
    // RFC 6793 §4.2.3: AS4_PATH replaces the end of AS_PATH, unless it is the longer one or an old speaker aggregated.
    if (path4 && path4->last_type != 0 && !aggregated_by_old && path4->count <= last.count) last = *path4;
    switch (last.last_type) {
        case mrt::kAsSequence: origin = last.last_as; break;
        case mrt::kAsSet: origin.reset(); break;
        default: origin = own;  // empty, or a confederation's
    }
    return true;
}

// ---- distinct routes

void RouteGatherer::add(const Route& route) {
    if (!recent_.empty() && recent_.front().prefix != route.prefix) recent_.clear();
    if (std::ranges::find(recent_, route) != recent_.end()) return;
    recent_.push_back(route);
    routes_.push_back(route);
    if (routes_.size() >= compact_at_) compact();
}

void RouteGatherer::compact() {
    std::ranges::sort(routes_);
    const auto repeated = std::ranges::unique(routes_);
    routes_.erase(repeated.begin(), repeated.end());
    compact_at_ = std::max<std::size_t>(compact_at_, 2 * routes_.size());
}

std::vector<Route> RouteGatherer::take() {
    compact();
    recent_.clear();
    return std::move(routes_);
}

}  // namespace quipu::rpki
