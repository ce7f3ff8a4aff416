#include "services/measure/codec_packet.h"

#include <limits>

namespace quipu::measure {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kNtpOffset = 2'208'988'800;  // seconds from 1900 to 1970
constexpr std::int64_t kEra = std::int64_t{1} << 32;
constexpr auto kMaximum = static_cast<unsigned __int128>(std::numeric_limits<std::int64_t>::max());

/// multiplier × 2^scale in units of 2^-32 s, as nanoseconds rounded up.
unsigned __int128 bound_of(std::uint8_t multiplier, unsigned scale) {
    const unsigned __int128 units = static_cast<unsigned __int128>(multiplier) << scale;
    if (units >> 96U) return kMaximum + 1;
    return (units * static_cast<unsigned>(kNanosecondsPerSecond) + (kEra - 1)) >> 32U;
}

}  // namespace

ErrorEstimate ErrorEstimate::from(Nanoseconds bound, bool synchronised) {
    ErrorEstimate out{.synchronised = synchronised, .scale = 0, .multiplier = 1};
    const auto wanted = static_cast<unsigned __int128>(bound.count() > 0 ? bound.count() : 0);
    for (unsigned scale = 0; scale < 64; ++scale) {
        if (bound_of(255, scale) < wanted) continue;
        // ceil(wanted × 2^32 / 10^9 / 2^scale) units of this scale.
        const unsigned __int128 unit = static_cast<unsigned __int128>(kNanosecondsPerSecond) << scale;
        unsigned __int128 multiplier = ((wanted << 32U) + unit - 1) / unit;
        if (multiplier > 255) multiplier = 255;
        out.scale = static_cast<std::uint8_t>(scale);
        out.multiplier = static_cast<std::uint8_t>(multiplier == 0 ? 1 : multiplier);
        return out;
    }
    out.scale = 63;
    out.multiplier = 255;
    return out;
}

Nanoseconds ErrorEstimate::bound() const {
    const auto value = bound_of(multiplier, scale & 63U);
    return Nanoseconds(static_cast<std::int64_t>(value > kMaximum ? kMaximum : value));
}

std::string_view name_of(PacketFault fault) {
    switch (fault) {
        case PacketFault::truncated: return "truncated";
        case PacketFault::zero_multiplier: return "zero-multiplier";
    }
    return "unknown";
}

std::expected<TestPacket, PacketFault> parse_test_packet(ByteReader& in) {
    TestPacket out;
    out.sequence = in.u32();
    out.sent = from_ntp(in.u64());
    const std::uint8_t first = in.u8();
    out.error.synchronised = (first & 0x80U) != 0;
    // Z (0x40) is set to zero by the sender and ignored by everyone else.
    out.error.scale = first & 0x3fU;
    out.error.multiplier = in.u8();
    if (!in.ok()) return std::unexpected(PacketFault::truncated);
    if (out.error.multiplier == 0) return std::unexpected(PacketFault::zero_multiplier);
    out.padding = in.rest().size();
    return out;
}

void write_test_packet(ByteWriter& out, const TestPacket& packet) {
    out.u32(packet.sequence);
    out.u64(to_ntp(packet.sent));
    out.u8(static_cast<std::uint8_t>((packet.error.synchronised ? 0x80U : 0U) | (packet.error.scale & 0x3fU)));
    out.u8(packet.error.multiplier);
    out.zeros(packet.padding);
}

std::uint64_t to_ntp(Time time) {
    const auto since = time.time_since_epoch().count();
    std::int64_t seconds = since / kNanosecondsPerSecond;
    std::int64_t rest = since % kNanosecondsPerSecond;
    if (rest < 0) {
        rest += kNanosecondsPerSecond;
        --seconds;
    }
    // Rounded up, so that reading it (rounded down) answers the same nanosecond.
    const std::uint64_t fraction = ((static_cast<std::uint64_t>(rest) << 32U) + kNanosecondsPerSecond - 1) /
                                   static_cast<std::uint64_t>(kNanosecondsPerSecond);
    return (static_cast<std::uint64_t>(seconds + kNtpOffset) << 32U) + fraction;
}

Time from_ntp(std::uint64_t timestamp) {
    auto seconds = static_cast<std::int64_t>(timestamp >> 32U) - kNtpOffset;
    if ((timestamp >> 63U) == 0) seconds += kEra;
    const auto fraction = static_cast<std::int64_t>(
        ((timestamp & 0xffffffffU) * static_cast<std::uint64_t>(kNanosecondsPerSecond)) >> 32U);
    return Time(Nanoseconds(seconds * kNanosecondsPerSecond + fraction));
}

}  // namespace quipu::measure
