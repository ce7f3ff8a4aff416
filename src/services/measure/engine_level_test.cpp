#include "services/measure/engine_level.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numbers>

#include "base/random.h"
#include "services/measure/engine_events.h"

namespace quipu::measure {
namespace {

const Time kMonday = *parse_time("2011-11-21T00:00:00Z");

double normal(Rng& rng) {
    double sum = 0;
    for (int i = 0; i < 12; ++i)
        sum += rng.uniform();
    return sum - 6;
}

/// 20 ms, and from 18 to 23 o'clock up to 8 ms of queueing.
double evening(Time time, double most = 8e6) {
    const double hour = static_cast<double>((time - kMonday) / std::chrono::seconds(1)) / 3600;
    const double of_day = std::fmod(hour, 24);
    const double queue = of_day < 18 || of_day > 23 ? 0 : most * std::sin((of_day - 18) / 5 * std::numbers::pi);
    return 20e6 + queue;
}

struct Found {
    int changes = 0;
    std::optional<LevelChange> last;
    Time at{};
};

void feed(LevelDetector& detector, Rng& rng, Time since, Time until, double add, Found& found, double most = 8e6) {
    for (Time time = since; time < until; time += std::chrono::minutes(1))
        if (auto change = detector.add(time, evening(time, most) + add + 30e3 * normal(rng), 1000)) {
            ++found.changes;
            found.last = change;
            found.at = time;
        }
}

TEST(LevelDetector, AlarmsOnTheFirstEveningsOnly) {
    Rng rng(3);
    LevelDetector detector(kDelayRules);
    Found first, later, quiet, planted;
    const auto days = [](int n) { return kMonday + std::chrono::days(n); };
    feed(detector, rng, days(0), days(2), 0, first);
    EXPECT_GT(first.changes, 0);
    feed(detector, rng, days(2), days(14), 0, later);
    EXPECT_EQ(later.changes, 0);
    // An evening without queueing is no news, nor is the next one with it.
    feed(detector, rng, days(14), days(15), 0, quiet, 0);
    feed(detector, rng, days(15), days(16), 0, quiet);
    EXPECT_EQ(quiet.changes, 0);
    // A way that is 10 ms longer is, at any hour, within minutes.
    const Time change = days(16) + std::chrono::hours(20);
    feed(detector, rng, days(16), change, 0, planted);
    ASSERT_EQ(planted.changes, 0);
    feed(detector, rng, change, change + std::chrono::minutes(10), 10e6, planted);
    ASSERT_EQ(planted.changes, 1);
    EXPECT_GT(planted.last->after, planted.last->before);
    EXPECT_LE(planted.at - change, std::chrono::minutes(4));
    EXPECT_EQ(planted.last->began, change);
}

TEST(LevelDetector, WaitsLongerForASeriesThatStrays) {
    Rng rng(4);
    LevelDetector steady(kDelayRules), straying(kDelayRules);
    int changes = 0;
    for (int i = 0; i < 20 * 1440; ++i) {
        const Time time = kMonday + std::chrono::minutes(i);
        const double noise = 30e3 * normal(rng);
        changes += steady.add(time, 20e6 + noise, 1000) ? 1 : 0;
        // One minute in thirty is anywhere in the next three milliseconds.
        const double stray = rng.uniform() < 1.0 / 30 ? 3e6 * rng.uniform() : 0;
        changes += straying.add(time, 20e6 + noise + stray, 1000) ? 1 : 0;
    }
    EXPECT_EQ(changes, 0);
    EXPECT_EQ(steady.needed(), 2);
    EXPECT_GT(straying.needed(), 2);
}

TEST(LevelDetector, FindsWhatThroughputLost) {
    // A test every six hours, within some per cent of 9.4 Gb/s; then a link of 1 Gb/s is in the way.
    Rng rng(5);
    LevelDetector detector({.narrowest = 1e6, .share = 0.1, .a_month = 120, .strays = 0.02});
    std::optional<LevelChange> change;
    for (int i = 0; i < 60; ++i) {
        change =
            detector.add(kMonday + std::chrono::hours(6 * i), (i < 57 ? 9.4e9 : 0.93e9) * (1 + 0.01 * normal(rng)));
        if (i < 58) ASSERT_FALSE(change) << i;
        if (change) break;
    }
    ASSERT_TRUE(change);
    EXPECT_NEAR(change->before, 9.4e9, 3e8);
    EXPECT_NEAR(change->after, 0.93e9, 5e7);
}

TEST(LevelDetector, AClockSetRightMovesWhatIsUsual) {
    LevelDetector detector(kDelayRules);
    Time time = kMonday;
    const auto minute = [&](double value) { return detector.add(time += std::chrono::minutes(1), value, 1000); };
    for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(minute(20e6));
    detector.shift(7e6);
    for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(minute(27e6));
}

TEST(LevelDetector, TakesLittle) {
    EXPECT_LE(sizeof(LevelDetector), 400U);
    EXPECT_LE(sizeof(Detector), 600U);
}

}  // namespace
}  // namespace quipu::measure
