#include "desk/calendar.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu::desk {
namespace {

using namespace std::chrono_literals;

std::string days_of(std::string_view country, int year) {
    std::string out;
    for (const Holiday& holiday : public_holidays(country, std::chrono::year(year)))
        out += (out.empty() ? "" : " ") + format_date(holiday.date).substr(5);
    return out;
}

TEST(Holidays, EasterIsWhereTheChurchHasIt) {
    const std::pair<int, std::string_view> known[] = {{1818, "1818-03-22"}, {1943, "1943-04-25"}, {2000, "2000-04-23"},
                                                      {2008, "2008-03-23"}, {2011, "2011-04-24"}, {2024, "2024-03-31"},
                                                      {2025, "2025-04-20"}, {2038, "2038-04-25"}, {2285, "2285-03-22"}};
    for (const auto& [year, date] : known)
        EXPECT_EQ(format_date(easter(std::chrono::year(year))), date);
}

TEST(Holidays, MoveAsTheLawsSay) {
    EXPECT_EQ(days_of("CL", 2011),
              "01-01 04-22 04-23 05-01 05-21 06-27 07-16 08-15 09-18 09-19 10-10 10-31 11-01 12-08 12-25");
    EXPECT_EQ(days_of("CO", 2011),
              "01-01 01-10 03-21 04-21 04-22 05-01 06-06 06-27 07-04 07-04 07-20 08-07 08-15 10-17 11-07 11-14 12-08 "
              "12-25");
    EXPECT_EQ(days_of("MX", 2011), "01-01 02-07 03-21 05-01 09-16 11-21 12-25");
    EXPECT_EQ(days_of("BR", 2011), "01-01 03-07 03-08 04-21 04-22 05-01 06-23 09-07 10-12 11-02 11-15 12-25");
    EXPECT_NE(days_of("UY", 2012).find("10-15"), std::string::npos);  // 12 October 2012, a Friday
    EXPECT_NE(days_of("AR", 2023).find("10-16"), std::string::npos);  // 12 October 2023, a Thursday
    EXPECT_NE(days_of("CL", 2023).find("10-27"), std::string::npos);  // 31 October 2023, a Tuesday
    EXPECT_NE(days_of("CL", 2024).find("06-20"), std::string::npos);
    EXPECT_NE(days_of("EC", 2024).find("05-24"), std::string::npos);
    EXPECT_EQ(days_of("XX", 2011), "");
}

TEST(Holidays, EveryCountryHasAZone) {
    for (const std::string_view country : countries_with_holidays()) {
        EXPECT_GE(public_holidays(country, std::chrono::year(2011)).size(), 6U) << country;
        const auto zone = Zone::load(zone_of_country(country));
        if (!zone && zone.error().code == ErrorCode::unavailable) GTEST_SKIP() << zone.error().text();
        EXPECT_TRUE(zone) << country << ": " << zone.error().text();
    }
    EXPECT_EQ(zone_of_country("FR"), "UTC");
}

TEST(Holidays, AreChangedByTheConfiguration) {
    const Date ninth = *parse_date("2011-12-09"), eighth = *parse_date("2011-12-08");
    const Holidays holidays({{"CL", ninth, "Puente", false}, {"CL", eighth, "", true}});
    const auto list = holidays.of("CL", std::chrono::year(2011));
    EXPECT_EQ(std::ranges::count(list, ninth, &Holiday::date), 1);
    EXPECT_EQ(std::ranges::count(list, eighth, &Holiday::date), 0);
    EXPECT_EQ(
        std::ranges::count(holidays.of("CL", std::chrono::year(2012)), Date(*parse_date("2012-12-08")), &Holiday::date),
        1);
}

Calendar chile() {
    return Calendar("CL", *Zone::load("America/Santiago"), {}, std::make_shared<Holidays>());
}
Time at(std::string_view text) {
    return *parse_time(text);
}

TEST(Calendar, CountsWorkingTimeOnly) {
    if (!Zone::load("America/Santiago")) GTEST_SKIP() << "this system has no time zones (tzdata)";
    const Calendar time = chile();
    EXPECT_EQ(format_time(time.after(at("2011-11-15T12:00:00Z"), 2h)), "2011-11-15T14:00:00Z");
    EXPECT_EQ(format_time(time.after(at("2011-11-15T03:00:00Z"), 2h)), "2011-11-15T14:00:00Z");
    EXPECT_EQ(format_time(time.after(at("2011-11-15T12:00:00Z"), 9h)), "2011-11-15T21:00:00Z");
    EXPECT_EQ(format_time(time.after(at("2011-11-15T21:00:00Z"), 0h)), "2011-11-15T21:00:00Z");
    // Saturday; and summer time begins (21 August 2011): 9:00 is 12:00 UTC instead of 13:00.
    EXPECT_EQ(format_time(time.after(at("2011-08-19T21:59:00Z"), 2min)), "2011-08-22T12:01:00Z");
    EXPECT_EQ(time.between(at("2011-11-14T00:00:00Z"), at("2011-11-21T00:00:00Z")), 45h);
    EXPECT_EQ(time.between(at("2011-12-08T00:00:00Z"), at("2011-12-09T00:00:00Z")), 0h);
    EXPECT_EQ(time.between(at("2011-12-09T00:00:00Z"), at("2011-12-08T00:00:00Z")), 0h);
    EXPECT_EQ(Calendar().after(at("2011-11-19T12:00:00Z"), 2h), at("2011-11-19T14:00:00Z"));
}

/// What is added is what lies between, from any instant on.
TEST(Calendar, AddsWhatItCounts) {
    if (!Zone::load("America/Santiago")) GTEST_SKIP() << "this system has no time zones (tzdata)";
    const Calendar time = chile();
    Rng rng(11);
    for (int round = 0; round < 2000; ++round) {
        const Time from = at("2011-01-01") + std::chrono::minutes(rng.below(525'600));
        const Nanoseconds working = std::chrono::minutes(rng.below(10'000));
        const Time until = time.after(from, working);
        EXPECT_EQ(time.between(from, until), working) << format_time(from);
        const Time middle = from + (until - from) / 2;
        EXPECT_EQ(time.between(from, middle) + time.between(middle, until), working);
    }
}

}  // namespace
}  // namespace quipu::desk
