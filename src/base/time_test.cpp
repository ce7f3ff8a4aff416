#include "base/time.h"

#include <gtest/gtest.h>

#include "base/describe.h"
#include "base/random.h"

namespace quipu {
namespace {

using namespace std::chrono_literals;

constexpr Date kDay{std::chrono::year(2011), std::chrono::October, std::chrono::day(28)};

TEST(Time, WritesRfc3339) {
    EXPECT_EQ(format_time(Time{}), "1970-01-01T00:00:00Z");
    EXPECT_EQ(format_time(start_of(kDay) + 14h + 3min + 5s), "2011-10-28T14:03:05Z");
    EXPECT_EQ(format_time(start_of(kDay) + 120ms), "2011-10-28T00:00:00.12Z");
    EXPECT_EQ(format_time(start_of(kDay) + 1ns), "2011-10-28T00:00:00.000000001Z");
    EXPECT_EQ(format_time(Time{} - 1ns), "1969-12-31T23:59:59.999999999Z");
}

TEST(Time, ReadsRfc3339) {
    const Time noon = start_of(kDay) + 12h;
    EXPECT_EQ(parse_time("2011-10-28T12:00:00Z"), noon);
    EXPECT_EQ(parse_time("2011-10-28t12:00:00z"), noon);
    EXPECT_EQ(parse_time("2011-10-28 12:00:00Z"), noon);
    EXPECT_EQ(parse_time("2011-10-28T09:00:00-03:00"), noon);
    EXPECT_EQ(parse_time("2011-10-28T17:30:00+05:30"), noon);
    EXPECT_EQ(parse_time("2011-10-28T12:00:00.5Z"), noon + 500ms);
    EXPECT_EQ(parse_time("2011-10-28T12:00:00.1234567899Z"), noon + 123456789ns);
    EXPECT_EQ(parse_time("2011-10-28"), start_of(kDay));
    EXPECT_EQ(parse_time("2016-12-31T23:59:60Z"), *parse_time("2017-01-01"));
}

TEST(Time, RefusesWhatIsNotOne) {
    for (const char* text :
         {"", "yesterday", "2011-10-28T", "2011-10-28T12:00:00", "2011-10-28T12:00Z", "2011-10-28T24:00:00Z",
          "2011-10-28T12:60:00Z", "2011-10-28T12:00:00.Z", "2011-10-28T12:00:00ZZ", "2011-02-29", "2011-13-01",
          "2011-10-28T12:00:00+24:00", "11-10-28", "2011/10/28", "+011-10-28", "1500-01-01", "9999-01-01"})
        EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Time, TextReadsBackTheSame) {
    Rng rng(7);
    for (int i = 0; i < 20'000; ++i) {
        // 1678 to 2261 in nanoseconds, thinned at random so that short fractions occur
        auto count = static_cast<std::int64_t>(rng.below(9'000'000'000'000'000'000U));
        if (rng.below(2) == 0) count = -count;
        for (auto places = rng.below(10); places > 0; --places)
            count = count / 10;
        const Time time{Nanoseconds(count)};
        ASSERT_EQ(parse_time(format_time(time)), time) << format_time(time);
    }
}

TEST(Date, ReadsAndWrites) {
    EXPECT_EQ(parse_date("2011-10-28"), kDay);
    EXPECT_EQ(format_date(kDay), "2011-10-28");
    EXPECT_EQ(date_of(start_of(kDay) + 23h), kDay);
    EXPECT_EQ(date_of(start_of(kDay) - 1ns), *parse_date("2011-10-27"));
    EXPECT_FALSE(parse_date("2011-10-28T00:00:00Z"));
    EXPECT_EQ(start_of(Date(std::chrono::year(1500), std::chrono::January, std::chrono::day(1))), Time::min());
}

TEST(Duration, IsToldToPeopleInTwoUnitsAtMost) {
    const std::pair<Nanoseconds, const char*> cases[] = {
        {0ns, "0 s"},
        {1ns, "1 ns"},
        {340ms, "340 ms"},
        {1234us, "1.23 ms"},
        {17us, "17 µs"},
        {12345ms, "12.3 s"},
        {59960ms, "1 min"},
        {65s, "1 min 5 s"},
        {2h + 5min, "2 h 5 min"},
        {59min + 59s + 700ms, "1 h"},
        {24h, "1 d"},
        {76h + 31min, "3 d 5 h"},
        {-90s, "-1 min 30 s"},
        {999999us, "1 s"},
    };
    for (const auto& [duration, text] : cases)
        EXPECT_EQ(format_duration(duration), text);
    EXPECT_EQ(format_duration(Nanoseconds::min()), "-106752 d");
}

TEST(Duration, IsHeldAgainstItsBounds) {
    using namespace std::chrono_literals;
    EXPECT_TRUE(check_between("retry", 1s, 1s, 2h));
    EXPECT_TRUE(check_between("retry", 2h, 1s, 2h));
    EXPECT_EQ(check_between("retry", 3h, 1s, 2h).error().text(), "retry: 3 h is not between 1 s and 2 h");
    EXPECT_FALSE(check_between("retry", 0s, 1s, 2h));
}

TEST(Duration, IsReadWithItsUnit) {
    EXPECT_EQ(parse_duration("90s"), 90s);
    EXPECT_EQ(parse_duration("5 min"), 5min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("1.5 s"), 1500ms);
    EXPECT_EQ(parse_duration("2 h 5 min"), 125min);
    EXPECT_EQ(parse_duration(" 3 d "), 72h);
    EXPECT_EQ(parse_duration("17 µs"), 17us);
    EXPECT_EQ(parse_duration("-20ms"), -20ms);
    EXPECT_EQ(parse_duration("9223372036854775000ns"), 9223372036854775000ns);
}

TEST(Duration, RefusesABareNumber) {
    for (const char* text :
         {"", " ", "5", "s", "5 parsecs", "5 s 3", "1e3 s", "--5s", "5 s -3 s", "1..5 s", "300000000 h", "+5s"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, TravelsExactly) {
    Rng rng(3);
    for (int i = 0; i < 10'000; ++i) {
        auto count = static_cast<std::int64_t>(rng.next() >> rng.below(64)) / 2;
        const Nanoseconds duration(rng.below(2) == 0 ? count : -count);
        const auto text = TextForm<Nanoseconds>::format(duration);
        ASSERT_EQ(parse_duration(text), duration) << text;
    }
    EXPECT_EQ(TextForm<Nanoseconds>::format(90s), "90s");
    EXPECT_EQ(TextForm<Nanoseconds>::format(5min), "5min");
}

TEST(ManualClock, StepsTheTimeOfDayAlone) {
    ManualClock clock(start_of(kDay));
    const Monotonic before = clock.monotonic();
    clock.step(-1h);
    EXPECT_EQ(clock.monotonic(), before);
    clock.advance(2s);
    EXPECT_EQ(clock.now(), start_of(kDay) - 1h + 2s);
    EXPECT_EQ(clock.monotonic() - before, 2s);
}

}  // namespace
}  // namespace quipu
