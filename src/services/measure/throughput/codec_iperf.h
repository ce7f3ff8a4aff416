#pragma once
// What `iperf3 --json` prints (3.9 to 3.18), and the record in which a point tells it to the hub. iperf3's object is
// described nowhere but in its source (iperf_api.c, iperf_json_finish); what is not there, or of another type, is
// absent, not an error: only text that is no JSON object is.

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "services/measure/throughput/assignment.h"

namespace quipu::throughput {

/// More than five minutes of 64 streams need.
inline constexpr std::size_t kMostIperfOctets = 16UL * 1024 * 1024;
inline constexpr std::size_t kMostRecordOctets = 256UL * 1024;
inline constexpr std::size_t kMostIntervals = 400;

/// `too_large` beyond kMostIperfOctets.
[[nodiscard]] Result<IperfReport> parse_iperf(std::string_view text);

/// JSON of the described struct; `too_large` beyond kMostRecordOctets.
[[nodiscard]] Result<EndRecord> parse_end_record(ByteSpan octets);
[[nodiscard]] std::string write_end_record(const EndRecord& record);

}  // namespace quipu::throughput
