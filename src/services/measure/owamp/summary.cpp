#include "services/measure/owamp/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace quipu::owamp {
namespace {

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

/// When the first and the last were due.
void fill_times(SessionSummary& out, const ClientResult& result) {
    const std::uint32_t next = std::min(result.sent.next_sequence, result.request.packets);
    if (next == 0 || result.request.slots.empty()) return;
    SendSchedule schedule(result.request.slots, result.request.sid);
    const auto due = [&] { return measure::from_ntp(result.request.start + schedule.next()); };
    out.first = out.last = due();
    for (std::uint32_t i = 1; i < next; ++i)
        out.last = due();
}

/// Of a lost packet the receiver's clock alone is known.
void fill_errors(SessionSummary& out, const std::vector<PacketRecord>& arrived,
                 const std::vector<PacketRecord>& records) {
    Nanoseconds most{};
    const auto widen = [&](Nanoseconds bound, bool synchronised) {
        most = std::max(most, bound);
        out.synchronised = out.synchronised && synchronised;
    };
    for (const PacketRecord& record : arrived)
        widen(record.send_error.bound() + record.receive_error.bound(),
              record.send_error.synchronised && record.receive_error.synchronised);
    for (const PacketRecord& record : records)
        if (record.lost()) widen(record.receive_error.bound(), record.receive_error.synchronised);
    if (!records.empty()) out.error_ms = static_cast<double>(most.count()) / 1e6;
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

}  // namespace

std::vector<PacketRecord> first_copies(const ClientResult& result) {
    std::vector<PacketRecord> out;
    std::vector<bool> seen(result.request.packets);
    for (const PacketRecord& record : result.records) {
        if (record.lost() || seen[record.sequence]) continue;
        seen[record.sequence] = true;
        out.push_back(record);
    }
    return out;
}

double delay_ms(const PacketRecord& record) {
    return static_cast<double>(static_cast<std::int64_t>(record.received - record.sent)) / 4294967296.0 * 1000;
}

std::int64_t bucket_of(double delay, double width) {
    return std::llround(delay < 0 ? std::floor(delay / width) : std::ceil(delay / width));
}

std::optional<double> percentile_of(const std::vector<double>& sorted, std::size_t count, double percent,
                                    double bucket) {
    const auto rank = static_cast<std::size_t>(std::ceil(percent * static_cast<double>(count) / 100));
    const std::size_t at = rank == 0 ? 0 : rank - 1;
    if (at >= sorted.size()) return std::nullopt;
    return bucket > 0 ? static_cast<double>(bucket_of(sorted[at], bucket)) * bucket : sorted[at];
}

std::string hex_of(const Sid& sid) {
    return fmt::format("{:02x}", fmt::join(sid, ""));
}

SessionSummary summary_of(const ClientResult& result, const std::vector<double>& percentiles, double bucket) {
    SessionSummary out;
    out.from = net::Endpoint{result.request.sender, result.request.sender_port}.text();
    out.to = net::Endpoint{result.request.receiver, result.request.receiver_port}.text();
    out.sid = hex_of(result.request.sid);
    fill_times(out, result);
    const std::vector<PacketRecord> arrived = first_copies(result);
    out.lost = std::ranges::count_if(result.records, &PacketRecord::lost);
    out.duplicates = std::ssize(result.records) - out.lost - std::ssize(arrived);
    out.sent = std::ssize(arrived) + out.lost;
    std::vector<double> delays;
    for (const PacketRecord& record : arrived)
        delays.push_back(delay_ms(record));
    fill_errors(out, arrived, result.records);
    if (!delays.empty()) {
        std::ranges::sort(delays);
        out.delay_min_ms = delays.front();
        out.delay_max_ms = delays.back();
    }
    const auto at = [&](double percent) {
        return percentile_of(delays, static_cast<std::size_t>(out.sent), percent, bucket);
    };
    out.delay_median_ms = at(50);
    if (const auto p95 = at(95)) out.jitter_ms = *p95 - *out.delay_median_ms;
    for (const double percentile : percentiles) {
        auto& pair = out.percentiles.emplace_back(std::vector{percentile});
        if (const auto delay = at(percentile)) pair.push_back(*delay);
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

}  // namespace quipu::owamp
