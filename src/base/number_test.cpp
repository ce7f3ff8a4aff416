#include "base/number.h"

#include <cstdint>
#include <gtest/gtest.h>

namespace quipu {
namespace {

TEST(Number, IsAllOfTheText) {
    EXPECT_EQ(parse_number<int>("42"), 42);
    EXPECT_EQ(parse_number<int>("-42"), -42);
    EXPECT_EQ(parse_number<int>("007"), 7);
    EXPECT_EQ(parse_number<double>("2.5"), 2.5);
    for (const char* wrong : {"", " 42", "42 ", "+42", "4x", "x", "-", "0x2a"})
        EXPECT_EQ(parse_number<int>(wrong), std::nullopt) << wrong;
}

TEST(Number, IsOneThatTheTypeHolds) {
    EXPECT_EQ(parse_number<std::uint8_t>("255"), 255);
    EXPECT_EQ(parse_number<std::uint8_t>("256"), std::nullopt);
    EXPECT_EQ(parse_number<unsigned>("-1"), std::nullopt);
    EXPECT_EQ(parse_number<std::int64_t>("9223372036854775808"), std::nullopt);
}

}  // namespace
}  // namespace quipu
