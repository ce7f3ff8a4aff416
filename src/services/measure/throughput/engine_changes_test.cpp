#include "services/measure/throughput/engine_changes.h"

#include <gtest/gtest.h>
#include <vector>

#include "base/random.h"

namespace quipu::throughput {
namespace {

class ThroughputChanges : public testing::Test {
  protected:
    /// The next test of the pair, six hours after the one before; a change is told and remembered.
    std::optional<CarriedChange> carries(double mbps) {
        ThroughputResult result;
        result.start = start_;
        result.received_bps = static_cast<std::int64_t>(mbps * 1e6);
        result.streams = streams_;
        start_ += std::chrono::hours(6);
        results_.push_back(result);
        const auto change = change_decided_by_last(results_, told_);
        if (!change) return change;
        std::erase_if(results_, [&](const auto& each) { return each.start < change->since; });
        told_ = change;
        return change;
    }
    /// Weeks as usual, one test like the other but for a few per cent.
    int alarms(int tests, double mbps, double spread) {
        int out = 0;
        for (int i = 0; i < tests; ++i)
            out += carries(mbps * (1 + spread * (2 * rng_.uniform() - 1))) ? 1 : 0;
        return out;
    }

    std::vector<ThroughputResult> results_;
    std::optional<CarriedChange> told_;
    Time start_ = parse_time("2011-11-01T00:00:00Z").value();
    std::int64_t streams_ = 1;
    Rng rng_{7};
};

TEST_F(ThroughputChanges, TheThirdTestThatCarriesHalfTellsSinceTheFirst) {
    EXPECT_EQ(alarms(60, 900, 0.05), 0);
    const Time first = start_;
    EXPECT_FALSE(carries(450));
    EXPECT_FALSE(carries(470));
    const auto change = carries(460);
    ASSERT_TRUE(change);
    EXPECT_NEAR(static_cast<double>(change->before_bps), 900e6, 30e6);
    EXPECT_EQ(change->after_bps, 460'000'000);
    EXPECT_EQ(change->since, first);
    EXPECT_EQ(change->tests, 3);
    EXPECT_EQ(alarms(60, 455, 0.05), 0) << "it is told once";
    EXPECT_FALSE(carries(900));
    EXPECT_FALSE(carries(910));
    const auto back = carries(905);
    ASSERT_TRUE(back);
    EXPECT_GT(back->after_bps, back->before_bps);
}

TEST_F(ThroughputChanges, WhatIsMendedWithinADayIsToldToo) {
    EXPECT_EQ(alarms(60, 900, 0.05), 0);
    EXPECT_EQ(alarms(4, 450, 0.05), 1);
    EXPECT_FALSE(carries(890));
    EXPECT_FALSE(carries(910));
    const auto back = carries(905);
    ASSERT_TRUE(back);
    EXPECT_NEAR(static_cast<double>(back->before_bps), 450e6, 25e6);
    EXPECT_EQ(back->after_bps, 905'000'000);
    EXPECT_EQ(alarms(100, 900, 0.05), 0);
}

TEST_F(ThroughputChanges, ASecondFallSoonAfterTheFirstIsNoGoingBack) {
    EXPECT_EQ(alarms(60, 900, 0.05), 0);
    EXPECT_EQ(alarms(5, 450, 0.05), 1);
    EXPECT_EQ(alarms(10, 200, 0.05), 0) << "too few tests since then to know";
}

TEST_F(ThroughputChanges, OneSlowTestIsNoNews) {
    EXPECT_EQ(alarms(40, 900, 0.05), 0);
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(carries(300));
        EXPECT_FALSE(carries(300));
        EXPECT_EQ(alarms(15, 900, 0.05), 0);
    }
}

TEST_F(ThroughputChanges, APairThatVariesByAThirdAlarmsOnNothingLess) {
    EXPECT_EQ(alarms(200, 300, 0.3), 0);
}

TEST_F(ThroughputChanges, LessThanATenthIsNoNews) {
    EXPECT_EQ(alarms(60, 900, 0.01), 0);
    EXPECT_EQ(alarms(60, 830, 0.01), 0);
}

TEST_F(ThroughputChanges, TestsOfAnotherShapeAreNotCompared) {
    EXPECT_EQ(alarms(40, 200, 0.05), 0);
    streams_ = 8;
    EXPECT_EQ(alarms(40, 900, 0.05), 0);
    EXPECT_FALSE(change_decided_by_last({}, {}));
}

// Counted by hand: of three and two there are ten orders, U = 0, 1, 2, 3, 4, 5, 6 in 1, 1, 2, 2, 2, 1, 1 of them; that
// five and five give at most 2 in 4 of 252 is the usual table's 0.016.
TEST(ChanceOfRank, IsThatOfTheTables) {
    EXPECT_DOUBLE_EQ(chance_of_rank(3, 2, 0), 0.1);
    EXPECT_DOUBLE_EQ(chance_of_rank(3, 2, 2), 0.4);
    EXPECT_DOUBLE_EQ(chance_of_rank(3, 2, 6), 1);
    EXPECT_DOUBLE_EQ(chance_of_rank(3, 2, 100), 1);
    EXPECT_DOUBLE_EQ(chance_of_rank(5, 5, 2), 4.0 / 252);
    EXPECT_DOUBLE_EQ(chance_of_rank(56, 3, 0), 1.0 / 32'509);
    EXPECT_NEAR(chance_of_rank(56, 12, 335), 0.5, 0.01) << "half of the pairs";
}

}  // namespace
}  // namespace quipu::throughput
