#include "services/measure/exchange/runs.h"

#include <algorithm>

#include "base/number.h"

namespace quipu::exchange {
namespace {

std::optional<Nanoseconds> microseconds(const std::optional<std::int64_t>& count) {
    if (!count) return std::nullopt;
    return std::chrono::microseconds(*count);
}

Nanoseconds seconds(double count) {
    return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(count));
}

/// "AS27678"
std::optional<std::int64_t> number_of_as(std::string_view as) {
    if (!as.starts_with("AS")) return std::nullopt;
    return parse_number<std::int64_t>(as.substr(2));
}

template <class Result>
void add_line(std::string& out, const Run& run, const Result& result) {
    JsonWriter line(out);
    write(line, run, result);
    out += '\n';
}

}  // namespace

TraceResult trace_of(const path::PathRecord& way, const measure::PathNames& names) {
    TraceResult out;
    for (const path::Hop& hop : way.hops) {
        TraceHop& shown = out.hops.emplace_back();
        if (hop.silent()) continue;
        const auto owner = names.owner_of(hop.addresses.front());
        shown = {.ip = hop.addresses.front().text(),
                 .hostname = {},
                 .rtt = microseconds(hop.rtt_median_us),
                 .as_number = number_of_as(owner.as),
                 .as_owner = owner.organisation_name,
                 .error = icmp_error_of(hop.refused),
                 .mtu = hop.mtu};
    }
    return out;
}

ThroughputResult throughput_of(const throughput::ThroughputResult& result) {
    ThroughputResult out{
        .udp = result.protocol == throughput::Protocol::udp, .streams = result.streams, .error = result.error};
    const Nanoseconds whole = std::chrono::microseconds(result.duration_us);
    for (std::size_t i = 0; i < result.intervals.size(); ++i) {
        const auto& second = result.intervals[i];
        const bool last = i + 1 == result.intervals.size();
        const Nanoseconds start = seconds(second.from_s);
        out.intervals.push_back(
            {.streams = {},
             .summary = {.start = start,
                         .end = last ? std::max(start, whole) : seconds(result.intervals[i + 1].from_s),
                         .bits_per_second = static_cast<double>(second.bps),
                         .retransmits = second.retransmits,
                         .rtt = microseconds(second.rtt_us)}});
    }
    ThroughputFigures& all = out.whole.summary;
    all.end = whole;
    all.bits_per_second = static_cast<double>(result.sent_bps);
    if (result.ok) all.received_bits_per_second = static_cast<double>(result.received_bps);
    all.retransmits = result.retransmits;
    all.sent = result.packets;
    all.lost = result.lost;
    if (result.jitter_us) all.jitter_ms = static_cast<double>(*result.jitter_us) / 1e3;
    all.rtt = microseconds(result.rtt_mean_us);
    return out;
}

void add_trace(std::string& out, const measure::PathSpan& stay, const measure::PathNames& names) {
    add_line(out, {.start = stay.way.time, .source = stay.from, .destination = stay.to}, trace_of(stay.way, names));
}

void add_throughput(std::string& out, const throughput::ThroughputResult& result) {
    add_line(out,
             {.start = result.began.value_or(result.start),
              .duration = std::chrono::microseconds(result.duration_us),
              .source = result.from,
              .destination = result.to},
             throughput_of(result));
}

}  // namespace quipu::exchange
