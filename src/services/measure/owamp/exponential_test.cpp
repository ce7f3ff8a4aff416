#include "services/measure/owamp/exponential.h"

#include <gtest/gtest.h>

namespace quipu::owamp {
namespace {

Block block_from(std::string_view hex) {
    Block out{};
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(2 * i, 2)), nullptr, 16));
    return out;
}

// RFC 4656, appendix B: seed, and the sum of the first million deviates.
struct Vector {
    const char* seed;
    Fixed sum;
};
class PublishedVectors : public testing::TestWithParam<Vector> {};

TEST_P(PublishedVectors, SumOfAMillionDeviates) {
    ExponentialDeviates deviates(block_from(GetParam().seed));
    Fixed sum = 0;
    for (int i = 0; i < 1'000'000; ++i)
        sum += deviates.next();
    EXPECT_EQ(sum, GetParam().sum);
}

INSTANTIATE_TEST_SUITE_P(AppendixB, PublishedVectors,
                         testing::Values(Vector{"2872979303ab47eeac028dab3829dab2", 0x000f4479bd317381},
                                         Vector{"0102030405060708090a0b0c0d0e0f00", 0x000f433686466a62},
                                         Vector{"deadbeefdeadbeefdeadbeefdeadbeef", 0x000f416c8884d2d3},
                                         Vector{"feed0feed1feed2feed3feed4feed5ab", 0x000f3f0b4b416ec8}));

TEST(SendScheduleOf, GoesRoundItsSlots) {
    const std::vector<Slot> slots{{Slot::Type::fixed, Fixed{1} << 32U}, {Slot::Type::fixed, Fixed{1} << 30U}};
    SendSchedule schedule(slots, Sid{});
    EXPECT_EQ(schedule.next(), Fixed{1} << 32U);
    EXPECT_EQ(schedule.next(), (Fixed{1} << 32U) + (Fixed{1} << 30U));
    EXPECT_EQ(schedule.next(), (Fixed{2} << 32U) + (Fixed{1} << 30U));
}

TEST(SendScheduleOf, IsTheDeviatesTimesTheMean) {
    const Sid sid = block_from("2872979303ab47eeac028dab3829dab2");
    const std::vector<Slot> slots{{Slot::Type::exponential, Fixed{1} << 31U}};
    SendSchedule schedule(slots, sid);
    ExponentialDeviates deviates(sid);
    Fixed due = 0;
    for (int i = 0; i < 1000; ++i) {
        due += deviates.next() / 2;
        ASSERT_EQ(schedule.next(), due);
    }
}

TEST(FixedTime, KeepsNanoseconds) {
    for (const std::int64_t count : {0L, 1L, 999'999'999L, 1'000'000'000L, 123'456'789'012'345'678L})
        EXPECT_EQ(to_duration(to_fixed(Nanoseconds(count))).count(), count);
}

}  // namespace
}  // namespace quipu::owamp
