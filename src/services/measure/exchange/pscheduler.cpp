#include "services/measure/exchange/pscheduler.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <map>

namespace quipu::exchange {
namespace {

double seconds_of(Nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

/// ISO 8601: "PT60S", "PT0.0123S".
std::string iso_duration(Nanoseconds duration) {
    std::string seconds = fmt::format("{:.6f}", seconds_of(duration));
    while (seconds.ends_with('0'))
        seconds.pop_back();
    if (seconds.ends_with('.')) seconds.pop_back();
    return "PT" + seconds + "S";
}

void integer(JsonWriter& out, std::string_view key, std::int64_t value) {
    out.key(key);
    out.integer(value);
}
void number(JsonWriter& out, std::string_view key, double value) {
    out.key(key);
    out.number(value);
}
void text(JsonWriter& out, std::string_view key, std::string_view value) {
    out.key(key);
    out.string(value);
}

/// Everything but the result, which follows.
void begin(JsonWriter& out, const Run& run, std::string_view test, auto&& more_of_spec) {
    out.begin_object();
    out.key("schedule");
    out.begin_object();
    text(out, "start", format_time(run.start));
    text(out, "duration", iso_duration(run.duration));
    out.end_object();
    out.key("test");
    out.begin_object();
    text(out, "type", test);
    out.key("spec");
    out.begin_object();
    integer(out, "schema", 1);
    text(out, "source", run.source);
    text(out, "dest", run.destination);
    more_of_spec();
    out.end_object();
    out.end_object();
    out.key("tool");
    out.begin_object();
    text(out, "name", run.tool);
    text(out, "version", QUIPU_VERSION);
    out.end_object();
    out.key("participants");
    out.begin_array();
    out.string(run.source);
    out.string(run.destination);
    out.end_array();
    out.key("result");
    out.begin_object();
    integer(out, "schema", 1);
}

void end(JsonWriter& out) {
    out.end_object();
    out.end_object();
}

void write_success(JsonWriter& out, const std::string& error) {
    out.key("succeeded");
    out.boolean(error.empty());
    if (!error.empty()) text(out, "error", error);
}

/// Milliseconds with two decimals, as a bucket-width of 0.01 gives them.
void write_latencies(JsonWriter& out, const Histogram& delays) {
    std::map<std::int64_t, std::uint64_t> hundredths;
    for (const auto& [index, count] : delays.buckets())
        hundredths[(Histogram::middle(index) + 5'000) / 10'000] += count;
    out.key("histogram-latency");
    out.begin_object();
    for (const auto& [value, count] : hundredths) {
        out.key(fmt::format("{}.{:02}", value / 100, value % 100));
        out.unsigned_integer(count);
    }
    out.end_object();
}

void write_ttls(JsonWriter& out, const LatencyResult& result) {
    out.key("histogram-ttl");
    out.begin_object();
    if (result.ttl && result.received > 0) integer(out, std::to_string(*result.ttl), result.received);
    out.end_object();
}

void write_figures(JsonWriter& out, const ThroughputFigures& figures) {
    out.begin_object();
    number(out, "start", seconds_of(figures.start));
    number(out, "end", seconds_of(figures.end));
    number(out, "throughput-bits", figures.bits_per_second);
    number(out, "throughput-bytes", figures.bits_per_second / 8);
    if (figures.received_bits_per_second) number(out, "receiver-throughput-bits", *figures.received_bits_per_second);
    if (figures.stream) integer(out, "stream-id", *figures.stream);
    if (figures.retransmits) integer(out, "retransmits", *figures.retransmits);
    if (figures.sent) integer(out, "sent", *figures.sent);
    if (figures.lost) integer(out, "lost", *figures.lost);
    if (figures.window) integer(out, "tcp-window-size", *figures.window);
    if (figures.jitter_ms) number(out, "jitter", *figures.jitter_ms);
    if (figures.rtt) number(out, "rtt", seconds_of(*figures.rtt) * 1e3);
    if (figures.omitted) {
        out.key("omitted");
        out.boolean(true);
    }
    out.end_object();
}

void write_interval(JsonWriter& out, const ThroughputInterval& interval) {
    out.begin_object();
    out.key("streams");
    out.begin_array();
    for (const ThroughputFigures& stream : interval.streams)
        write_figures(out, stream);
    out.end_array();
    out.key("summary");
    write_figures(out, interval.summary);
    out.end_object();
}

}  // namespace

std::string icmp_error_of(std::string_view traceroute) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNames = {
        {{"!N", "net-unreachable"},
         {"!H", "host-unreachable"},
         {"!P", "protocol-unreachable"},
         {"!F", "fragmentation-needed-and-df-set"},
         {"!S", "source-route-failed"},
         {"!X", "communication-administratively-prohibited"},
         {"!C", "precedence-cutoff-in-effect"}}};
    for (const auto& [mark, name] : kNames)
        if (traceroute.starts_with(mark)) return std::string(name);
    return {};
}

void write(JsonWriter& out, const Run& run, LatencyTest test, const LatencyResult& result) {
    const bool background = test == LatencyTest::latencybg;
    begin(out, run, background ? "latencybg" : "latency", [&] {
        number(out, "bucket-width", 0.01);
        if (background)
            text(out, "duration", iso_duration(run.duration));
        else
            integer(out, "packet-count", result.sent);
    });
    write_success(out, {});
    if (!result.diags.empty()) text(out, "diags", result.diags);
    integer(out, "packets-sent", result.sent);
    integer(out, "packets-received", result.received);
    integer(out, "packets-lost", result.lost);
    integer(out, "packets-duplicated", result.duplicated);
    integer(out, "packets-reordered", result.reordered);
    number(out, "max-clock-error", std::ceil(static_cast<double>(result.clock_error_ns) / 1e4) / 100);
    write_latencies(out, result.delays);
    write_ttls(out, result);
    end(out);
}

void write(JsonWriter& out, const Run& run, const TraceResult& result) {
    begin(out, run, "trace", [] {});
    write_success(out, result.error);
    out.key("paths");
    out.begin_array();
    out.begin_array();
    for (const TraceHop& hop : result.hops) {
        out.begin_object();
        if (!hop.ip.empty()) text(out, "ip", hop.ip);
        if (!hop.hostname.empty()) text(out, "hostname", hop.hostname);
        if (hop.rtt) text(out, "rtt", iso_duration(*hop.rtt));
        if (hop.as_number) {
            out.key("as");
            out.begin_object();
            integer(out, "number", *hop.as_number);
            if (!hop.as_owner.empty()) text(out, "owner", hop.as_owner);
            out.end_object();
        }
        if (!hop.error.empty()) text(out, "error", hop.error);
        if (hop.mtu) integer(out, "mtu", *hop.mtu);
        out.end_object();
    }
    out.end_array();
    out.end_array();
    end(out);
}

void write(JsonWriter& out, const Run& run, const ThroughputResult& result) {
    begin(out, run, "throughput", [&] {
        text(out, "duration", iso_duration(run.duration));
        if (result.udp) {
            out.key("udp");
            out.boolean(true);
        }
        if (result.streams > 1) integer(out, "parallel", result.streams);
    });
    write_success(out, result.error);
    text(out, "diags", "");
    if (result.mss) integer(out, "mss", *result.mss);
    if (result.mtu) integer(out, "mtu", *result.mtu);
    out.key("intervals");
    out.begin_array();
    for (const ThroughputInterval& interval : result.intervals)
        write_interval(out, interval);
    out.end_array();
    out.key("summary");
    write_interval(out, result.whole);
    end(out);
}

}  // namespace quipu::exchange
