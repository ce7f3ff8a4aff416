// Each verdict from what a comparison would see of its cause, and none from what it would not.

#include "services/measure/compare/engine_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu::compare {
namespace {

net::IpAddress address(std::string_view text) {
    return *net::IpAddress::parse(text);
}

/// Santiago, Lima, Guayaquil and Panama in a ring of fibre: 16, 6, 12 and 31 ms.
class Ring final : public Map {
  public:
    [[nodiscard]] NamedHop hop(const net::IpAddress& at) const override {
        static const std::map<std::string, std::string> kSites{
            {"10.0.0.1", "santiago"}, {"10.0.0.2", "lima"}, {"10.0.0.3", "guayaquil"}, {"10.0.0.4", "panama"}};
        const auto found = kSites.find(at.text());
        return found == kSites.end() ? NamedHop{at.text(), {}} : NamedHop{found->second, found->second};
    }
    [[nodiscard]] std::string site_name(const std::string& site) const override { return site; }
    [[nodiscard]] std::optional<KnownRoute> link(const std::string& from, const std::string& to) const override {
        for (const auto& [a, b, ms] : kLinks)
            if ((a == from && b == to) || (a == to && b == from))
                return KnownRoute{{std::string(a) + "-" + std::string(b)}, std::chrono::milliseconds(ms)};
        return std::nullopt;
    }
    [[nodiscard]] std::optional<KnownRoute> shortest(const std::string& from, const std::string& to) const override {
        return from == "santiago" && to == "panama" ? link(from, to) : std::nullopt;
    }
    [[nodiscard]] std::optional<Nanoseconds> light(const std::string&, const std::string&) const override {
        return std::chrono::milliseconds(24);
    }

  private:
    struct Fibre {
        std::string_view a, b;
        int ms;
    };
    static constexpr Fibre kLinks[] = {
        {"santiago", "panama", 31}, {"santiago", "lima", 16}, {"lima", "guayaquil", 6}, {"guayaquil", "panama", 12}};
};

SeenRoute route(std::initializer_list<std::pair<std::string_view, std::int64_t>> hops, std::int64_t waits = 0) {
    SeenRoute out{.id = "r", .reached = true, .hops = {}};
    for (const auto& [at, ms] : hops) {
        const bool last = out.hops.size() + 1 == hops.size();
        out.hops.push_back(
            {.address = address(at), .rtt_min_us = 2000 * ms, .rtt_median_us = 2000 * ms + (last ? waits : 0)});
    }
    return out;
}

/// Packets of 20 µs jitter over one way; `wait_ms`: a queue that is as long on average, and empty now and then.
struct Way {
    double there_ms = 31, back_ms = 31;
    double wait_ms = 0;
    double loss = 0;
    double clock_ms = 0;  ///< by which the destination's clock is ahead
};

class Verdicts : public testing::Test {
  protected:
    void add(SeenWay& way, const Way& like) {
        way.sent = 200;
        for (int i = 0; i < 200; ++i) {
            Round& round = way.rounds.emplace_back();
            if (rng_.uniform() < like.loss) {
                ++way.lost_there;
                continue;
            }
            const double wait = like.wait_ms == 0 || i % 9 == 0 ? 0 : like.wait_ms * 2 * rng_.uniform();
            round.there = ns(like.there_ms + wait + like.clock_ms);
            round.back = ns(like.back_ms - like.clock_ms);
        }
    }
    Outcome verdict(const Way& research, const Way& commodity) {
        seen_.research.rounds.clear();
        seen_.commodity.rounds.clear();
        add(seen_.research, research);
        add(seen_.commodity, commodity);
        return decide("santiago", "panama", seen_, back_, Ring(), earlier_);
    }
    std::int64_t ns(double ms) { return static_cast<std::int64_t>((ms + 0.02 * rng_.uniform()) * 1e6); }

    Rng rng_{7};
    Earlier earlier_;
    Observation seen_{.comparison = "1",
                      .target = address("10.0.0.4"),
                      .method = "stamp",
                      .synchronised = true,
                      .clock_error_ns = 2000,
                      .research = {.route = route({{"10.0.0.4", 31}})},
                      .commodity = {.route = route({{"192.0.2.1", 17}, {"192.0.2.9", 50}, {"10.0.0.4", 70}})}};
    std::optional<RoutesBack> back_ =
        RoutesBack{.comparison = "1",
                   .research = route({{"10.0.0.1", 31}}),
                   .commodity = route({{"192.0.2.8", 20}, {"192.0.2.2", 55}, {"10.0.0.1", 70}})};
};

TEST_F(Verdicts, NoDifference) {
    const Outcome out = verdict({}, {});
    EXPECT_EQ(out.verdict, Verdict::no_difference);
    EXPECT_FALSE(out.slower);
    EXPECT_LE(out.there->low_us, out.there->high_us);
    EXPECT_LT(std::abs(out.there->median_us), 20);
    EXPECT_EQ(out.there->pairs, 200);
}

TEST_F(Verdicts, NothingSmallerThanTheClocksError) {
    seen_.clock_error_ns = 8'000'000;
    EXPECT_EQ(verdict({.there_ms = 36, .back_ms = 36}, {}).verdict, Verdict::no_difference);
    seen_.clock_error_ns = 2'000'000;
    EXPECT_EQ(verdict({.there_ms = 36, .back_ms = 36}, {}).verdict, Verdict::longer_fibre);
}

TEST_F(Verdicts, WithoutClocksTheRoundTripDecides) {
    seen_.synchronised = false;
    const Outcome out = verdict({.there_ms = 900, .back_ms = -830}, {.there_ms = 900, .back_ms = -838});
    EXPECT_EQ(out.verdict, Verdict::longer_fibre);
    EXPECT_FALSE(out.there);
    EXPECT_NEAR(static_cast<double>(out.round_trip->median_us), 8000, 40);
}

TEST_F(Verdicts, LongerFibreOfEither) {
    Outcome out = verdict({.there_ms = 40, .back_ms = 40}, {.there_ms = 31, .back_ms = 31});
    EXPECT_EQ(out.verdict, Verdict::longer_fibre);
    EXPECT_EQ(out.slower, Side::research);
    EXPECT_NEAR(static_cast<double>(*out.amount_us), 9000, 40);
    out = verdict({}, {.there_ms = 70, .back_ms = 70});
    EXPECT_EQ(out.verdict, Verdict::longer_fibre);
    EXPECT_EQ(out.slower, Side::commodity);
    EXPECT_EQ(out.at, "192.0.2.1 – 192.0.2.9");
    EXPECT_EQ(out.part_at, "santiago");
    ASSERT_EQ(out.commodity.segments.size(), 3U);
    EXPECT_EQ(out.commodity.segments[1].share_us, 33'000);
    EXPECT_EQ(out.research.segments[0].floor_us, 31'000);
    EXPECT_EQ(out.research.segments[0].link, "santiago-panama");
}

TEST_F(Verdicts, ADetourNamesTheBetterRoute) {
    seen_.research.route = route({{"10.0.0.2", 16}, {"10.0.0.3", 32}, {"10.0.0.4", 44}});
    back_->research = route({{"10.0.0.3", 12}, {"10.0.0.2", 28}, {"10.0.0.1", 44}});
    const Outcome none = verdict({.there_ms = 34, .back_ms = 34}, {.there_ms = 32, .back_ms = 32});
    EXPECT_EQ(none.verdict, Verdict::detour);
    EXPECT_EQ(none.amount_us, 3000);
    EXPECT_THAT(none.better_route, testing::ElementsAre("santiago-panama"));
    // What the topology would save is little of this difference.
    EXPECT_EQ(verdict({.there_ms = 60, .back_ms = 60}, {}).verdict, Verdict::longer_fibre);
}

TEST_F(Verdicts, QueueingAtTheSegmentWhereItGrows) {
    seen_.research.route = route({{"10.0.0.2", 16}, {"10.0.0.3", 22}, {"10.0.0.4", 34}}, 9000);
    const Outcome out = verdict({.wait_ms = 5}, {});
    EXPECT_EQ(out.verdict, Verdict::queueing);
    EXPECT_EQ(out.slower, Side::research);
    EXPECT_EQ(out.at, "guayaquil – panama");
    EXPECT_GT(*out.amount_us, 3000);
    EXPECT_LT(*out.amount_us, 7000);
}

TEST_F(Verdicts, AQueueThatIsNeverEmptyIsSeenByWhatThePathTookBefore) {
    Way full{.there_ms = 50, .back_ms = 31, .wait_ms = 5};
    EXPECT_EQ(verdict({}, full).verdict, Verdict::longer_fibre);  // of another's fibre nothing is known
    earlier_.commodity_us = 62'000;
    const Outcome out = verdict({}, full);
    EXPECT_EQ(out.verdict, Verdict::queueing);
    EXPECT_EQ(out.slower, Side::commodity);
    EXPECT_NEAR(static_cast<double>(*out.amount_us), 24'000, 1500);
    EXPECT_EQ(out.commodity.earlier_min_us, 62'000);
    // What does not vary is another fibre below the same routers.
    full.wait_ms = 0;
    EXPECT_EQ(verdict({}, full).verdict, Verdict::longer_fibre);
}

TEST_F(Verdicts, WhatAPathTookBeforeIsTheLeastOverThatPathBothWays) {
    seen_.commodity.route.id = "there";
    back_->commodity.id = "back";
    seen_.research.route.id = "";
    std::vector<Outcome> before(5);
    const auto put = [](WaySummary& way, std::string_view path, std::string_view path_back, std::int64_t us) {
        way.path = path;
        way.path_back = path_back;
        way.round_trip_min_us = us;
    };
    put(before[0].commodity, "there", "back", 64'000);
    put(before[1].commodity, "there", "back", 62'000);
    put(before[2].commodity, "there", "another", 40'000);
    put(before[3].commodity, "another", "back", 41'000);
    before[4].commodity.path = "there";
    before[4].commodity.path_back = "back";  // nothing came
    put(before[0].research, "", "r", 10'000);
    EXPECT_EQ(earlier_of(before, seen_, back_).commodity_us, 62'000);
    EXPECT_FALSE(earlier_of(before, seen_, back_).research_us);  // its trace found no path
    EXPECT_FALSE(earlier_of(before, seen_, std::nullopt).commodity_us);
    EXPECT_FALSE(earlier_of({}, seen_, back_).commodity_us);
}

TEST_F(Verdicts, AnAsymmetricRouteIsSeenFromBothEnds) {
    back_->research = route({{"10.0.0.3", 12}, {"10.0.0.2", 18}, {"10.0.0.1", 44}});
    Outcome out = verdict({.there_ms = 31, .back_ms = 44}, {.there_ms = 32, .back_ms = 32});
    EXPECT_EQ(out.verdict, Verdict::asymmetric_route);
    EXPECT_EQ(out.direction, Direction::back);
    EXPECT_EQ(out.at, "");
    EXPECT_NEAR(static_cast<double>(*out.amount_us), 13'000, 40);
    // The same delays without another route are not a matter of routes.
    back_.reset();
    EXPECT_NE(verdict({.there_ms = 31, .back_ms = 44}, {.there_ms = 32, .back_ms = 32}).verdict,
              Verdict::asymmetric_route);
}

TEST_F(Verdicts, LossBeyondWhatTheOtherLoses) {
    const Outcome out = verdict({.loss = 0.08}, {});
    EXPECT_EQ(out.verdict, Verdict::loss);
    EXPECT_EQ(out.slower, Side::research);
    EXPECT_EQ(out.direction, Direction::there);
    EXPECT_EQ(out.at, "");  // its hops were not looked at again
    EXPECT_FALSE(out.research.segments[0].loss);
    EXPECT_NEAR(*out.amount_loss, 0.08, 0.05);
    EXPECT_EQ(verdict({.loss = 0}, {.loss = 1}).verdict, Verdict::loss);
}

/// As the second look at a way counts them.
SeenRoute with_loss(SeenRoute route, const std::vector<std::int64_t>& lost) {
    for (std::size_t i = 0; i < lost.size(); ++i) {
        route.hops[i].sent = 300;
        route.hops[i].lost = lost[i];
    }
    return route;
}

TEST_F(Verdicts, LossIsPlacedWhereItBegins) {
    const SeenRoute around = route({{"10.0.0.2", 16}, {"10.0.0.3", 22}, {"10.0.0.4", 34}});
    seen_.research.route = with_loss(around, {1, 27, 22});
    const Outcome out = verdict({.loss = 0.08}, {});
    EXPECT_EQ(out.verdict, Verdict::loss);
    EXPECT_EQ(out.direction, Direction::there);
    EXPECT_EQ(out.at, "lima – guayaquil");
    const auto& segments = out.research.segments;
    EXPECT_EQ(segments[0].loss, 0);
    EXPECT_NEAR(*segments[1].loss, 0.09, 1e-9);
    EXPECT_EQ(segments[2].loss, 0);
    EXPECT_EQ(segments[1].probes, 300);
    EXPECT_EQ(segments[1].unanswered, 27);
    EXPECT_FALSE(out.commodity.segments[0].loss);
    EXPECT_EQ(out.commodity.segments[0].probes, 0);

    seen_.research.route = with_loss(around, {20, 27, 22});
    EXPECT_EQ(verdict({.loss = 0.08}, {}).at, "santiago – lima");
    seen_.research.route = with_loss(around, {1, 0, 22});
    EXPECT_EQ(verdict({.loss = 0.08}, {}).at, "guayaquil – panama");
    // A silent router belongs to the segment around it.
    seen_.research.route = with_loss(around, {1, 27, 22});
    seen_.research.route.hops[1] = {};
    EXPECT_EQ(verdict({.loss = 0.08}, {}).at, "lima – panama");
}

TEST_F(Verdicts, ARouterThatLimitsItsAnswersAttractsNoLoss) {
    const SeenRoute around = route({{"10.0.0.2", 16}, {"10.0.0.3", 22}, {"10.0.0.4", 34}});
    seen_.research.route = with_loss(around, {150, 1, 22});
    const Outcome out = verdict({.loss = 0.08}, {});
    EXPECT_EQ(out.at, "guayaquil – panama");
    EXPECT_FALSE(out.research.segments[0].loss);
    EXPECT_EQ(out.research.segments[0].unanswered, 150);
    EXPECT_EQ(out.research.segments[1].loss, 0);
    // Just before or behind where loss begins, it can't be said on which side of it.
    seen_.research.route = with_loss(around, {1, 150, 22});
    EXPECT_EQ(verdict({.loss = 0.08}, {}).at, "lima – panama");
    seen_.research.route = with_loss(around, {150, 25, 22});
    EXPECT_EQ(verdict({.loss = 0.08}, {}).at, "santiago – guayaquil");
}

TEST_F(Verdicts, LossThatCantBePlacedIsNot) {
    const SeenRoute around = route({{"10.0.0.2", 16}, {"10.0.0.3", 22}, {"10.0.0.4", 34}});
    const auto at = [&](const std::vector<std::int64_t>& lost) {
        seen_.research.route = with_loss(around, lost);
        const Outcome out = verdict({.loss = 0.08}, {});
        EXPECT_EQ(out.verdict, Verdict::loss);
        EXPECT_EQ(out.direction, Direction::there);
        return out.at;
    };
    EXPECT_EQ(at({0, 2, 3}), "");        // it has stopped
    EXPECT_EQ(at({150, 160, 22}), "");   // no router tells of it
    EXPECT_EQ(at({0, 1, 150}), "");      // the destination limits its answers
    EXPECT_EQ(at({300, 300, 300}), "");  // nothing answers any more
    EXPECT_EQ(at({5, 5, 13}), "");       // may have begun anywhere
    seen_.research.route = with_loss(around, {1, 27, 22});
    seen_.research.route.reached = false;
    EXPECT_EQ(verdict({.loss = 0.08}, {}).at, "");
}

TEST_F(Verdicts, AClockThatIsWrong) {
    // Faster than light, and the same imbalance over two ways that have nothing in common.
    Outcome out = verdict({.clock_ms = 40}, {.there_ms = 70, .back_ms = 70, .clock_ms = 40});
    EXPECT_EQ(out.verdict, Verdict::clock_fault);
    EXPECT_NEAR(static_cast<double>(*out.amount_us), 40'000, 40);
    out = verdict({.clock_ms = -6}, {.there_ms = 70, .back_ms = 70, .clock_ms = -6});
    EXPECT_EQ(out.verdict, Verdict::clock_fault);
    EXPECT_NEAR(static_cast<double>(*out.amount_us), -6000, 40);
    // The difference per direction stays what it is.
    EXPECT_NEAR(static_cast<double>(out.there->median_us), -39'000, 40);
    // A way that is unequal by itself is no clock.
    EXPECT_NE(verdict({.there_ms = 40, .back_ms = 31}, {}).verdict, Verdict::clock_fault);
}

TEST_F(Verdicts, UndecidedWhenTooLittleCame) {
    seen_.research.sent = seen_.commodity.sent = 0;
    EXPECT_EQ(decide("santiago", "panama", seen_, back_, Ring()).verdict, Verdict::undecided);
    EXPECT_EQ(verdict({.loss = 1}, {.loss = 1}).verdict, Verdict::undecided);
}

}  // namespace
}  // namespace quipu::compare
