#include "services/measure/owamp/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <map>

namespace quipu::owamp {
namespace {

constexpr std::size_t kMostReordering = 16;

/// Milliseconds from a to b, to the wire's 0.2 ns.
double milliseconds(Fixed a, Fixed b) {
    return static_cast<double>(static_cast<std::int64_t>(b - a)) / 4294967296.0 * 1000;
}

/// Nearest rank.
double quantile(const std::vector<double>& sorted, double q) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
    return sorted[rank == 0 ? 0 : std::min(rank, sorted.size()) - 1];
}

std::string hex_of(const Sid& sid) {
    std::string out;
    for (const std::uint8_t octet : sid)
        out += fmt::format("{:02x}", octet);
    return out;
}

/// RFC 4656's ancestor of n-reordering: a packet is n-reordered when the n before it, as they came, were all sent
/// later.
std::vector<double> reordering_of(const std::vector<PacketRecord>& arrived) {
    std::array<std::size_t, kMostReordering> counts{};
    for (std::size_t i = 0; i < arrived.size(); ++i)
        for (std::size_t n = 1; n <= kMostReordering && n <= i && arrived[i - n].sequence > arrived[i].sequence; ++n)
            ++counts[n - 1];
    std::vector<double> out;
    for (const std::size_t count : counts) {
        if (count == 0) break;
        out.push_back(static_cast<double>(count) / static_cast<double>(arrived.size()));
    }
    return out;
}

void fill_hops(SessionSummary& out, const std::vector<PacketRecord>& arrived) {
    std::map<std::uint8_t, int> ttls;
    for (const PacketRecord& record : arrived)
        ++ttls[record.ttl];
    out.hops_values = std::ssize(ttls);
    if (ttls.empty()) return;
    // RFC 4656 §4.1.1: packets leave with a TTL of 255.
    out.hops_min = 255 - ttls.rbegin()->first;
    out.hops_max = 255 - ttls.begin()->first;
}

std::string local_time(Time time) {
    // As the reference: without a zone, with milliseconds.
    const std::string text = format_time(std::chrono::floor<std::chrono::milliseconds>(time));
    const std::string whole = text.substr(0, 19);
    return fmt::format("{}.{:03}", whole,
                       std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count() % 1000);
}

std::string lateness_line(const SessionSummary& s) {
    if (!s.sent_late_median_ms) return {};
    return fmt::format("left after their stamp, median/P95/P99 = {:.3g}/{:.3g}/{:.3g} ms (of {} packets)\n",
                       *s.sent_late_median_ms, *s.sent_late_p95_ms, *s.sent_late_p99_ms, s.sent_late_samples);
}

std::string hops_line(const SessionSummary& s) {
    if (!s.hops_min) return "TTL not reported\n";
    if (s.hops_values == 1) return fmt::format("hops = {} (consistently)\n", *s.hops_min);
    return fmt::format("hops takes {} values; min hops = {}, max hops = {}\n", s.hops_values, *s.hops_min, *s.hops_max);
}

}  // namespace

SessionSummary summary_of(const ClientResult& result, const std::vector<double>& percentiles) {
    SessionSummary out;
    out.from = net::Endpoint{result.request.sender, result.request.sender_port}.text();
    out.to = net::Endpoint{result.request.receiver, result.request.receiver_port}.text();
    out.sid = hex_of(result.request.sid);
    out.sent = result.sent.next_sequence;
    for (const SkipRange& range : result.sent.skips)
        out.sent -= std::int64_t{range.last} - range.first + 1;
    std::vector<bool> seen(result.request.packets);
    std::vector<PacketRecord> arrived;
    std::vector<double> delays;
    double error = 0;
    for (const PacketRecord& record : result.records) {
        const Time sent = measure::from_ntp(record.sent);
        out.first = std::min(out.first.value_or(sent), sent);
        out.last = std::max(out.last.value_or(sent), sent);
        if (record.lost()) {
            ++out.lost;
            continue;
        }
        if (record.sequence < seen.size() && seen[record.sequence]) {
            ++out.duplicates;
            continue;
        }
        if (record.sequence < seen.size()) seen[record.sequence] = true;
        delays.push_back(milliseconds(record.sent, record.received));
        const auto both = record.send_error.bound() + record.receive_error.bound();
        error = std::max(error, static_cast<double>(both.count()) / 1e6);
        out.synchronised = out.synchronised && record.send_error.synchronised && record.receive_error.synchronised;
        arrived.push_back(record);
    }
    if (!delays.empty()) {
        std::ranges::sort(delays);
        out.delay_min_ms = delays.front();
        out.delay_median_ms = quantile(delays, 0.5);
        out.delay_max_ms = delays.back();
        out.jitter_ms = quantile(delays, 0.95) - *out.delay_median_ms;
        out.error_ms = error;
        for (const double percentile : percentiles)
            out.percentiles.push_back({percentile, quantile(delays, percentile / 100)});
    }
    if (result.late.samples != 0) {
        const auto in_ms = [](Nanoseconds late) { return static_cast<double>(late.count()) / 1e6; };
        out.sent_late_median_ms = in_ms(result.late.median);
        out.sent_late_p95_ms = in_ms(result.late.p95);
        out.sent_late_p99_ms = in_ms(result.late.p99);
        out.sent_late_samples = static_cast<std::int64_t>(result.late.samples);
    }
    fill_hops(out, arrived);
    out.reordering = reordering_of(arrived);
    return out;
}

std::string text_of(const SessionSummary& s) {
    const auto end = [](const std::string& endpoint) {
        const auto colon = endpoint.rfind(':');
        std::string address = endpoint.substr(0, colon);
        if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
        return fmt::format("[{}]:{}", address, endpoint.substr(colon + 1));
    };
    std::string out =
        fmt::format("\n--- owping statistics from {} to {} ---\nSID:\t{}\n", end(s.from), end(s.to), s.sid);
    if (s.first) out += fmt::format("first:\t{}\nlast:\t{}\n", local_time(*s.first), local_time(*s.last));
    const double share = s.sent == 0 ? 0 : 100.0 * static_cast<double>(s.lost) / static_cast<double>(s.sent);
    out += fmt::format("{} sent, {} lost ({:.3f}%), {} duplicates\n", s.sent, s.lost, share, s.duplicates);
    if (!s.delay_min_ms) return out + "one-way delay min/median/max = nan/nan/nan ms\n";
    out += fmt::format("one-way delay min/median/max = {:.3g}/{:.3g}/{:.3g} ms, ", *s.delay_min_ms, *s.delay_median_ms,
                       *s.delay_max_ms);
    out += s.synchronised ? fmt::format("(err={:.3g} ms)\n", *s.error_ms) : "(unsync)\n";
    out += fmt::format("one-way jitter = {:.3g} ms (P95-P50)\n", *s.jitter_ms);
    out += lateness_line(s);
    if (!s.percentiles.empty()) out += "Percentiles:\n";
    for (const auto& percentile : s.percentiles)
        out += fmt::format("\t{:.1f}: {:.3g} ms\n", percentile[0], percentile[1]);
    out += hops_line(s);
    for (std::size_t i = 0; i < s.reordering.size(); ++i)
        out += fmt::format("{}-reordering = {:.3f}%\n", i + 1, 100 * s.reordering[i]);
    out += s.reordering.empty() ? "no reordering\n" : fmt::format("no {}-reordering\n", s.reordering.size() + 1);
    return out;
}

std::string packet_lines(const ClientResult& result) {
    std::string out;
    for (const PacketRecord& record : result.records) {
        if (record.lost()) {
            out += fmt::format("seq_no={:<10} *LOST*\n", record.sequence);
            continue;
        }
        const auto both = record.send_error.bound() + record.receive_error.bound();
        const bool synchronised = record.send_error.synchronised && record.receive_error.synchronised;
        out += fmt::format(
            "seq_no={:<10} delay={:.3g} ms\t({})\tsent={}\n", record.sequence,
            milliseconds(record.sent, record.received),
            synchronised ? fmt::format("sync, err={:.3g} ms", static_cast<double>(both.count()) / 1e6) : "unsync",
            local_time(measure::from_ntp(record.sent)));
    }
    return out;
}

}  // namespace quipu::owamp
