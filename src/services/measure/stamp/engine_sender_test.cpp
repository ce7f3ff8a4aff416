#include "services/measure/stamp/engine_sender.h"

#include <gtest/gtest.h>

#include "services/measure/stamp/summary.h"

namespace quipu::stamp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr measure::ErrorEstimate kError{.synchronised = true, .scale = 0, .multiplier = 1};

/// A session of ten packets over a path that this test plays: 10 ms there, 20 ms back, 1 ms held.
class SenderTest : public testing::Test {
  protected:
    void SetUp() override {
        while (const auto due = sender_.next()) {
            const auto sequence = sender_.take(*due);
            ASSERT_TRUE(sequence);
            last_ = *due;
            sender_.sent(*sequence, sent(*sequence));
        }
    }
    static Time sent(std::uint32_t sequence) { return start() + sequence * milliseconds(100); }
    static Time start() { return *parse_time("2011-11-21T14:00:00Z"); }

    void answer(std::uint32_t sequence, std::uint32_t number, Nanoseconds more_back = {}) {
        const Time received = sent(sequence) + milliseconds(10);
        const Time left = received + milliseconds(1);
        sender_.answered({.sequence = number,
                          .timestamp = timestamp_field(left, false),
                          .error = error_field(kError, false),
                          .received = timestamp_field(received, false),
                          .question = {.sequence = sequence},
                          .ttl = 250},
                         left + milliseconds(20) + more_back, 249);
    }
    SessionReport report() { return sender_.report(kError); }

    SessionSender sender_{{.packets = 10, .interval = milliseconds(100), .timeout = milliseconds(500)}, Rng(1), {}};
    Monotonic last_{};
};

TEST_F(SenderTest, EveryFigureOfACleanPath) {
    for (std::uint32_t i = 0; i < 10; ++i)
        answer(i, i, i % 2 == 0 ? Nanoseconds{} : milliseconds(2));
    EXPECT_TRUE(sender_.done(last_));
    const auto found = report();
    EXPECT_EQ(found.sent, 10U);
    EXPECT_EQ(found.lost, 0U);
    EXPECT_EQ(found.lost_there, 0U);
    EXPECT_EQ(found.round_trip.least, milliseconds(30));
    EXPECT_EQ(found.round_trip.most, milliseconds(32));
    EXPECT_EQ(found.round_trip.ipdv, milliseconds(2));
    EXPECT_EQ(found.there->median, milliseconds(10));
    EXPECT_EQ(found.there->ipdv, Nanoseconds{});
    EXPECT_EQ(found.back->p95, milliseconds(22));
    EXPECT_EQ(found.held, milliseconds(1));
    EXPECT_EQ(found.ttl_there_least, 250);
    EXPECT_EQ(found.ttl_back_most, 249);
    EXPECT_TRUE(found.synchronised);
}

TEST_F(SenderTest, LossByDirection) {
    // 2 and 5 never arrive; the answers of 3 and 7 are lost; 9 in either direction.
    const std::uint32_t numbers[] = {0, 1, 99, 2, 3, 99, 4, 5, 6, 99};
    for (const std::uint32_t i : {0U, 1U, 4U, 6U, 8U})
        answer(i, numbers[i]);
    const auto found = report();
    EXPECT_EQ(found.lost, 5U);
    EXPECT_EQ(found.lost_there, 2U);
    EXPECT_EQ(found.lost_back, 2U);
    EXPECT_EQ(found.lost_somewhere, 1U);
    EXPECT_FALSE(sender_.done(last_ + milliseconds(499)));
    EXPECT_TRUE(sender_.done(last_ + milliseconds(500)));
}

TEST_F(SenderTest, AStatelessReflectorTellsNoDirection) {
    for (const std::uint32_t i : {0U, 1U, 4U, 8U})
        answer(i, i);
    const auto found = report();
    EXPECT_FALSE(found.lost_there);
    EXPECT_EQ(found.lost_somewhere, 6U);
}

TEST_F(SenderTest, DuplicatesReorderingLateAndStrange) {
    answer(0, 0);
    answer(0, 0);  // the answer came twice
    answer(1, 1);
    answer(1, 2);  // the question came twice
    answer(3, 4);
    answer(2, 3);                      // overtaken
    answer(4, 5, milliseconds(1000));  // after the timeout: lost
    answer(77, 6);                     // of no question
    const auto found = report();
    EXPECT_EQ(found.received, 4U);
    EXPECT_EQ(found.duplicates, 2U);
    EXPECT_EQ(found.reordered, 1U);
    EXPECT_EQ(found.strange, 1U);
}

TEST_F(SenderTest, TheKernelsTimeIsTakenWhenItCanBeTrue) {
    sender_.left(0, sent(0) + microseconds(40));
    sender_.left(1, sent(1) - microseconds(1));
    answer(0, 0);
    answer(1, 1);
    const auto found = report();
    EXPECT_EQ(found.round_trip.least, milliseconds(30) - microseconds(40));
    EXPECT_EQ(found.round_trip.most, milliseconds(30));
}

TEST_F(SenderTest, NothingIsFinerThanTheClocks) {
    for (std::uint32_t i = 0; i < 10; ++i)
        answer(i, i);
    ClientResult result;
    result.report = sender_.report(measure::ErrorEstimate::from(milliseconds(3), true));
    auto summary = summary_of(result);
    EXPECT_EQ(summary.there_median_us, 10'000);
    EXPECT_EQ(summary.back_median_us, 20'000);
    EXPECT_DOUBLE_EQ(*summary.round_trip_median_us, 30'000);
    result.report = sender_.report(measure::ErrorEstimate::from(milliseconds(3), false));
    summary = summary_of(result);
    EXPECT_FALSE(summary.there_median_us);
    EXPECT_NE(text_of(summary).find("no one-way delays"), std::string::npos);
    result.report = sender_.report(measure::ErrorEstimate::from(std::chrono::seconds(2), true));
    EXPECT_FALSE(summary_of(result).there_median_us);
}

TEST(SessionSender, ExponentialGapsHaveTheirMean) {
    SessionSender sender({.packets = 20'000, .interval = milliseconds(10), .exponential = true}, Rng(5), {});
    Monotonic last{};
    while (const auto due = sender.next()) {
        last = *due;
        ASSERT_TRUE(sender.take(last));
    }
    EXPECT_NEAR(static_cast<double>(last.time_since_epoch().count()), 20'000 * 10e6, 20'000 * 10e6 * 0.03);
}

}  // namespace
}  // namespace quipu::stamp
