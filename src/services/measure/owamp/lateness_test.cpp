#include "services/measure/owamp/lateness.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace quipu::owamp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kWritten = *parse_time("2011-11-21T12:00:00Z");

TEST(SentSample, AsksOneAfterTheOther) {
    SentSample sample;
    ASSERT_TRUE(sample.wanted(kWritten));
    sample.asked(3, 0, kWritten);
    EXPECT_FALSE(sample.wanted(kWritten + milliseconds(999))) << "the first was not told of";
    EXPECT_EQ(sample.told(3, 0, kWritten + microseconds(7)), microseconds(7));
    EXPECT_FALSE(sample.told(3, 0, kWritten + microseconds(7))) << "twice";
    EXPECT_FALSE(sample.wanted(kWritten + milliseconds(4)));
    EXPECT_TRUE(sample.wanted(kWritten + milliseconds(5)));
}

TEST(SentSample, GivesUpOneThatIsNotToldOf) {
    SentSample sample;
    sample.asked(0, 8, kWritten);
    ASSERT_TRUE(sample.wanted(kWritten + seconds(1)));
    sample.asked(0, 9, kWritten + seconds(1));
    // The first waited for its neighbour's address, say, and left after the second was stamped.
    EXPECT_FALSE(sample.told(0, 8, kWritten + milliseconds(1'100)));
    EXPECT_FALSE(sample.told(1, 9, kWritten + milliseconds(1'100))) << "of another socket";
    EXPECT_EQ(sample.told(0, 9, kWritten + milliseconds(1'001)), milliseconds(1));
}

TEST(SentSample, TakesNoAnswerThatMayBeAboutAnother) {
    SentSample sample;
    sample.asked(0, 4, kWritten);
    EXPECT_FALSE(sample.told(0, 5, kWritten + microseconds(7))) << "the kernel counts otherwise";
    EXPECT_TRUE(sample.wanted(kWritten + milliseconds(5)));
    sample.asked(0, 6, kWritten + seconds(1));
    EXPECT_FALSE(sample.told(0, 6, kWritten)) << "the clock was set back";
    EXPECT_TRUE(sample.wanted(kWritten)) << "and that must not end it";
    sample.asked(0, 0xffffffff, kWritten);
    EXPECT_EQ(sample.told(0, 0xffffffff, kWritten + microseconds(1)), microseconds(1));
    sample.asked(0, 0, kWritten + seconds(1));
    EXPECT_FALSE(sample.told(0, 0xffffffff, kWritten + seconds(2))) << "before it, where the numbers go round";
    EXPECT_EQ(sample.told(0, 0, kWritten + seconds(1)), microseconds(0));
}

TEST(Lateness, AssumesMuchWhileItKnowsLittle) {
    Lateness lateness;
    EXPECT_EQ(lateness.bound(), microseconds(100));
    EXPECT_EQ(lateness.figures().samples, 0U);
    for (int i = 0; i < 19; ++i)
        lateness.add(microseconds(3));
    EXPECT_EQ(lateness.bound(), microseconds(100));
    lateness.add(microseconds(3));
    EXPECT_EQ(lateness.bound(), microseconds(3));
    Lateness slow;
    slow.add(microseconds(250));
    EXPECT_EQ(slow.bound(), microseconds(250));
}

TEST(Lateness, IsBoundedButForOneInAHundredOfTheLatest) {
    Lateness lateness;
    // 1 to 100 µs, over and over: 256 of them hold 5 above 98 µs and 2 of each above it.
    for (int i = 0; i < 1000; ++i)
        lateness.add(microseconds(1 + i % 100));
    std::vector<Nanoseconds> latest;
    for (int i = 744; i < 1000; ++i)
        latest.push_back(microseconds(1 + i % 100));
    std::ranges::sort(latest);
    EXPECT_EQ(lateness.bound(), latest[253]) << "nearest rank: 254 of 256";
    // One outlier in a hundred does not move it, and what was long ago is forgotten.
    for (int i = 0; i < 256; ++i)
        lateness.add(i % 128 == 5 ? Nanoseconds(milliseconds(5)) : Nanoseconds(microseconds(2)));
    EXPECT_EQ(lateness.bound(), microseconds(2));
    const auto figures = lateness.figures();
    EXPECT_EQ(figures.samples, 1256U);
    EXPECT_GT(figures.p99, figures.p95);
    EXPECT_GT(figures.p95, figures.median);
}

}  // namespace
}  // namespace quipu::owamp
