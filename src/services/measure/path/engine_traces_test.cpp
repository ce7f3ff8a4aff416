#include "services/measure/path/engine_traces.h"

#include <gtest/gtest.h>
#include <map>
#include <queue>

#include "base/random.h"
#include "services/measure/path/ways.h"

namespace quipu::path {
namespace {

using std::chrono::milliseconds;

net::IpAddress v4(std::uint32_t value) {
    return net::IpAddress::v4(value);
}

/// A network of one chain of routers for each target; the target answers on the closed port alone. Some answers are
/// lost, some come twice.
struct Chain {
    std::uint32_t routers = 0;
    net::IpAddress target;
};

std::optional<Answer> answer_of(const Chain& chain, std::uint32_t number, const Traces::Out& out) {
    Answer answer{.flow = out.flow, .identity = out.probe.identity};
    if (out.probe.ttl <= chain.routers) {
        answer.kind = Answer::Kind::time_exceeded;
        answer.from = v4(0x0a000000U + (number << 8U) + out.probe.ttl);
        return answer;
    }
    if (out.flow.target_port != kUdpTarget) return std::nullopt;
    answer.kind = Answer::Kind::unreachable;
    answer.code = 3;
    answer.from = chain.target;
    return answer;
}

TEST(Traces, ManyAtOnceFindEachItsOwnWayWithinTheRate) {
    Rng rng(11);
    Traces traces(milliseconds(1), 65'000);
    std::vector<Chain> chains;
    for (std::uint32_t i = 0; i < 200; ++i) {
        chains.push_back({static_cast<std::uint32_t>(rng.below(12)), v4(0xcb007100U + i)});
        TraceSettings settings;
        settings.target = chains[i].target;
        settings.closed_port = kUdpTarget;
        settings.probes = 1;
        settings.retries = 2;
        settings.gap = Nanoseconds::zero();
        settings.patience = milliseconds(500);
        traces.start(i, settings,
                     {.protocol = Protocol::udp,
                      .source = v4(0xc0000201),
                      .target = chains[i].target,
                      .source_port = 8760,
                      .target_port = 8760},
                     Time{});
    }
    struct Flight {
        Monotonic at;
        Answer answer;
        bool operator<(const Flight& other) const { return at > other.at; }
    };
    std::priority_queue<Flight> flights;
    std::map<std::uint32_t, PathRecord> found;
    Monotonic now{};
    std::uint64_t sent = 0;
    for (int step = 0; step < 200'000 && found.size() < chains.size(); ++step) {
        traces.tick(now);
        while (const auto out = traces.due(now)) {
            ++sent;
            traces.sent(*out, now);
            const auto answer = answer_of(chains[out->trace], out->trace, *out);
            if (!answer || rng.uniform() < 0.02) continue;
            flights.push({now + milliseconds(1 + rng.below(200)), *answer});
            if (rng.uniform() < 0.02) flights.push({now + milliseconds(300), *answer});
        }
        ASSERT_LE(sent, static_cast<std::uint64_t>(now.time_since_epoch() / milliseconds(1)) + 1);
        for (auto& done : traces.take_done())
            found[done.trace] = std::move(done.record);
        Monotonic next = traces.when();
        if (!flights.empty()) next = std::min(next, flights.top().at);
        if (next == Monotonic::max()) break;
        now = std::max(now, next);
        while (!flights.empty() && flights.top().at <= now) {
            traces.answered(flights.top().answer, now);
            flights.pop();
        }
    }
    ASSERT_EQ(found.size(), chains.size());
    std::size_t reached = 0;
    for (const auto& [number, record] : found) {
        const Chain& chain = chains[number];
        ASSERT_LE(record.hops.size(), chain.routers + 1);
        reached += record.reached ? 1 : 0;
        for (const Hop& hop : record.hops) {
            if (hop.silent()) continue;
            ASSERT_EQ(hop.addresses.size(), 1U);
            const bool last = hop.ttl > chain.routers;
            ASSERT_EQ(hop.addresses[0],
                      last ? chain.target : v4(0x0a000000U + (number << 8U) + static_cast<std::uint32_t>(hop.ttl)));
            ASSERT_LE(*hop.rtt_min_us, 301'000);
        }
    }
    EXPECT_GE(reached, 190U);
    EXPECT_EQ(traces.running(), 0U);
    EXPECT_EQ(traces.when(), Monotonic::max());
}

TEST(Traces, AnswersOfOtherFlowsAreNobodys) {
    Traces traces(Nanoseconds::zero(), 0);
    TraceSettings settings;
    settings.target = v4(0xcb007109);
    settings.probes = 1;
    settings.most_silent = 1;
    const Flow flow{.protocol = Protocol::udp,
                    .source = v4(0xc0000201),
                    .target = settings.target,
                    .source_port = 40'000,
                    .target_port = kUdpTarget};
    traces.start(7, settings, flow, Time{});
    const auto out = traces.due(Monotonic{});
    ASSERT_TRUE(out);
    traces.sent(*out, Monotonic{});
    Answer answer{
        .kind = Answer::Kind::time_exceeded, .from = v4(0x0a000001), .flow = flow, .identity = out->probe.identity};
    auto forged = answer;
    forged.flow.source_port = 40'001;
    traces.answered(forged, Monotonic{});
    forged = answer;
    ++forged.identity;
    traces.answered(forged, Monotonic{});
    EXPECT_TRUE(traces.take_settled(7).empty());
    answer.flow.source = v4(0x0a0a0a0a);  // as a translator on the way shows it
    traces.answered(answer, Monotonic{});
    EXPECT_EQ(traces.take_settled(7).size(), 1U);
    EXPECT_EQ(traces.take_done(true).at(0).record.source, flow.source);
}

}  // namespace
}  // namespace quipu::path
