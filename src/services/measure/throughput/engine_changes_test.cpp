#include "services/measure/throughput/engine_changes.h"

#include <gtest/gtest.h>
#include <vector>

#include "base/random.h"

namespace quipu::throughput {
namespace {

class ThroughputChanges : public testing::Test {
  protected:
    /// The next test of the pair, six hours after the one before.
    std::optional<measure::LevelChange> carries(double mbps) {
        ThroughputResult result;
        result.start = parse_time("2011-11-01T00:00:00Z").value() +
                       std::chrono::hours(6) * static_cast<std::int64_t>(results_.size());
        result.received_bps = static_cast<std::int64_t>(mbps * 1e6);
        result.streams = streams_;
        results_.push_back(result);
        return change_decided_by_last(results_);
    }
    /// Weeks as usual, one test like the other but for a few per cent.
    int alarms(int tests, double mbps, double spread) {
        int out = 0;
        for (int i = 0; i < tests; ++i)
            out += carries(mbps * (1 + spread * (2 * rng_.uniform() - 1))) ? 1 : 0;
        return out;
    }

    std::vector<ThroughputResult> results_;
    std::int64_t streams_ = 1;
    Rng rng_{7};
};

TEST_F(ThroughputChanges, TheSecondTestThatCarriesHalfTellsSinceTheFirst) {
    EXPECT_EQ(alarms(40, 900, 0.05), 0);
    EXPECT_FALSE(carries(450));
    const Time first = results_.back().start;
    const auto change = carries(460);
    ASSERT_TRUE(change);
    EXPECT_NEAR(change->before, 900e6, 50e6);
    EXPECT_NEAR(change->after, 455e6, 1e6);
    EXPECT_EQ(change->began, first);
    EXPECT_EQ(alarms(40, 455, 0.05), 0) << "it is told once";
    EXPECT_FALSE(carries(900));
    const auto back = carries(905);
    ASSERT_TRUE(back);
    EXPECT_GT(back->after, back->before);
}

TEST_F(ThroughputChanges, OneSlowTestIsNoNews) {
    EXPECT_EQ(alarms(40, 900, 0.05), 0);
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(carries(300));
        EXPECT_EQ(alarms(15, 900, 0.05), 0);
    }
}

TEST_F(ThroughputChanges, APairThatVariesByAThirdAlarmsOnNothingLess) {
    EXPECT_EQ(alarms(200, 300, 0.3), 0);
}

TEST_F(ThroughputChanges, TestsOfAnotherShapeAreNotCompared) {
    EXPECT_EQ(alarms(40, 200, 0.05), 0);
    streams_ = 8;
    EXPECT_EQ(alarms(40, 900, 0.05), 0);
    EXPECT_FALSE(change_decided_by_last({}));
}

}  // namespace
}  // namespace quipu::throughput
