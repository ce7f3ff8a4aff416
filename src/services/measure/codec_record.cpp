#include "services/measure/codec_record.h"

#include <array>
#include <chrono>
#include <limits>

#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

constexpr std::uint8_t kVersion = 1;
// 2 adds own_drops; records of 1 wait in the spools of agents that were just renewed.
constexpr std::uint8_t kMinuteVersion = 2;
// Year 1970 to about 2490, in minutes: what times of the nanosecond clock can hold.
constexpr std::int64_t kLastMinute = std::numeric_limits<std::int64_t>::max() / kMinute.count() - 1;
constexpr std::size_t kMostSites = 100'000;

constexpr std::array kCounts{&MinuteRecord::scheduled, &MinuteRecord::received, &MinuteRecord::duplicated,
                             &MinuteRecord::reordered, &MinuteRecord::negative, &MinuteRecord::loss_run,
                             &MinuteRecord::ipdv_count};
// Ascending, so that each is written as the distance from the one before.
constexpr std::array kQuantiles{&MinuteRecord::delay_min,    &MinuteRecord::delay_p05, &MinuteRecord::delay_p25,
                                &MinuteRecord::delay_median, &MinuteRecord::delay_p75, &MinuteRecord::delay_p95,
                                &MinuteRecord::delay_p99,    &MinuteRecord::delay_max};

std::unexpected<Error> malformed(const ByteReader& in, std::string_view why) {
    return fail(ErrorCode::invalid, "measurement record: " + std::string(why), "octet " + std::to_string(in.offset()));
}

}  // namespace

void write_record(ByteWriter& out, const MinuteRecord& record) {
    out.u8(kMinuteVersion);
    out.text(record.from);
    out.varint(static_cast<std::uint64_t>(minute_of(record.minute)));
    for (const auto member : kCounts)
        out.varint(record.*member);
    std::int64_t before = 0;
    for (const auto member : kQuantiles) {
        out.zigzag(record.*member - before);
        before = record.*member;
    }
    out.zigzag(record.ipdv_sum);
    out.zigzag(record.ttl);
    out.zigzag(record.clock_error);
    out.varint(record.own_drops);
    record.delays.write(out);
}

Result<MinuteRecord> parse_record(ByteReader& in) {
    MinuteRecord out;
    const std::uint8_t version = in.u8();
    if (in.ok() && (version < 1 || version > kMinuteVersion))
        return malformed(in, "version " + std::to_string(version) + " is unknown");
    out.from = in.text();
    const std::uint64_t minute = in.varint();
    if (minute > static_cast<std::uint64_t>(kLastMinute)) return malformed(in, "time out of range");
    out.minute = start_of_minute(static_cast<std::int64_t>(minute));
    for (const auto member : kCounts) {
        const std::uint64_t count = in.varint();
        if (count > std::numeric_limits<std::uint32_t>::max()) return malformed(in, "count out of range");
        out.*member = static_cast<std::uint32_t>(count);
    }
    std::int64_t before = 0;
    for (const auto member : kQuantiles) {
        if (__builtin_add_overflow(before, in.zigzag(), &before)) return malformed(in, "delay out of range");
        out.*member = before;
    }
    out.ipdv_sum = in.zigzag();
    const std::int64_t ttl = in.zigzag();
    if (ttl < -1 || ttl > 255) return malformed(in, "TTL out of range");
    out.ttl = static_cast<std::int16_t>(ttl);
    out.clock_error = in.zigzag();
    if (out.received > out.scheduled) return malformed(in, "more received than scheduled");
    if (version >= 2) {
        const std::uint64_t own_drops = in.varint();
        if (own_drops > out.scheduled - out.received) return malformed(in, "more dropped than missing");
        out.own_drops = static_cast<std::uint32_t>(own_drops);
    }
    out.delays = TRY(Histogram::parse(in));
    TRY(in.finish("measurement record"));
    return out;
}

void write_records(ByteWriter& out, const std::vector<MinuteRecord>& records) {
    out.varint(records.size());
    for (const auto& record : records)
        write_record(out, record);
}

Result<std::vector<MinuteRecord>> parse_records(ByteReader& in) {
    const std::uint64_t count = in.varint();
    // A record takes at least as many octets as it has fields.
    if (count > kMostSites || count * (kCounts.size() + kQuantiles.size()) > in.remaining())
        return malformed(in, "claims more records than there can be");
    std::vector<MinuteRecord> out;
    out.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i)
        out.push_back(TRY(parse_record(in)));
    return out;
}

void write_skip(ByteWriter& out, const SkipRange& range) {
    out.u8(kVersion);
    out.text(range.to);
    out.varint(range.per_minute);
    out.varint(static_cast<std::uint64_t>(range.first));
    out.varint(static_cast<std::uint64_t>(range.last - range.first));
}

Result<SkipRange> parse_skip(ByteReader& in) {
    SkipRange out;
    if (const auto version = in.u8(); in.ok() && version != kVersion)
        return malformed(in, "version " + std::to_string(version) + " is unknown");
    out.to = in.text();
    const std::uint64_t per_minute = in.varint();
    const std::uint64_t first = in.varint();
    const std::uint64_t length = in.varint();
    TRY(in.finish("skip range"));
    if (per_minute == 0 || per_minute > 60'000) return malformed(in, "rate out of range");
    constexpr auto kLastIndex = static_cast<std::uint64_t>(kLastMinute) * 60'000;
    if (first > kLastIndex || length > kLastIndex - first) return malformed(in, "index out of range");
    out.per_minute = static_cast<std::uint32_t>(per_minute);
    out.first = static_cast<std::int64_t>(first);
    out.last = static_cast<std::int64_t>(first + length);
    return out;
}

}  // namespace quipu::measure
