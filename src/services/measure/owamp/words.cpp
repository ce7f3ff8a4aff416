#include "services/measure/owamp/words.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>

#include "services/measure/owamp/words_parts.h"

namespace quipu::owamp {
namespace {

constexpr double kBucket = 0.1;  // milliseconds: the reference's, where none is asked for

net::Endpoint sender_of(const ClientResult& result) {
    return {result.request.sender, result.request.sender_port};
}
net::Endpoint receiver_of(const ClientResult& result) {
    return {result.request.receiver, result.request.receiver_port};
}

double both_errors(const PacketRecord& record) {
    return (seconds_of(record.send_error) + seconds_of(record.receive_error)) * 1e3;
}

std::string lateness_line(const SessionSummary& s, const Unit& unit) {
    if (!s.sent_late_median_ms) return {};
    return fmt::format("left after their stamp, median/P95/P99 = {}/{}/{} {} (of {} packets)\n",
                       unit.text(s.sent_late_median_ms), unit.text(s.sent_late_p95_ms), unit.text(s.sent_late_p99_ms),
                       unit.name, s.sent_late_samples);
}

std::string reordering_lines(const SessionSummary& s) {
    std::string out;
    for (std::size_t i = 0; i < s.reordering.size(); ++i)
        out += fmt::format("{}-reordering = {:f}%\n", i + 1, 100 * s.reordering[i]);
    if (s.reordering.empty()) return "no reordering\n";
    const std::size_t next = s.reordering.size() + 1;
    return out + (next > kMostReordering ? fmt::format("{}-reordering not handled\n", next)
                                         : fmt::format("no {}-reordering\n", next));
}

void put(std::string& out, std::string_view name, const std::optional<double>& milliseconds) {
    if (milliseconds) out += fmt::format("{}\t{:g}\n", name, *milliseconds / 1e3);
}

/// First copies, by delay and by TTL, as they came.
struct Histograms {
    std::map<std::int64_t, std::uint32_t> delays;  // by the bucket's number
    std::map<std::uint8_t, std::uint32_t> ttls;
};
Histograms histograms_of(const ClientResult& result, double bucket) {
    Histograms out;
    for (const PacketRecord& record : first_copies(result)) {
        ++out.delays[bucket_of(delay_ms(record), bucket)];
        ++out.ttls[record.ttl];
    }
    return out;
}

}  // namespace

std::string summary_text(const ClientResult& result, const Style& style) {
    const SessionSummary s = summary_of(result, style.percentiles, style.bucket);
    const Unit unit(style.unit);
    std::string out = header_line("owping", sender_of(result), receiver_of(result), result.request.sid);
    out += first_and_last(s.first, s.last);
    out += lost_share(s.sent, s.lost) + fmt::format("{} duplicates\n", s.duplicates);
    out += delay_line({.name = "one-way delay",
                       .least = s.delay_min_ms,
                       .median = s.delay_median_ms,
                       .most = s.delay_max_ms,
                       .error = s.synchronised ? s.error_ms.value_or(0) : std::optional<double>()},
                      unit);
    out += fmt::format("one-way jitter = {} {} (P95-P50)\n", unit.text(s.jitter_ms), unit.name);
    out += percentile_lines(s.percentiles, unit);
    out += hops_line("", s.hops_min, s.hops_max, s.hops_values);
    return out + reordering_lines(s) + lateness_line(s, unit) + "\n";
}

std::string packet_lines(const ClientResult& result, const Style& style) {
    const Unit unit(style.unit);
    std::string out = header_line("owping", sender_of(result), receiver_of(result), result.request.sid);
    for (const PacketRecord& record : result.records) {
        if (record.lost()) {
            out += fmt::format("seq_no={:<10} *LOST*\n", record.sequence);
            continue;
        }
        const bool synchronised = record.send_error.synchronised && record.receive_error.synchronised;
        const std::string clocks =
            synchronised ? fmt::format("(sync, err={} {})", unit.text(both_errors(record)), unit.name) : "(unsync)";
        const double delay = delay_ms(record);
        out +=
            style.unix_times
                ? fmt::format("seq_no={} delay={:e} {} {} sent={:f} recv={:f}\n", record.sequence, delay * unit.factor,
                              unit.name, clocks, unix_seconds(measure::from_ntp(record.sent)),
                              unix_seconds(measure::from_ntp(record.received)))
                : fmt::format("seq_no={:<10} delay={} {}\t{}\n", record.sequence, unit.text(delay), unit.name, clocks);
    }
    return out;
}

std::string raw_lines(const ClientResult& result) {
    std::string out;
    for (const PacketRecord& record : result.records)
        out += fmt::format("{} {:020} {} {:g} {:020} {} {:g} {}\n", record.sequence, record.sent,
                           int{record.send_error.synchronised}, seconds_of(record.send_error), record.received,
                           int{record.receive_error.synchronised}, seconds_of(record.receive_error), record.ttl);
    return out;
}

std::string machine_text(const ClientResult& result, const Style& style) {
    const double bucket = style.bucket > 0 ? style.bucket : kBucket;
    const SessionSummary s = summary_of(result, {}, style.bucket);
    const RequestSession& request = result.request;
    const auto end = [](std::string_view which, const net::Endpoint& at) {
        return fmt::format("{0}_HOST\t{1}\n{0}_ADDR\t{1}\n{0}_PORT\t{2}\n", which, at.address.text(), at.port);
    };
    std::string out = fmt::format("SUMMARY\t3.00\nSID\t{}\n", s.sid);
    out += end("FROM", sender_of(result)) + end("TO", receiver_of(result));
    const Fixed first = s.first ? measure::to_ntp(*s.first) : request.start;
    const Fixed last = s.last ? measure::to_ntp(*s.last) : request.start;
    out += fmt::format("START_TIME\t{:020}\nEND_TIME\t{:020}\n", first, last);
    if (style.unix_times)
        out += fmt::format("UNIX_START_TIME\t{:f}\nUNIX_END_TIME\t{:f}\n", unix_seconds(measure::from_ntp(first)),
                           unix_seconds(measure::from_ntp(last)));
    out += fmt::format("DSCP\t0x{:02x}\nLOSS_TIMEOUT\t{}\nPACKET_PADDING\t{}\nSESSION_PACKET_COUNT\t{}\n",
                       request.type_p >> 24U, request.timeout, request.padding, request.packets);
    out += fmt::format("SAMPLE_PACKET_COUNT\t{}\nBUCKET_WIDTH\t{:g}\nSESSION_FINISHED\t{}\n", request.packets,
                       bucket / 1e3, int{result.finished == 1});
    out += fmt::format("SENT\t{}\nSYNC\t{}\nMAXERR\t{:g}\nDUPS\t{}\nLOST\t{}\n", s.sent, int{s.synchronised},
                       s.error_ms.value_or(0) / 1e3, s.duplicates, s.lost);
    put(out, "MIN", s.delay_min_ms);
    put(out, "MEDIAN", s.delay_median_ms);
    put(out, "MAX", s.delay_max_ms);
    put(out, "PDV", s.jitter_ms);
    const Histograms histograms = histograms_of(result, bucket);
    if (!histograms.delays.empty()) {
        out += "<BUCKETS>\n";
        for (const auto& [number, count] : histograms.delays)
            out += fmt::format("\t{}\t{}\n", number, count);
        out += "</BUCKETS>\n";
    }
    if (s.hops_min) {
        out += fmt::format("MINTTL\t{}\nMAXTTL\t{}\n<TTLBUCKETS>\n", 255 - *s.hops_max, 255 - *s.hops_min);
        for (const auto& [ttl, count] : histograms.ttls)
            out += fmt::format("\t{}\t{}\n", ttl, count);
        out += "</TTLBUCKETS>\n";
    }
    out += "\n<NREORDERING>\n";
    const auto arrived = static_cast<double>(s.sent - s.lost);
    for (std::size_t i = 0; i < s.reordering.size(); ++i)
        out += fmt::format("\t{}\t{}\n", i + 1, std::llround(s.reordering[i] * arrived));
    if (s.reordering.empty() || s.reordering.size() >= kMostReordering)
        out += fmt::format("\t{}\t0\n", s.reordering.size() + 1);
    return out + "</NREORDERING>\n";
}

}  // namespace quipu::owamp
