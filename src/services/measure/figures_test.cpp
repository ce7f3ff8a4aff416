#include "services/measure/figures.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

MinuteRecord record_of(std::int64_t delay_ns, std::uint32_t received = 90) {
    MinuteRecord r;
    r.from = "a";
    r.minute = *parse_time("2011-11-21T12:00:00Z");
    r.scheduled = 90;
    r.received = received;
    r.delay_min = r.delay_p05 = r.delay_p25 = r.delay_median = r.delay_p75 = r.delay_p95 = r.delay_p99 = r.delay_max =
        delay_ns;
    r.ttl = 254;
    r.clock_error = 1000;
    if (received > 0) r.delays.add(delay_ns, received);
    return r;
}

TEST(Granule, IsTheLeastRoundFigureNotBelowTheError) {
    EXPECT_EQ(granule_us(0), 1);
    EXPECT_EQ(granule_us(1000), 1);
    EXPECT_EQ(granule_us(1001), 2);
    EXPECT_EQ(granule_us(30'000), 50);
    EXPECT_EQ(granule_us(50'000), 50);
    EXPECT_EQ(granule_us(1'200'000), 2000);
    EXPECT_EQ(granule_us(100'000'000), 100'000);
}

TEST(Figures, WhatASenderTakesBackTooMuchHidesNoLossOfOtherMinutes) {
    data::ArchiveRecord first = to_archive("a/b", record_of(20'000'000, 20), 85);
    EXPECT_EQ(figures_of(first, std::chrono::minutes(1)).lost, 0);
    const data::ArchiveRecord second = to_archive("a/b", record_of(20'000'000, 83), 0);
    for (std::size_t i = 0; i < first.integers.size(); ++i)
        first.integers[i] += second.integers[i];
    EXPECT_EQ(figures_of(first, std::chrono::minutes(2)).lost, 7);
    data::ArchiveRecord third = to_archive("a/b", record_of(20'000'000, 80), 0);
    EXPECT_TRUE(set_skipped(third, 30));
    EXPECT_FALSE(set_skipped(third, 10));
    EXPECT_EQ(columns_of(third).skipped, 10);
}

TEST(Figures, NoDelayIsShownFinerThanItsClockError) {
    Rng rng(9);
    for (int i = 0; i < 2000; ++i) {
        MinuteRecord r = record_of(static_cast<std::int64_t>(rng.below(200'000'000)));
        r.delay_max += static_cast<std::int64_t>(rng.below(9'000'000));
        r.clock_error = static_cast<std::int64_t>(rng.below(900'000'000) >> rng.below(30));
        const Figures f = figures_of(r, 0);
        const std::int64_t granule = granule_us(r.clock_error);
        ASSERT_GE(granule * 1000, r.clock_error);
        for (const auto& figure : {f.delay_min_us, f.delay_median_us, f.delay_p05_us, f.delay_p25_us, f.delay_p75_us,
                                   f.delay_p95_us, f.delay_p99_us, f.delay_max_us}) {
            ASSERT_TRUE(figure);
            ASSERT_EQ(*figure % granule, 0);
        }
        ASSERT_LE(std::abs(*f.delay_max_us * 1000 - r.delay_max), granule * 500);
        ASSERT_GE(f.clock_error_us * 1000, r.clock_error);
    }
}

TEST(Figures, AClockThatIsNotSynchronisedHasNoDelayToShow) {
    MinuteRecord r = record_of(20'000'000);
    r.clock_error = 16'000'000'000;
    const Figures f = figures_of(r, 0);
    EXPECT_FALSE(f.delay_median_us);
    EXPECT_TRUE(f.pdv_us);
    EXPECT_EQ(f.clock_error_us, 16'000'000);
}

TEST(Figures, ANegativeDelayStaysNegative) {
    MinuteRecord r = record_of(-250'000);
    r.negative = 90;
    const Figures f = figures_of(to_archive("a/b", r, 0), kMinute);
    EXPECT_EQ(f.delay_median_us, -250);
    EXPECT_EQ(f.negative, 90);
}

TEST(Figures, SkippedPacketsAreNotLost) {
    auto archived = to_archive("a/b", record_of(20'000'000, 60), 0);
    EXPECT_EQ(figures_of(archived, kMinute).lost, 30);
    EXPECT_TRUE(set_skipped(archived, 28));
    EXPECT_EQ(figures_of(archived, kMinute).sent, 62);
    EXPECT_EQ(figures_of(archived, kMinute).lost, 2);
    // The sender believes to have skipped more than it did.
    EXPECT_TRUE(set_skipped(archived, 35));
    EXPECT_EQ(figures_of(archived, kMinute).lost, 0);
    EXPECT_EQ(figures_of(archived, kMinute).sent, 60);
}

TEST(Figures, NothingReceivedHasLossAndNoDelay) {
    const Figures f = figures_of(record_of(0, 0), 0);
    EXPECT_EQ(f.loss, 1);
    EXPECT_FALSE(f.delay_min_us);
    EXPECT_FALSE(f.ttl);
    EXPECT_EQ(json_text(f).find("delay"), std::string::npos);
}

TEST(Figures, SeveralMinutesKeepASteadyDelaySharp) {
    data::ArchiveRecord sum = to_archive("a/b", record_of(150'321'000), 0);
    for (int i = 1; i < 60; ++i) {
        const auto more = to_archive("a/b", record_of(150'321'000), 0);
        for (std::size_t k = 0; k < sum.integers.size(); ++k)
            sum.integers[k] += more.integers[k];
        sum.histograms[0].merge(more.histograms[0]);
    }
    const Figures f = figures_of(sum, std::chrono::hours(1));
    EXPECT_EQ(f.sent, 5400);
    EXPECT_EQ(f.step_s, 3600);
    EXPECT_EQ(f.delay_median_us, 150'321);
    EXPECT_EQ(f.delay_p99_us, 150'321);
    EXPECT_EQ(f.ttl, 254);
    EXPECT_EQ(f.clock_error_us, 1);
}

TEST(Figures, ColumnsSurviveTheArchive) {
    const auto archived = to_archive("a/b", record_of(20'000'000, 80), 3);
    const Columns c = columns_of(archived);
    EXPECT_EQ(c.scheduled, 90);
    EXPECT_EQ(c.skipped, 3);
    EXPECT_EQ(c.delay_max, 20'000'000);
    EXPECT_EQ(minute_schema().columns.size(), archived.integers.size() + archived.histograms.size());
    EXPECT_EQ(ends_of("a/b"), (std::pair<std::string_view, std::string_view>{"a", "b"}));
}

}  // namespace
}  // namespace quipu::measure
