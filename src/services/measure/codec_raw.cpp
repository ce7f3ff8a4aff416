#include "services/measure/codec_raw.h"

#include <limits>

#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

constexpr std::uint8_t kRawVersion = 1;
constexpr std::int64_t kLastRawMinute = std::numeric_limits<std::int64_t>::max() / kMinute.count() - 1;
constexpr std::uint8_t kLost = 1;
constexpr std::uint8_t kErrors = 2;
constexpr std::size_t kLeastPacketOctets = 3;  // what, sequence, sent

/// RFC 4656 §4.1.2's two octets.
std::uint16_t octets_of(const ErrorEstimate& error) {
    return static_cast<std::uint16_t>((error.synchronised ? 0x8000U : 0U) | (error.scale & 0x3fU) << 8U |
                                      error.multiplier);
}
ErrorEstimate error_of(std::uint16_t octets) {
    return {.synchronised = (octets & 0x8000U) != 0,
            .scale = static_cast<std::uint8_t>((octets >> 8U) & 0x3fU),
            .multiplier = static_cast<std::uint8_t>(octets)};
}

std::unexpected<Error> malformed_raw(const ByteReader& in, std::string_view why) {
    return fail(ErrorCode::invalid, "raw record: " + std::string(why), "octet " + std::to_string(in.offset()));
}

/// What the next packet is the difference to.
struct Before {
    std::uint32_t sequence = 0;
    std::int64_t sent = 0;
    std::uint16_t sent_error = 0, received_error = 0;
};

}  // namespace

void write_raw(ByteWriter& out, const RawMinute& minute) {
    out.u8(kRawVersion);
    out.text(minute.from);
    out.varint(static_cast<std::uint64_t>(minute_of(minute.minute)));
    out.varint(minute.part);
    out.varint(minute.packets.size());
    Before before{.sent = minute.minute.time_since_epoch().count()};
    for (const RawPacket& packet : minute.packets) {
        const std::int64_t sent = packet.sent.time_since_epoch().count();
        const Before now{packet.sequence, sent, octets_of(packet.sent_error), octets_of(packet.received_error)};
        const bool errors = now.sent_error != before.sent_error || now.received_error != before.received_error;
        out.u8(static_cast<std::uint8_t>((packet.received ? 0U : kLost) | (errors ? kErrors : 0U)));
        out.zigzag(static_cast<std::int32_t>(now.sequence - before.sequence));
        out.zigzag(now.sent - before.sent);
        if (packet.received) {
            out.zigzag((*packet.received - packet.sent).count());
            out.zigzag(packet.ttl);
        }
        if (errors) {
            out.u16(now.sent_error);
            out.u16(now.received_error);
        }
        before = now;
    }
}

Result<RawMinute> parse_raw(ByteReader& in) {
    RawMinute out;
    if (const auto version = in.u8(); in.ok() && version != kRawVersion)
        return malformed_raw(in, "version " + std::to_string(version) + " is unknown");
    out.from = in.text();
    const std::uint64_t minute = in.varint();
    if (minute > static_cast<std::uint64_t>(kLastRawMinute)) return malformed_raw(in, "time out of range");
    out.minute = start_of_minute(static_cast<std::int64_t>(minute));
    const std::uint64_t part = in.varint();
    if (part >= kMostRawParts) return malformed_raw(in, "part out of range");
    out.part = static_cast<std::uint32_t>(part);
    const std::uint64_t count = in.varint();
    if (count > kMostRawPackets || count * kLeastPacketOctets > in.remaining())
        return malformed_raw(in, "claims more packets than there can be");
    out.packets.reserve(static_cast<std::size_t>(count));
    Before before{.sent = out.minute.time_since_epoch().count()};
    for (std::uint64_t i = 0; i < count; ++i) {
        RawPacket& packet = out.packets.emplace_back();
        const std::uint8_t what = in.u8();
        if ((what & ~(kLost | kErrors)) != 0) return malformed_raw(in, "is no packet of this version");
        const std::int64_t step = in.zigzag();
        if (step < std::numeric_limits<std::int32_t>::min() || step > std::numeric_limits<std::int32_t>::max())
            return malformed_raw(in, "sequence out of range");
        before.sequence += static_cast<std::uint32_t>(static_cast<std::int32_t>(step));
        if (__builtin_add_overflow(before.sent, in.zigzag(), &before.sent))
            return malformed_raw(in, "time out of range");
        packet.sequence = before.sequence;
        packet.sent = Time(Nanoseconds(before.sent));
        if ((what & kLost) == 0) {
            std::int64_t received = 0;
            if (__builtin_add_overflow(before.sent, in.zigzag(), &received))
                return malformed_raw(in, "delay out of range");
            packet.received = Time(Nanoseconds(received));
            const std::int64_t ttl = in.zigzag();
            if (ttl < -1 || ttl > 255) return malformed_raw(in, "TTL out of range");
            packet.ttl = static_cast<std::int16_t>(ttl);
        }
        if ((what & kErrors) != 0) {
            before.sent_error = in.u16();
            before.received_error = in.u16();
        }
        packet.sent_error = error_of(before.sent_error);
        packet.received_error = error_of(before.received_error);
    }
    TRY(in.finish("raw record"));
    return out;
}

}  // namespace quipu::measure
