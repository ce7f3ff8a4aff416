#include "services/measure/engine_quality.h"

#include <gtest/gtest.h>

#include "registry/test_registry.h"
#include "services/measure/engine_floor.h"

namespace quipu::measure {
namespace {

Figures minute_with(std::int64_t median_us, std::int64_t lost = 0, std::int64_t error_us = 1) {
    Figures out;
    out.sent = 90;
    out.received = 90 - lost;
    out.lost = lost;
    out.loss = static_cast<double>(lost) / 90;
    if (out.received > 0) out.delay_median_us = median_us;
    out.ipdv_us = 10;
    out.clock_error_us = error_us;
    return out;
}

TEST(Quality, DelayIsJudgedAboveTheFloorAndAboveTheUsual) {
    const Profiles profiles;
    const Reference reference{.floor_us = 30'000, .usual_us = 55'000};
    EXPECT_EQ(judge(profiles, minute_with(31'000), reference), (Quality{Verdict::good, Verdict::good, Verdict::good}));
    EXPECT_EQ(judge(profiles, minute_with(58'000), reference), (Quality{Verdict::fair, Verdict::good, Verdict::fair}));
    EXPECT_EQ(judge(profiles, minute_with(95'000), reference), (Quality{Verdict::poor, Verdict::fair, Verdict::poor}));
    EXPECT_EQ(judge(profiles, minute_with(95'000), {}), (Quality{Verdict::good, Verdict::good, Verdict::good}));
}

TEST(Quality, NothingIsHeldAgainstAPairThatTheClocksCanNotProve) {
    const Profiles profiles;
    const Reference reference{.floor_us = 30'000, .usual_us = 30'000};
    EXPECT_EQ(judge(profiles, minute_with(55'000, 0, 5000), reference).interactive, Verdict::good);
    EXPECT_EQ(judge(profiles, minute_with(61'000, 0, 5000), reference).interactive, Verdict::fair);
    EXPECT_EQ(above_us(minute_with(31'234, 0, 1900), 30'000), 2000);
    EXPECT_EQ(above_us(minute_with(31'234), std::nullopt), std::nullopt);
}

TEST(Quality, OneLostPacketIsNoRate) {
    const Profiles profiles;
    EXPECT_EQ(judge(profiles, minute_with(1000, 1), {}).bulk, Verdict::good);
    EXPECT_EQ(judge(profiles, minute_with(1000, 2), {}), (Quality{Verdict::poor, Verdict::poor, Verdict::fair}));
    EXPECT_EQ(judge(profiles, minute_with(1000, 90), {}).usual, Verdict::poor);
    EXPECT_EQ(judge(profiles, Figures{}, {}), Quality{});
}

TEST(Quality, LimitsRise) {
    Profiles profiles;
    EXPECT_TRUE(check(profiles));
    profiles.bulk.loss_watch = 0.5;
    EXPECT_EQ(check(profiles).error().where, "measure.profiles.bulk.loss_watch");
}

class Floor : public registry::RegistryTest {};

TEST_F(Floor, IsTheSumOfTheLeastWay) {
    must_import(R"(
[[organisations]]
id = "net"
name = "Net"
type = "regional"
[[sites]]
id = "a"
name = "A"
organisation = "net"
[[sites]]
id = "b"
name = "B"
organisation = "net"
[[sites]]
id = "c"
name = "C"
organisation = "net"
[[sites]]
id = "d"
name = "D"
organisation = "net"
[[links]]
id = "ab"
a = "a"
b = "b"
capacity = "1 Gb/s"
length = "1000 km"
activated = 2004-01-01
[[links]]
id = "bc"
a = "b"
b = "c"
capacity = "1 Gb/s"
length = "1000 km"
activated = 2004-01-01
[[links]]
id = "ac"
a = "a"
b = "c"
capacity = "1 Gb/s"
length = "9000 km"
activated = 2004-01-01
[[links]]
id = "cd"
a = "c"
b = "d"
capacity = "1 Gb/s"
activated = 2004-01-01
)",
                "2004-01-01");
    const auto picture = registry_->now();
    const Floors floors = floors_of(*picture, {"a", "b", "c", "d"});
    EXPECT_EQ(floors.at("a/b"), 5000);
    EXPECT_EQ(floors.at("a/c"), 10'000);
    EXPECT_EQ(floors.at("c/a"), 10'000);
    // Nobody knows how long the link to d is.
    EXPECT_FALSE(floors.contains("a/d"));
    EXPECT_FALSE(floor_us(*picture, picture->find<registry::Link>("cd")->object));
    EXPECT_EQ(floor_us(*picture, picture->find<registry::Link>("ac")->object), 45'000);
}

}  // namespace
}  // namespace quipu::measure
