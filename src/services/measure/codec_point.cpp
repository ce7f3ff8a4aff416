#include "services/measure/codec_point.h"

#include <array>
#include <limits>

#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

constexpr std::uint8_t kPointVersion = 1;
constexpr std::int64_t kLastPointMinute = std::numeric_limits<std::int64_t>::max() / kMinute.count() - 1;
constexpr std::int64_t kMostStatus = 0xffff;

// Any sign.
constexpr std::array kSignedFigures{&PointRecord::clock_offset, &PointRecord::clock_frequency,
                                    &PointRecord::clock_step};
constexpr std::array kPointCounts{
    &PointRecord::clock_estimated, &PointRecord::clock_bound, &PointRecord::clock_steps, &PointRecord::sent,
    &PointRecord::skipped,         &PointRecord::send_errors, &PointRecord::late_median, &PointRecord::late_p99,
    &PointRecord::late_worst,      &PointRecord::received,    &PointRecord::own_drops,   &PointRecord::refused,
    &PointRecord::records_lost,    &PointRecord::processor,   &PointRecord::memory,      &PointRecord::covered};

std::unexpected<Error> bad_point(const ByteReader& in, std::string_view why) {
    return fail(ErrorCode::invalid, "point's record: " + std::string(why), "octet " + std::to_string(in.offset()));
}

}  // namespace

void write_point(ByteWriter& out, const PointRecord& record) {
    out.u8(kPointVersion);
    out.varint(static_cast<std::uint64_t>(minute_of(record.minute)));
    out.u8(static_cast<std::uint8_t>(record.clock));
    out.varint(record.clock_status);
    for (const auto member : kSignedFigures)
        out.zigzag(record.*member);
    for (const auto member : kPointCounts)
        out.varint(static_cast<std::uint64_t>(record.*member));
}

Result<PointRecord> parse_point(ByteReader& in) {
    PointRecord out;
    if (const auto version = in.u8(); in.ok() && version != kPointVersion)
        return bad_point(in, "version " + std::to_string(version) + " is unknown");
    const std::uint64_t minute = in.varint();
    if (minute > static_cast<std::uint64_t>(kLastPointMinute)) return bad_point(in, "time out of range");
    out.minute = start_of_minute(static_cast<std::int64_t>(minute));
    const std::uint8_t clock = in.u8();
    if (clock > static_cast<std::uint8_t>(ClockSource::free_running))
        return bad_point(in, "unknown source of the clock");
    out.clock = static_cast<ClockSource>(clock);
    const std::uint64_t status = in.varint();
    if (status > kMostStatus) return bad_point(in, "status out of range");
    out.clock_status = static_cast<std::uint32_t>(status);
    for (const auto member : kSignedFigures)
        out.*member = in.zigzag();
    for (const auto member : kPointCounts) {
        const std::uint64_t count = in.varint();
        if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return bad_point(in, "count out of range");
        out.*member = static_cast<std::int64_t>(count);
    }
    TRY(in.finish("point's record"));
    if (out.covered > kMinute.count()) return bad_point(in, "covers more than its minute");
    return out;
}

}  // namespace quipu::measure
