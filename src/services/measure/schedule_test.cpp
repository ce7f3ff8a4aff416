#include "services/measure/schedule.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace quipu::measure {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kScheduleStart = *parse_time("2011-11-21T12:00:00Z");

TEST(ScheduleOf, HoldsItsCountInEveryMinuteInOrder) {
    for (const auto spacing : {Spacing::poisson, Spacing::periodic}) {
        for (const std::uint32_t per_minute : {1U, 2U, 90U, 600U}) {
            const Schedule schedule{.seed = 42, .spacing = spacing, .per_minute = per_minute};
            ScheduleCursor cursor(schedule, kScheduleStart);
            Time before = kScheduleStart - seconds(1);
            for (std::int64_t minute = minute_of(kScheduleStart); minute < minute_of(kScheduleStart) + 5; ++minute) {
                for (std::uint32_t place = 0; place < per_minute; ++place) {
                    ASSERT_EQ(cursor.index(), minute * per_minute + place);
                    ASSERT_EQ(minute_of(cursor.due()), minute);
                    ASSERT_GE(cursor.due(), before);
                    before = cursor.due();
                    cursor.advance();
                }
            }
        }
    }
}

TEST(ScheduleOf, IsTheSameFromWhereverOneJoins) {
    const Schedule schedule{.seed = 7, .spacing = Spacing::poisson, .per_minute = 90};
    ScheduleCursor whole(schedule, kScheduleStart);
    std::vector<std::pair<std::int64_t, Time>> all;
    for (int i = 0; i < 400; ++i) {
        all.emplace_back(whole.index(), whole.due());
        whole.advance();
    }
    for (std::size_t i = 1; i + 10 < all.size(); i += 7) {
        ScheduleCursor late(schedule, all[i - 1].second + Nanoseconds(1));
        for (std::size_t k = i; k < i + 10; ++k, late.advance()) {
            ASSERT_EQ(late.index(), all[k].first);
            ASSERT_EQ(late.due(), all[k].second);
        }
        ASSERT_EQ(schedule.index_at(all[i].second), all[i].first);
    }
}

TEST(ScheduleOf, HasExponentialGaps) {
    // Kolmogorov–Smirnov at the 0.1 % level over 90,000 gaps; the seam at the minute is part of what is tested.
    const Schedule schedule{.seed = 11, .spacing = Spacing::poisson, .per_minute = 90};
    ScheduleCursor cursor(schedule, kScheduleStart);
    std::vector<double> gaps;
    Time before = cursor.due();
    for (int i = 0; i < 90'000; ++i) {
        cursor.advance();
        gaps.push_back(std::chrono::duration<double>(cursor.due() - before).count() * 1.5);
        before = cursor.due();
    }
    std::ranges::sort(gaps);
    double distance = 0;
    for (std::size_t i = 0; i < gaps.size(); ++i)
        distance = std::max(
            distance, std::abs(1 - std::exp(-gaps[i]) - static_cast<double>(i) / static_cast<double>(gaps.size())));
    // Conditioning on 90 a minute bends the law by less than 1/90; the bound allows for that.
    EXPECT_LT(distance, 0.011);
}

TEST(ScheduleOf, FindsTheWholeIndexAcrossTheWrap) {
    const Schedule schedule{.seed = 1, .spacing = Spacing::poisson, .per_minute = 600};
    for (const char* text :
         {"1970-01-01T00:10:00Z", "1983-08-15T01:00:00Z", "2011-11-21T12:00:00Z", "2101-01-01T00:00:00Z"}) {
        const Time now = *parse_time(text);
        for (std::int64_t off = -2000; off <= 2000; off += 37) {
            const std::int64_t index = minute_of(now) * 600 + off;
            EXPECT_EQ(schedule.unwrap(static_cast<std::uint32_t>(index), now), index);
        }
    }
}

TEST(ScheduleOf, DiffersBetweenSessions) {
    ScheduleCursor a({.seed = 1, .spacing = Spacing::poisson, .per_minute = 90}, kScheduleStart);
    ScheduleCursor b({.seed = 2, .spacing = Spacing::poisson, .per_minute = 90}, kScheduleStart);
    EXPECT_NE(a.due(), b.due());
}

}  // namespace
}  // namespace quipu::measure
