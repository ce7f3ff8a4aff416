#include "services/measure/throughput/outcome.h"

#include <fmt/format.h>

namespace quipu::throughput {
namespace {

/// An end that has nothing to complain of says this: what is empty has not spoken.
constexpr std::string_view kFine = "ok";

std::string word_of(const EndRecord& record) {
    if (!record.error.empty()) return record.error;
    if (!record.report) return "iperf3 said nothing";
    if (!record.report->error.empty()) return "iperf3: " + record.report->error;
    return std::string(kFine);
}

void take_figures(ThroughputResult& result, const IperfReport& report) {
    result.sent_bps = report.sent_bps;
    result.received_bps = report.received_bps;
    result.sent_octets = report.sent_octets;
    result.received_octets = report.received_octets;
    result.retransmits = report.retransmits;
    result.rtt_min_us = report.rtt_min_us;
    result.rtt_mean_us = report.rtt_mean_us;
    result.rtt_max_us = report.rtt_max_us;
    result.packets = report.packets;
    result.lost = report.lost;
    result.jitter_us = report.jitter_us;
    if (report.packets && report.lost && *report.packets > 0)
        result.loss = static_cast<double>(*report.lost) / static_cast<double>(*report.packets);
    result.cpu_sender = report.cpu_own;
    result.cpu_receiver = report.cpu_other;
    result.congestion = report.congestion;
    result.program = report.version;
    result.intervals = report.intervals;
}

}  // namespace

ThroughputResult empty_result(const ThroughputTest& test) {
    ThroughputResult out;
    out.test = test.id;
    out.from = test.from;
    out.to = test.to;
    out.start = test.start;
    out.protocol = test.protocol;
    out.streams = test.streams;
    out.duration_us = test.duration_us;
    out.origin = test.origin;
    return out;
}

bool put_in(ThroughputResult& result, const EndRecord& record) {
    std::string& says = record.end == End::sender ? result.sender_says : result.receiver_says;
    if (!says.empty()) return false;
    says = word_of(record);
    if (record.end == End::sender) {
        result.began = record.began;
        result.ended = record.ended;
        if (record.report) take_figures(result, *record.report);
        result.ok = says == kFine && result.received_octets > 0;
        if (says == kFine && !result.ok) says = "nothing arrived";
    }
    result.error.clear();
    if (!result.ok) {
        const bool both = !result.receiver_says.empty() && result.receiver_says != kFine;
        if (!result.sender_says.empty()) result.error = fmt::format("{}: {}", result.from, result.sender_says);
        if (both)
            result.error += fmt::format("{}{}: {}", result.error.empty() ? "" : "; ", result.to, result.receiver_says);
    }
    return true;
}

TestState state_after(const ThroughputResult& result) {
    if (result.ok) return TestState::done;
    const bool failed = !result.sender_says.empty() || (!result.receiver_says.empty() && result.receiver_says != kFine);
    return failed ? TestState::failed : TestState::planned;
}

bool is_over(const ThroughputResult& result) {
    return !result.sender_says.empty() && !result.receiver_says.empty();
}

}  // namespace quipu::throughput
