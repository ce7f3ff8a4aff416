#include "lab/impairment.h"

#include <gtest/gtest.h>
#include <vector>

namespace quipu::lab {
namespace {

Result<LinkChange> parse(std::vector<std::string> words) {
    return parse_change(words);
}

TEST(LinkChange, ReadsWhatTheCommandLineGives) {
    const auto change = parse(
        {"down", "backward", "delay=20ms", "jitter=1500us", "loss=1%", "reorder=0.25", "duplicate=0", "rate=100 Mb/s"});
    ASSERT_TRUE(change) << change.error().text();
    EXPECT_EQ(change->state, LinkState::down);
    EXPECT_EQ(change->direction, Directions::backward);
    const Impairment after = changed(Impairment{}, *change);
    EXPECT_TRUE(after.down);
    EXPECT_EQ(after.delay, std::chrono::milliseconds(20));
    EXPECT_EQ(after.jitter, std::chrono::microseconds(1500));
    EXPECT_DOUBLE_EQ(after.loss, 0.01);
    EXPECT_DOUBLE_EQ(after.reorder, 0.25);
    EXPECT_EQ(after.rate.bits_per_second, 100'000'000);
}

TEST(LinkChange, LeavesTheRestAsItWas) {
    Impairment before;
    before.down = true;
    before.loss = 0.5;
    const auto change = parse({"delay=1s"});
    ASSERT_TRUE(change);
    const Impairment after = changed(before, *change);
    EXPECT_TRUE(after.down);
    EXPECT_DOUBLE_EQ(after.loss, 0.5);
    EXPECT_EQ(after.delay, std::chrono::seconds(1));
    EXPECT_TRUE(LinkChange{}.empty());
    EXPECT_FALSE(change->empty());
}

TEST(LinkChange, TextReadsBack) {
    const auto change = parse({"forward", "delay=20ms", "loss=1%", "rate=1Gb/s"});
    ASSERT_TRUE(change);
    const std::string text = change_text(*change);
    EXPECT_EQ(text, "forward delay=20000us loss=0.01 rate=1000000000b/s");
    EXPECT_EQ(change_text(LinkChange{}), "");
}

TEST(LinkChange, NamesTheWordThatIsWrong) {
    for (const char* word : {"sideways", "delay", "delay=", "delay=20", "delay=11s", "delay=-1ms", "loss=101%",
                             "loss=-0.1", "loss=nan", "loss=x", "rate=fast", "loss=1%%", "=5"}) {
        const auto change = parse({"up", word});
        ASSERT_FALSE(change) << word;
        EXPECT_EQ(change.error().code, ErrorCode::invalid) << word;
        EXPECT_EQ(change.error().where, word);
    }
}

}  // namespace
}  // namespace quipu::lab
