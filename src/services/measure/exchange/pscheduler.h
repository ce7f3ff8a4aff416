#pragma once
// Results as pScheduler's tests give them, by its published JSON schemas (perfsonar/pscheduler,
// pscheduler-test-{latencybg,latency,trace,throughput}/*/result-jsonschema.json, version 1 of each). A result stands in
// an object as pScheduler's archivers get it: schedule, test with its spec, tool, participants, result.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "base/time.h"
#include "base/value.h"

namespace quipu::exchange {

/// When and between whom.
struct Run {
    Time start{};
    Nanoseconds duration{};
    std::string source, destination;  ///< host names, addresses, or sites' ids
    std::string tool = "quipu";
};

enum class LatencyTest : std::uint8_t { latencybg, latency };

struct LatencyResult {
    std::int64_t sent = 0, received = 0, lost = 0, duplicated = 0, reordered = 0;
    std::int64_t clock_error_ns = 0;
    Histogram delays;                 ///< nanoseconds
    std::optional<std::int64_t> ttl;  ///< of those received
    std::string diags;                ///< what whoever reads it must know; empty: nothing
};

struct TraceHop {
    std::string ip;  ///< empty: silent
    std::string hostname;
    std::optional<Nanoseconds> rtt;
    std::optional<std::int64_t> as_number;
    std::string as_owner;
    std::string error;  ///< pScheduler's icmp-error: "net-unreachable", "host-prohibited", …
    std::optional<std::int64_t> mtu;
};
struct TraceResult {
    std::vector<TraceHop> hops;
    std::string error;  ///< why it did not succeed; empty: it did
};

/// Of one stream or of all, over an interval or over the whole test.
struct ThroughputFigures {
    Nanoseconds start{}, end{};
    double bits_per_second = 0;
    std::optional<double> received_bits_per_second;
    std::optional<std::int64_t> stream, retransmits, sent, lost, window;
    std::optional<double> jitter_ms;
    std::optional<Nanoseconds> rtt;
    bool omitted = false;
};
struct ThroughputInterval {
    std::vector<ThroughputFigures> streams;
    ThroughputFigures summary;
};
struct ThroughputResult {
    bool udp = false;
    std::int64_t streams = 1;
    std::optional<std::int64_t> mss, mtu;
    std::vector<ThroughputInterval> intervals;
    ThroughputInterval whole;
    std::string error;  ///< empty: it succeeded
};

/// The name of an unreachable code that traceroute writes as "!N", "!H"…; empty for one that has none.
[[nodiscard]] std::string icmp_error_of(std::string_view traceroute);

void write(JsonWriter& out, const Run& run, LatencyTest test, const LatencyResult& result);
void write(JsonWriter& out, const Run& run, const TraceResult& result);
void write(JsonWriter& out, const Run& run, const ThroughputResult& result);

}  // namespace quipu::exchange
