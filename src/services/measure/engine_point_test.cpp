#include "services/measure/engine_point.h"

#include <gtest/gtest.h>

namespace quipu::measure {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kNoon = *parse_time("2011-11-21T12:00:00Z");

TEST(PointMeter, TellsAMinuteOnceItIsOver) {
    PointMeter meter;
    ASSERT_TRUE(meter.over(kNoon + seconds(40)));
    PointTotals totals{.sent = 100, .own_drops = 3, .usage = {.processor = seconds(2), .memory = 1}};
    EXPECT_FALSE(meter.close(kNoon + seconds(40), totals, {}, false));
    EXPECT_FALSE(meter.over(kNoon + seconds(59)));
    for (int i = 1; i <= 100; ++i)
        meter.sent_late(microseconds(i));
    meter.stepped(milliseconds(-20));
    totals = {.sent = 190, .own_drops = 5, .usage = {.processor = milliseconds(2500), .memory = 7'000'000}};
    ASSERT_TRUE(meter.over(kNoon + seconds(61)));
    const auto record = meter.close(
        kNoon + seconds(61), totals,
        {.bound = milliseconds(3), .synchronised = true, .offset = microseconds(-4), .frequency_ppb = -1500}, false);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->minute, kNoon);
    EXPECT_EQ(Nanoseconds(record->covered), seconds(20));
    EXPECT_EQ(record->clock, ClockSource::synchronised);
    EXPECT_EQ(record->clock_offset, -4000);
    EXPECT_EQ(Nanoseconds(record->clock_bound), milliseconds(3));
    EXPECT_EQ(record->clock_frequency, -1500);
    EXPECT_EQ(Nanoseconds(record->clock_step), milliseconds(-20));
    EXPECT_EQ(record->sent, 90);
    EXPECT_EQ(record->own_drops, 2);
    EXPECT_EQ(Nanoseconds(record->processor), milliseconds(500));
    EXPECT_EQ(record->memory, 7'000'000);
    EXPECT_NEAR(static_cast<double>(record->late_median), 50'000, 500);
    EXPECT_NEAR(static_cast<double>(record->late_worst), 100'000, 1000);
    // What was told is not told again.
    const auto next = meter.close(kNoon + seconds(121), totals, {}, true);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->minute, kNoon + std::chrono::minutes(1));
    EXPECT_EQ(next->sent, 0);
    EXPECT_EQ(next->late_worst, 0);
    EXPECT_EQ(next->clock_steps, 0);
    EXPECT_EQ(next->clock, ClockSource::declared);
}

TEST(PointMeter, AClockSetBackBeginsAnotherMinute) {
    PointMeter meter;
    static_cast<void>(meter.close(kNoon + seconds(10), {}, {}, false));
    ASSERT_TRUE(meter.over(kNoon - seconds(5)));
    const auto record = meter.close(kNoon - seconds(5), {}, {}, false);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->minute, kNoon);
    EXPECT_EQ(record->covered, 0);
    EXPECT_EQ(record->clock, ClockSource::free_running);
}

}  // namespace
}  // namespace quipu::measure
