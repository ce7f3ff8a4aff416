#pragma once
// What an agent tells the hub, as payloads of its streams. All integers are varints (zigzag where they may be
// negative), times of delay are nanoseconds.
//
//     measure.minute        one MinuteRecord a session and minute, archived
//     measure.provisional   the running minute of all sessions, every ten seconds; shown until the minute's record is
//                           there
//     measure.skips         what a sender did not send although its schedule says so (RFC 4656 §3.9's skip ranges)
//     measure.raw           every packet of a minute, when the hub asks for it (codec_raw.h)
//     measure.point         how the point itself was, a minute (codec_point.h)

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/histogram.h"
#include "base/time.h"

namespace quipu::measure {

inline constexpr std::string_view kMinuteStream = "measure.minute";
inline constexpr std::string_view kProvisionalStream = "measure.provisional";
inline constexpr std::string_view kSkipsStream = "measure.skips";

/// One minute of one session as its receiver saw it. Delay figures are of the packets received, first copies only, and
/// are exact order statistics (nearest rank); all zero when nothing was received.
struct MinuteRecord {
    std::string from;              ///< sending site; the receiving one is the agent that delivers
    Time minute{};                 ///< its start
    std::uint32_t scheduled = 0;   ///< due by the schedule while this receiver listened
    std::uint32_t received = 0;    ///< of those, at least one copy came
    std::uint32_t duplicated = 0;  ///< copies beyond the first (RFC 5560)
    std::uint32_t reordered = 0;   ///< RFC 4737 §3 Type-P-Reordered
    std::uint32_t negative = 0;    ///< delays below zero: the clocks disagree by more than the way takes
    std::int64_t delay_min = 0, delay_p05 = 0, delay_p25 = 0, delay_median = 0;
    std::int64_t delay_p75 = 0, delay_p95 = 0, delay_p99 = 0, delay_max = 0;
    /// RFC 3393 with the selection function "packets with consecutive sequence numbers, both received, within the
    /// minute": the sum of |IPDV| and how many there were.
    std::int64_t ipdv_sum = 0;
    std::uint32_t ipdv_count = 0;
    std::uint32_t loss_run = 0;    ///< longest run of consecutive packets lost (RFC 3357: loss period)
    std::uint32_t own_drops = 0;   ///< of those not received: due here while our own socket dropped what came
    std::int16_t ttl = -1;         ///< of the last packet; -1: none came
    std::int64_t clock_error = 0;  ///< bound: the sender's estimate plus the receiver's
    Histogram delays;              ///< negative delays count as 0 here; `negative` tells how many there are

    bool operator==(const MinuteRecord&) const = default;
};

void write_record(ByteWriter& out, const MinuteRecord& record);
[[nodiscard]] Result<MinuteRecord> parse_record(ByteReader& in);

/// A payload of measure.provisional: records without histogram.
void write_records(ByteWriter& out, const std::vector<MinuteRecord>& records);
[[nodiscard]] Result<std::vector<MinuteRecord>> parse_records(ByteReader& in);

/// Packets of one session that were not sent: whole indices (schedule.h), both inclusive.
struct SkipRange {
    std::string to;  ///< receiving site; the sending one is the agent that delivers
    std::uint32_t per_minute = 0;
    std::int64_t first = 0, last = 0;
    bool operator==(const SkipRange&) const = default;
};

void write_skip(ByteWriter& out, const SkipRange& range);
[[nodiscard]] Result<SkipRange> parse_skip(ByteReader& in);

}  // namespace quipu::measure
