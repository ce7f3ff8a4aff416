#include "services/measure/engine_heat.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "services/measure/figures.h"

namespace quipu::measure {
namespace {

Time start_of_heat() {
    return *parse_time("2011-11-01T00:00:00Z");
}

/// An hour of 5,400 packets with this delay.
data::ArchiveRecord heat_hour(int number, std::int64_t delay_ms, std::int64_t error_ns = 1000) {
    MinuteRecord r{.from = "lima", .minute = start_of_heat() + std::chrono::hours(number), .scheduled = 5400};
    r.received = 5400;
    r.delay_median = delay_ms * 1'000'000;
    r.delays.add(r.delay_median, r.received);
    r.clock_error = error_ns;
    return to_archive("lima/panama", r, 0);
}

TEST(Heat, RowsAreAsNarrowAsHistogramClockAndScreenAllow) {
    std::vector<data::ArchiveRecord> steps;
    for (int i = 0; i < 3; ++i)
        steps.push_back(heat_hour(i, 30 + i));
    steps[2].histograms[0].add(3'000'000'000, 4);
    const Heat heat = heat_of(steps, start_of_heat(), start_of_heat() + std::chrono::hours(3), std::chrono::hours(1));
    ASSERT_LE(heat.bounds_us.size(), kMostRows + 1);
    EXPECT_TRUE(std::ranges::is_sorted(heat.bounds_us));
    EXPECT_LE(heat.bounds_us.front(), 30'000);
    EXPECT_GT(heat.bounds_us.back(), 3'000'000);
    for (const HeatStep& step : heat.steps) {
        ASSERT_EQ(step.counts.size(), heat.bounds_us.size() - 1);
        std::int64_t sum = 0;
        for (const std::int64_t count : step.counts)
            sum += count;
        EXPECT_EQ(sum, step.time == heat.steps[2].time ? 5404 : 5400);
    }
}

TEST(Heat, NoRowIsFinerThanTheClocks) {
    const std::vector<data::ArchiveRecord> coarse{heat_hour(0, 30, 4'000'000)};
    const Heat wide = heat_of(coarse, start_of_heat(), start_of_heat(), std::chrono::hours(1));
    ASSERT_EQ(wide.bounds_us.size(), 2U);
    EXPECT_GE(wide.bounds_us[1] - wide.bounds_us[0], 5000);
    const std::vector<data::ArchiveRecord> hopeless{heat_hour(0, 30, 2'000'000'000)};
    EXPECT_TRUE(heat_of(hopeless, start_of_heat(), start_of_heat(), std::chrono::hours(1)).bounds_us.empty());
}

TEST(Heat, StepsAreSuchThatThereAreSomeTwoHundred) {
    EXPECT_EQ(step_for(std::chrono::hours(24)), std::chrono::minutes(8));
}

}  // namespace
}  // namespace quipu::measure
