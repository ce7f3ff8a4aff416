#pragma once
// How a measurement point itself was, a minute: its clock, how well it kept its schedule, what it dropped, what it
// took. Stream measure.point, archived by point.

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/describe.h"
#include "base/time.h"

namespace quipu::measure {

inline constexpr std::string_view kPointStream = "measure.point";

enum class ClockSource : std::uint8_t { declared, synchronised, free_running };
constexpr auto describe_enum(ClockSource) {
    return names<ClockSource>({{ClockSource::declared, "declared"},
                               {ClockSource::synchronised, "synchronised"},
                               {ClockSource::free_running, "free-running"}});
}

/// Times are nanoseconds. What the kernel says of its clock is of the minute's end (adjtimex(2)).
struct PointRecord {
    Time minute{};
    std::int64_t covered = 0;  ///< how much of the minute is told
    ClockSource clock = ClockSource::free_running;
    std::uint32_t clock_status = 0;    ///< the kernel's STA_ bits
    std::int64_t clock_offset = 0;     ///< what is still to be corrected
    std::int64_t clock_estimated = 0;  ///< estimated error
    std::int64_t clock_bound = 0;      ///< of the error: declared, or the kernel's maximum
    std::int64_t clock_frequency = 0;  ///< the correction of its rate, in 10^-9
    std::int64_t clock_step = 0;       ///< sum of the steps that were seen in the minute
    std::int64_t clock_steps = 0;      ///< how many
    std::int64_t sent = 0, skipped = 0, send_errors = 0;
    std::int64_t late_median = 0, late_p99 = 0, late_worst = 0;  ///< how long after they were due packets left
    std::int64_t received = 0, own_drops = 0, refused = 0, records_lost = 0;
    std::int64_t processor = 0;  ///< processor time of the whole agent
    std::int64_t memory = 0;     ///< resident octets of the whole agent

    bool operator==(const PointRecord&) const = default;
};

void write_point(ByteWriter& out, const PointRecord& record);
[[nodiscard]] Result<PointRecord> parse_point(ByteReader& in);

}  // namespace quipu::measure
