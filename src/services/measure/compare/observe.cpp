#include "services/measure/compare/observe.h"

#include <algorithm>
#include <thread>

#include "services/measure/path/trace.h"
#include "services/measure/stamp/client.h"

namespace quipu::compare {
namespace {

constexpr int kProbesOfHop = 12;  // so many, that a median of a hop tells of waiting
constexpr int kEchoHop = 64;      // beyond any way: the target answers

SeenRoute seen(const path::PathRecord& record) {
    SeenRoute out{.id = record.id, .reached = record.reached, .hops = {}};
    for (const path::Hop& hop : record.hops)
        out.hops.push_back({.address = hop.silent() ? std::nullopt : std::optional(hop.addresses.front()),
                            .rtt_min_us = hop.rtt_min_us,
                            .rtt_median_us = hop.rtt_median_us});
    return out;
}

Result<SeenRoute> trace_to(const net::IpAddress& target, const net::IpAddress& source, int probes,
                           const std::function<bool()>& interrupted, const Clock& clock) {
    path::TraceSettings settings;
    settings.target = target;
    settings.source = source;
    settings.protocol = path::Protocol::icmp;
    settings.probes = probes;
    settings.gap = std::chrono::milliseconds(10);
    settings.interrupted = interrupted;
    return seen(TRY(path::trace(settings, clock)));
}

struct Session {
    Result<stamp::ClientResult> result = fail(ErrorCode::internal, "not run");
    Result<SeenRoute> route = fail(ErrorCode::internal, "not run");
};

Result<stamp::ClientResult> run_stamp(const ComparisonTask& task, const net::IpAddress& source, const Sources& sources,
                                      const Clock& clock) {
    stamp::ClientSettings settings;
    settings.reflector = {task.target, static_cast<std::uint16_t>(task.port)};
    settings.plan.packets = static_cast<std::uint32_t>(task.packets);
    settings.plan.interval = std::chrono::microseconds(task.interval_us);
    settings.plan.stateful_reflector = task.counting;
    settings.declared_clock_error = sources.clock_error;
    settings.interrupted = sources.interrupted;
    return stamp::run_session(settings, clock, TRY(stamp::session_socket(source, 0)));
}

SeenWay way_of(const net::IpAddress& source, const Session& session, Nanoseconds clock_shift) {
    SeenWay way{.source = source};
    if (session.route) way.route = *session.route;
    if (!session.result) {
        way.failed = session.result.error().text();
        return way;
    }
    const stamp::SessionReport& report = session.result->report;
    way.sent = report.sent;
    way.lost_there = report.lost_there.value_or(0);
    way.lost_back = report.lost_back.value_or(0);
    way.lost_somewhere = report.lost_somewhere;
    for (const stamp::Exchange& exchange : session.result->exchanges) {
        Round& round = way.rounds.emplace_back();
        if (!exchange.sent || !exchange.received) continue;
        round.there = (exchange.reflector_received - *exchange.sent - clock_shift).count();
        round.back = (*exchange.received + clock_shift - exchange.reflector_sent).count();
    }
    return way;
}

bool heard(const SeenWay& way) {
    return std::ranges::any_of(way.rounds, [](const Round& round) { return round.there.has_value(); });
}

/// Round trips by ICMP echo, a half in each direction.
SeenWay echoes(const ComparisonTask& task, const net::IpAddress& source, const SeenRoute& route,
               const std::function<bool()>& interrupted, const Clock& clock) {
    path::TraceSettings settings;
    settings.target = task.target;
    settings.source = source;
    settings.protocol = path::Protocol::icmp;
    settings.first_ttl = settings.last_ttl = kEchoHop;
    settings.probes = static_cast<int>(std::min<std::int64_t>(task.packets, 1000));
    settings.in_flight = settings.probes;
    settings.gap = std::chrono::microseconds(task.interval_us);
    settings.interrupted = interrupted;
    SeenWay way{.source = source, .route = route};
    const auto record = path::trace(settings, clock);
    if (!record) {
        way.failed = record.error().text();
        return way;
    }
    way.sent = settings.probes;
    way.lost_somewhere = settings.probes;
    if (record->hops.empty()) return way;
    for (const std::int64_t rtt : record->hops.front().rtts_us)
        way.rounds.push_back({.there = rtt * 500, .back = rtt * 500});
    way.lost_somewhere -= static_cast<std::int64_t>(way.rounds.size());
    return way;
}

}  // namespace

Observation observe(const ComparisonTask& task, const Sources& sources, const Clock& clock) {
    Observation out{.comparison = task.comparison, .begun = clock.now(), .target = task.target, .method = "stamp"};
    if (!sources.research || !sources.commodity) {
        out.research.failed = out.commodity.failed = "this point has one source address only";
        return out;
    }
    const std::array addresses{*sources.research, *sources.commodity};
    std::array<Session, 2> sessions;
    {
        std::vector<std::jthread> running;
        for (std::size_t i = 0; i < 2; ++i) {
            running.emplace_back([&, i] { sessions[i].result = run_stamp(task, addresses[i], sources, clock); });
            running.emplace_back([&, i] {
                sessions[i].route = trace_to(task.target, addresses[i], kProbesOfHop, sources.interrupted, clock);
            });
        }
    }
    out.research = way_of(addresses[0], sessions[0], sources.clock_shift);
    out.commodity = way_of(addresses[1], sessions[1], sources.clock_shift);
    out.synchronised = true;
    for (const Session& session : sessions) {
        if (!session.result) continue;
        out.synchronised = out.synchronised && session.result->report.synchronised;
        out.clock_error_ns = std::max(out.clock_error_ns, session.result->report.clock_error.count());
        out.own_loss += static_cast<std::int64_t>(session.result->overflowed);
    }
    if (heard(out.research) || heard(out.commodity) || sources.interrupted()) return out;
    out.method = "echo";
    out.synchronised = false;
    out.clock_error_ns = 0;
    std::array<SeenWay, 2> ways;
    {
        std::vector<std::jthread> running;
        for (std::size_t i = 0; i < 2; ++i)
            running.emplace_back([&, i] {
                const SeenRoute route = sessions[i].route ? *sessions[i].route : SeenRoute{};
                ways[i] = echoes(task, addresses[i], route, sources.interrupted, clock);
            });
    }
    out.research = std::move(ways[0]);
    out.commodity = std::move(ways[1]);
    return out;
}

RoutesBack trace_back(const TraceBack& task, const std::optional<net::IpAddress>& source,
                      const std::function<bool()>& interrupted, const Clock& clock) {
    RoutesBack out{.comparison = task.comparison, .research = {}, .commodity = {}};
    if (!source) return out;
    if (auto route = trace_to(task.research, *source, 3, interrupted, clock)) out.research = std::move(*route);
    if (auto route = trace_to(task.commodity, *source, 3, interrupted, clock)) out.commodity = std::move(*route);
    return out;
}

}  // namespace quipu::compare
