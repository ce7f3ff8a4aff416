#pragma once
// What both ends of our own test of many TCP streams say to each other (docs/services/throughput.md, "Many streams").
// Every connection begins with a greeting of the sender: test, stream, number of streams, duration; stream 0 is the
// control connection, on which the receiver returns it when it is ready. When its time is over the sender writes one
// octet there, and the receiver answers with its report: the length in four octets, then JSON.

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "services/measure/throughput/model.h"

namespace quipu::throughput {

inline constexpr std::size_t kGreetingOctets = 32;
inline constexpr std::size_t kMostStreamsReportOctets = 64UL * 1024;
/// The sender's word that its time is over.
inline constexpr std::uint8_t kOver = 'E';

/// "QUIPUTP1", then big-endian: test (8 octets), stream (4), streams (4), duration in microseconds (8).
struct Greeting {
    std::uint64_t test = 0;
    std::uint32_t stream = 0;  ///< 0: the control connection
    std::uint32_t streams = 0;
    std::uint64_t duration_us = 0;
    bool operator==(const Greeting&) const = default;
};

[[nodiscard]] std::array<std::uint8_t, kGreetingOctets> write_greeting(const Greeting& greeting);
/// `invalid` for another magic, length, a stream beyond the last or more than kMostStreams.
[[nodiscard]] Result<Greeting> parse_greeting(ByteSpan octets);

/// What arrived from the first octet of any stream to the sender's word.
struct StreamsReport {
    std::int64_t streams = 0;  ///< that came
    std::int64_t octets = 0;
    double seconds = 0;
    double cpu = 0;
    std::vector<ThroughputInterval> intervals;
    static constexpr auto describe() {
        using T = StreamsReport;
        return fields(
            field<&T::streams>("streams", "That came").required().between(0, static_cast<double>(kMostStreams)),
            field<&T::octets>("octets", "Received").required().at_least(0),
            field<&T::seconds>("seconds", "From the first octet to the end").required().between(0, 3600),
            field<&T::cpu>("cpu", "Processor time, of one").required().between(0, 1000),
            field<&T::intervals>("intervals", "Second by second").at_most_long(400));
    }
    bool operator==(const StreamsReport&) const = default;
};

/// The report's length and its JSON.
[[nodiscard]] std::string write_streams_report(const StreamsReport& report);
/// Of what has come so far: nothing while more is to come; `too_large` beyond kMostStreamsReportOctets.
[[nodiscard]] Result<std::optional<StreamsReport>> parse_streams_report(ByteSpan octets);

}  // namespace quipu::throughput
