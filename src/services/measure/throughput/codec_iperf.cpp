#include "services/measure/throughput/codec_iperf.h"

#include <cmath>
#include <fmt/format.h>

#include "base/json_careless.h"

namespace quipu::throughput {
namespace {

constexpr std::size_t kMostErrorOctets = 300;
// Beyond it a double is no longer a whole number, and nothing that a network does reaches it.
constexpr double kMostCounted = 9e15;

const Value* at(const Value* value, std::string_view key) {
    return value == nullptr ? nullptr : value->find(key);
}

std::optional<double> number(const Value* value) {
    if (value == nullptr) return std::nullopt;
    double out = 0;
    if (const auto* whole = value->if_integer())
        out = static_cast<double>(*whole);
    else if (const auto* real = value->if_double())
        out = *real;
    else
        return std::nullopt;
    if (!std::isfinite(out) || out < 0 || out > kMostCounted) return std::nullopt;
    return out;
}

std::optional<std::int64_t> count(const Value* value) {
    const auto found = number(value);
    return found ? std::optional(std::llround(*found)) : std::nullopt;
}

/// One line of somebody else's text, no longer than `most`.
std::string words(const Value* value, std::size_t most) {
    const std::string* text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr) return {};
    std::string out = text->substr(0, most);
    // A character of several octets that was cut goes whole.
    if (out.size() < text->size())
        while (!out.empty() && (static_cast<unsigned char>((*text)[out.size()]) & 0xC0U) == 0x80U)
            out.pop_back();
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return out;
}

const Value* first_of(const Value* list) {
    const auto* items = list == nullptr ? nullptr : list->if_array();
    return items == nullptr || items->empty() ? nullptr : &items->front();
}

void read_start(IperfReport& out, const Value* start) {
    out.version = words(at(start, "version"), 40);
    const Value* test = at(start, "test_start");
    out.protocol = words(at(test, "protocol"), 8) == "UDP" ? Protocol::udp : Protocol::tcp;
    out.streams = count(at(test, "num_streams")).value_or(0);
    out.peer = words(at(first_of(at(start, "connected")), "remote_host"), 64);
    if (out.peer.empty()) out.peer = words(at(at(start, "accepted_connection"), "host"), 64);
}

void read_intervals(IperfReport& out, const Value* list) {
    const auto* items = list == nullptr ? nullptr : list->if_array();
    if (items == nullptr) return;
    for (const Value& item : *items) {
        if (out.intervals.size() == kMostIntervals) return;
        const Value* sum = item.find("sum");
        const auto bps = count(at(sum, "bits_per_second"));
        if (!bps) continue;
        ThroughputInterval interval{.from_s = number(at(sum, "start")).value_or(0), .bps = *bps};
        interval.retransmits = count(at(sum, "retransmits"));
        // Of several streams the first one's: they share the path.
        interval.rtt_us = count(at(first_of(item.find("streams")), "rtt"));
        if (interval.rtt_us == 0) interval.rtt_us.reset();
        out.intervals.push_back(interval);
    }
}

/// The least, the mean and the largest of all streams; the kernel's estimates of the sender (TCP_INFO).
void read_round_trips(IperfReport& out, const Value* streams) {
    const auto* items = streams == nullptr ? nullptr : streams->if_array();
    if (items == nullptr) return;
    std::int64_t sum = 0, means = 0;
    for (const Value& stream : *items) {
        const Value* sender = stream.find("sender");
        const auto least = count(at(sender, "min_rtt")), mean = count(at(sender, "mean_rtt")),
                   most = count(at(sender, "max_rtt"));
        if (!least || !mean || !most || *most == 0) continue;
        out.rtt_min_us = std::min(out.rtt_min_us.value_or(*least), *least);
        out.rtt_max_us = std::max(out.rtt_max_us.value_or(*most), *most);
        sum += *mean;
        ++means;
    }
    if (means > 0) out.rtt_mean_us = sum / means;
}

void read_end(IperfReport& out, const Value* end) {
    const Value* sent = at(end, "sum_sent");
    const Value* received = at(end, "sum_received");
    const Value* sum = at(end, "sum");
    // Before 3.10 a UDP client told no more than "sum".
    if (sent == nullptr) sent = sum;
    if (received == nullptr) received = sum;
    out.seconds = number(at(sent, "seconds")).value_or(0);
    out.sent_bps = count(at(sent, "bits_per_second")).value_or(0);
    out.received_bps = count(at(received, "bits_per_second")).value_or(0);
    out.sent_octets = count(at(sent, "bytes")).value_or(0);
    out.received_octets = count(at(received, "bytes")).value_or(0);
    out.retransmits = count(at(sent, "retransmits"));
    if (out.protocol == Protocol::udp && sum != nullptr) {
        out.packets = count(at(sum, "packets"));
        out.lost = count(at(sum, "lost_packets"));
        if (const auto jitter = number(at(sum, "jitter_ms")); jitter && *jitter < kMostCounted / 1000)
            out.jitter_us = std::llround(*jitter * 1000);
    }
    read_round_trips(out, at(end, "streams"));
    const Value* cpu = at(end, "cpu_utilization_percent");
    const auto fraction = [&](std::string_view key) -> std::optional<double> {
        const auto percent = number(at(cpu, key));
        return percent ? std::optional(*percent / 100) : std::nullopt;
    };
    out.cpu_own = fraction("host_total");
    out.cpu_other = fraction("remote_total");
    out.congestion = words(at(end, "sender_tcp_congestion"), 40);
}

}  // namespace

Result<IperfReport> parse_iperf(std::string_view text) {
    if (text.size() > kMostIperfOctets)
        return fail(ErrorCode::too_large, fmt::format("iperf3 printed more than {} octets", kMostIperfOctets));
    const Value value = TRY(parse_careless_json(text, "iperf3"));
    if (value.if_object() == nullptr) return fail(ErrorCode::invalid, "iperf3 printed no JSON object", "iperf3");
    IperfReport out;
    read_start(out, value.find("start"));
    read_intervals(out, value.find("intervals"));
    read_end(out, value.find("end"));
    out.error = words(value.find("error"), kMostErrorOctets);
    if (out.error.starts_with("error - ")) out.error.erase(0, 8);
    return out;
}

Result<EndRecord> parse_end_record(ByteSpan octets) {
    if (octets.size() > kMostRecordOctets)
        return fail(ErrorCode::too_large, fmt::format("a record has more than {} octets", kMostRecordOctets));
    return read<EndRecord>(TRY(parse_json(as_text(octets), "record")));
}

std::string write_end_record(const EndRecord& record) {
    return json_text(record);
}

}  // namespace quipu::throughput
