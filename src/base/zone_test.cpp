#include "base/zone.h"

#include <gtest/gtest.h>

namespace quipu {
namespace {

using namespace std::chrono_literals;

std::string shown(const Zone& zone, std::string_view utc) {
    return format_time(Time(zone.local(*parse_time(utc)).time_since_epoch()));
}
std::string instant(const Zone& zone, std::string_view local) {
    return format_time(zone.instant(LocalTime(parse_time(local)->time_since_epoch())));
}
Zone zone(std::string_view name) {
    auto loaded = Zone::load(name);
    EXPECT_TRUE(loaded) << loaded.error().text();
    return loaded ? *loaded : Zone();
}

TEST(Zone, ShowsWhatTheWallShows) {
    if (const auto none = Zone::load("America/Santiago"); !none && none.error().code == ErrorCode::unavailable)
        GTEST_SKIP() << none.error().text();
    EXPECT_EQ(shown(Zone(), "2011-11-15T12:00:00Z"), "2011-11-15T12:00:00Z");
    const Zone santiago = zone("America/Santiago");
    EXPECT_EQ(shown(santiago, "2011-11-15T12:00:00Z"), "2011-11-15T09:00:00Z");
    EXPECT_EQ(shown(santiago, "2011-07-15T12:00:00Z"), "2011-07-15T08:00:00Z");
    EXPECT_EQ(shown(zone("America/Sao_Paulo"), "2011-12-01T12:00:00Z"), "2011-12-01T10:00:00Z");
    EXPECT_EQ(shown(zone("America/Sao_Paulo"), "2024-12-01T12:00:00Z"), "2024-12-01T09:00:00Z");
    EXPECT_EQ(shown(zone("America/Caracas"), "2011-12-01T12:00:00Z"), "2011-12-01T07:30:00Z");
    // Long after the last transition that stands in the file.
    EXPECT_EQ(shown(santiago, "2090-01-15T12:00:00Z"), "2090-01-15T09:00:00Z");
    EXPECT_EQ(shown(santiago, "2090-07-15T12:00:00Z"), "2090-07-15T08:00:00Z");
}

TEST(Zone, FindsTheInstant) {
    if (!Zone::load("America/Santiago")) GTEST_SKIP() << "no time zones here";
    const Zone santiago = zone("America/Santiago");
    EXPECT_EQ(instant(santiago, "2011-11-15T09:00:00Z"), "2011-11-15T12:00:00Z");
    const Zone york = zone("America/New_York");
    EXPECT_EQ(instant(york, "2011-11-06T01:30:00Z"), "2011-11-06T05:30:00Z");  // twice: the first
    EXPECT_EQ(instant(york, "2011-03-13T02:30:00Z"), "2011-03-13T07:30:00Z");  // never: 03:30
    // There and back, every hour of two years.
    for (Time time = *parse_time("2010-01-01"); time < *parse_time("2012-01-01"); time += 1h) {
        const Time back = santiago.instant(santiago.local(time));
        EXPECT_EQ(santiago.local(back), santiago.local(time)) << format_time(time);
        EXPECT_LE(back, time);
    }
}

TEST(Zone, RefusesWhatIsNoZone) {
    for (const char* name : {"", "/etc/passwd", "../../../etc/passwd", "America/Nowhere", "America", "a\nb"})
        EXPECT_FALSE(Zone::load(name)) << name;
    EXPECT_FALSE(Zone::parse({}, "empty"));
    EXPECT_FALSE(Zone::parse(as_bytes("TZif2"), "short"));
}

}  // namespace
}  // namespace quipu
