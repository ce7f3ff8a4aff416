#pragma once
// What the reference's owping and twping print: a summary (stats.c of perfSONAR's owamp 5.2 has its words), a line for
// each packet (-v), raw stamps (-R) and the form for programs (-M). Times are local, as there.

#include "services/measure/owamp/summary.h"
#include "services/measure/owamp/twamp_ping.h"

namespace quipu::owamp {

struct Style {
    char unit = 'm';                  ///< n, u, m or s, of a second
    bool unix_times = false;          ///< packets with both stamps in seconds since 1970
    std::vector<double> percentiles;  ///< above 0 up to 100
    double bucket = 0;                ///< milliseconds, as summary_of has it
};

[[nodiscard]] std::string summary_text(const ClientResult& result, const Style& style);
[[nodiscard]] std::string packet_lines(const ClientResult& result, const Style& style);
/// SEQ STIME SS SERR RTIME RS RERR TTL: stamps in NTP's format, as the wire has them; errors in seconds.
[[nodiscard]] std::string raw_lines(const ClientResult& result);
/// Version 3.0 of the summary for programs; seconds.
[[nodiscard]] std::string machine_text(const ClientResult& result, const Style& style);

[[nodiscard]] std::string summary_text(const TwampPingResult& result, const Style& style);
[[nodiscard]] std::string packet_lines(const TwampPingResult& result, const Style& style);
/// The same eight fields for the way there, then for the way back, to nanoseconds. Of a lost packet the way there alone
/// is known, of a TTL that is not known 255.
[[nodiscard]] std::string raw_lines(const TwampPingResult& result);

}  // namespace quipu::owamp
