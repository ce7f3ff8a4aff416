#include "lab/bird.h"

#include <gtest/gtest.h>

namespace quipu::lab {
namespace {

using Lines = std::vector<std::string>;

TEST(BirdAnswer, IsWholeAtTheLineWhoseCodeEndsWithASpace) {
    const std::string octets =
        "1007-Table master4:\n 192.0.2.0/24         unicast [member4 03:12:35.854] * (100) [AS64496i]\n"
        " \tvia 10.252.0.3 on member\n0000 \n";
    for (std::size_t cut = 0; cut < octets.size(); ++cut)
        EXPECT_FALSE(parse_bird_answer(octets.substr(0, cut)).whole) << cut;
    const BirdAnswer answer = parse_bird_answer(octets);
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.code, 0);
    EXPECT_EQ(answer.lines,
              (Lines{"Table master4:", "192.0.2.0/24         unicast [member4 03:12:35.854] * (100) [AS64496i]",
                     "\tvia 10.252.0.3 on member"}));
}

TEST(BirdAnswer, TellsAFailureByItsCode) {
    const BirdAnswer nothing = parse_bird_answer("8001 Network not found\n");
    EXPECT_TRUE(nothing.whole);
    EXPECT_EQ(nothing.code, 8001);
    EXPECT_EQ(nothing.lines, Lines{"Network not found"});
    EXPECT_FALSE(parse_bird_answer("a line of no known form\n").whole);
}

TEST(BirdAnswer, ARouteSaysWhichAsItComesFrom) {
    EXPECT_EQ(origin_of_route("192.0.2.0/24 unicast [point3_4 03:12 from 10.254.0.1] * (100/123) [AS4200000003i]"),
              4'200'000'003U);
    EXPECT_EQ(origin_of_route("192.0.2.0/24 unicast [member4 03:12] (100) [AS64496?]"), 64'496U);
    EXPECT_EQ(origin_of_route("10.254.0.1/32 unicast [ospf_ipv4 03:12] * I (150/20) [10.254.0.1]"), std::nullopt);
    EXPECT_EQ(origin_of_route("192.0.2.0/24 blackhole [s4 03:12:35.854] * (200)"), std::nullopt);
    EXPECT_EQ(origin_of_route("[AS]"), std::nullopt);
    EXPECT_EQ(origin_of_route("[AS4294967296i]"), std::nullopt);
}

TEST(BirdAnswer, ARouterThatIsNotThereIsAnError) {
    EXPECT_FALSE(ask_bird("/nowhere/a.ctl", "show status"));
}

}  // namespace
}  // namespace quipu::lab
