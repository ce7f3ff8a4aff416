#include "services/measure/compare/observe.h"

#include <algorithm>
#include <array>
#include <thread>

#include "services/measure/compare/engine_verdict.h"
#include "services/measure/path/trace.h"
#include "services/measure/stamp/client.h"

namespace quipu::compare {
namespace {

constexpr int kProbesOfHop = 12;  // so many, that a median of a hop tells of waiting
constexpr int kEchoHop = 64;      // beyond any way: the target answers

// The second look at a way that loses: of 1 % lost, so many probes of a hop show three.
constexpr int kProbesForLoss = 300;
constexpr int kMostProbesForLoss = 6000;                                  // of all hops together
constexpr Nanoseconds kRoundForLoss = std::chrono::milliseconds(20);      // one probe of each hop
constexpr Nanoseconds kLeastGapForLoss = std::chrono::microseconds(500);  // between any two

SeenRoute seen(const path::PathRecord& record) {
    SeenRoute out{.id = record.id, .reached = record.reached, .hops = {}};
    for (const path::Hop& hop : record.hops)
        out.hops.push_back({.address = hop.silent() ? std::nullopt : std::optional(hop.addresses.front()),
                            .rtt_min_us = hop.rtt_min_us,
                            .rtt_median_us = hop.rtt_median_us});
    return out;
}

Result<path::PathRecord> trace_to(const net::IpAddress& target, const net::IpAddress& source, int probes,
                                  const std::function<bool()>& interrupted, const Clock& clock) {
    path::TraceSettings settings;
    settings.target = target;
    settings.source = source;
    settings.protocol = path::Protocol::icmp;
    settings.probes = probes;
    settings.gap = std::chrono::milliseconds(10);
    settings.interrupted = interrupted;
    return path::trace(settings, clock);
}

struct Session {
    Result<stamp::ClientResult> result = fail(ErrorCode::internal, "not run");
    Result<path::PathRecord> route = fail(ErrorCode::internal, "not run");
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
    return stamp::run_session(settings, clock, TRY(stamp::session_socket(source, {}, 0)));
}

SeenWay way_of(const net::IpAddress& source, const Session& session, Nanoseconds clock_shift) {
    SeenWay way{.source = source};
    if (session.route) way.route = seen(*session.route);
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

/// How much each hop of a way that loses answers: many probes of each, in turn, on the flow of its first trace.
void look_again(SeenWay& way, const path::PathRecord& first, const std::function<bool()>& interrupted,
                const Clock& clock) {
    const auto hops = static_cast<int>(way.route.hops.size());
    if (hops == 0 || !way.route.reached) return;
    path::TraceSettings settings;
    settings.target = first.target;
    settings.source = first.source;
    settings.protocol = first.protocol;
    settings.source_port = static_cast<std::uint16_t>(first.source_port);
    settings.target_port = static_cast<std::uint16_t>(first.target_port);
    settings.last_ttl = settings.most_silent = hops;
    settings.probes = std::min(kProbesForLoss, kMostProbesForLoss / hops);
    settings.in_flight = hops * settings.probes;
    settings.in_turn = true;
    settings.gap = std::max(kRoundForLoss / hops, kLeastGapForLoss);
    settings.interrupted = interrupted;
    const auto record = path::trace(settings, clock);
    if (!record) return;
    for (std::size_t i = 0; i < std::min(record->hops.size(), way.route.hops.size()); ++i) {
        const path::Hop& again = record->hops[i];
        SeenHop& hop = way.route.hops[i];
        if (again.silent() || hop.address != again.addresses.front()) continue;  // the way is another one by now
        hop.sent = again.sent;
        hop.lost = again.sent - again.received;
    }
}

/// At most one of them loses so much more than the other.
void look_for_loss(Observation& out, const std::array<Session, 2>& sessions, const std::function<bool()>& interrupted,
                   const Clock& clock) {
    if (interrupted()) return;
    if (loses_more(out.research, out.commodity) && sessions[0].route)
        look_again(out.research, *sessions[0].route, interrupted, clock);
    if (loses_more(out.commodity, out.research) && sessions[1].route)
        look_again(out.commodity, *sessions[1].route, interrupted, clock);
}

/// Packets and traces of both ways at once, by STAMP if it answers, else by echo.
Observation look(const ComparisonTask& task, const Sources& sources, std::array<Session, 2>& sessions,
                 const Clock& clock) {
    Observation out{.comparison = task.comparison, .begun = clock.now(), .target = task.target, .method = "stamp"};
    if (!sources.research || !sources.commodity) {
        out.research.failed = out.commodity.failed = "this point has one source address only";
        return out;
    }
    const std::array addresses{*sources.research, *sources.commodity};
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
                const SeenRoute route = sessions[i].route ? seen(*sessions[i].route) : SeenRoute{};
                ways[i] = echoes(task, addresses[i], route, sources.interrupted, clock);
            });
    }
    out.research = std::move(ways[0]);
    out.commodity = std::move(ways[1]);
    return out;
}

}  // namespace

Observation observe(const ComparisonTask& task, const Sources& sources, const Clock& clock) {
    std::array<Session, 2> sessions;
    Observation out = look(task, sources, sessions, clock);
    look_for_loss(out, sessions, sources.interrupted, clock);
    return out;
}

RoutesBack trace_back(const TraceBack& task, const std::optional<net::IpAddress>& source,
                      const std::function<bool()>& interrupted, const Clock& clock) {
    RoutesBack out{.comparison = task.comparison, .research = {}, .commodity = {}};
    if (!source) return out;
    if (const auto route = trace_to(task.research, *source, 3, interrupted, clock)) out.research = seen(*route);
    if (const auto route = trace_to(task.commodity, *source, 3, interrupted, clock)) out.commodity = seen(*route);
    return out;
}

}  // namespace quipu::compare
