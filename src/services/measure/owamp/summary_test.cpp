#include "services/measure/owamp/summary.h"

#include <gtest/gtest.h>

#include "services/measure/owamp/test_records.h"

namespace quipu::owamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(OwampSummary, RoundsAwayFromZeroToBuckets) {
    EXPECT_EQ(bucket_of(0.35, 0.1), 4);
    EXPECT_EQ(bucket_of(-0.35, 0.1), -4);
    EXPECT_EQ(bucket_of(0, 0.1), 0);
    const std::vector<double> delays{-0.35, 0.02, 0.32};
    EXPECT_NEAR(*percentile_of(delays, 3, 1, 0.1), -0.4, 1e-9);
    EXPECT_NEAR(*percentile_of(delays, 3, 100, 0.1), 0.4, 1e-9);
    EXPECT_NEAR(*percentile_of(delays, 3, 50, 0), 0.02, 1e-9);
}

TEST(OwampSummary, PercentilesAreOfNearestRankAndLostPacketsInfinite) {
    std::vector<double> delays(55);
    for (std::size_t i = 0; i < delays.size(); ++i)
        delays[i] = static_cast<double>(i + 1);
    EXPECT_EQ(percentile_of(delays, 100, 55, 0), 55);
    EXPECT_EQ(percentile_of(delays, 100, 7, 0), 7);
    EXPECT_FALSE(percentile_of(delays, 100, 55.1, 0));
    EXPECT_FALSE(percentile_of({}, 0, 50, 0));
    const SessionSummary s =
        summary_of(result_with({record(0, milliseconds(3)), record(1, std::nullopt)}, 3), {50, 90});
    EXPECT_EQ(s.sent, 2);  // of the third nothing is known
    EXPECT_EQ(s.lost, 1);
    EXPECT_NEAR(*s.delay_median_ms, 3, 1e-6);
    EXPECT_FALSE(s.jitter_ms);
    ASSERT_EQ(s.percentiles.size(), 2U);
    EXPECT_EQ(s.percentiles[0].size(), 2U);
    EXPECT_EQ(s.percentiles[1], std::vector<double>{90});
    EXPECT_EQ(s.first, kBegan + milliseconds(100));
    EXPECT_EQ(s.last, kBegan + milliseconds(300));
}

TestSession session_of(std::uint32_t packets) {
    TestSession out;
    out.start = measure::to_ntp(kBegan);
    out.slots = {{Slot::Type::fixed, to_fixed(milliseconds(100))}};
    out.packets = packets;
    out.timeout = to_fixed(seconds(2));
    return out;
}

std::vector<std::pair<std::uint32_t, bool>> fates(const std::vector<PacketRecord>& records) {
    std::vector<std::pair<std::uint32_t, bool>> out;
    for (const auto& each : records)
        out.emplace_back(each.sequence, each.lost());
    return out;
}

using Fates = std::vector<std::pair<std::uint32_t, bool>>;

TEST(CompleteRecords, LeaveOutWhatWasNotSentAndWhatCameTooLate) {
    const auto session = session_of(6);
    const ErrorEstimate own = ErrorEstimate::from(milliseconds(1), true);
    // 1 was skipped, 2 took longer than the timeout, 3 is stamped far from its schedule, 5 lies beyond the last sent.
    auto odd = record(3, milliseconds(20));
    odd.sent -= Fixed{5} << 32U;
    odd.received -= Fixed{5} << 32U;
    const auto whole = complete_records(
        session, {record(0, milliseconds(20)), odd, record(5, milliseconds(20)), record(2, milliseconds(2500))},
        {Sid{}, 5, {{1, 1}}}, kBegan + seconds(60), own);
    EXPECT_EQ(fates(whole), (Fates{{0, false}, {2, true}, {3, true}, {4, true}}));
    EXPECT_EQ(measure::from_ntp(whole[1].sent), kBegan + milliseconds(300));
    EXPECT_EQ(whole[1].receive_error, own);
    EXPECT_EQ(whole[1].ttl, 255);
}

TEST(CompleteRecords, WhatMayStillComeIsNotLost) {
    const auto session = session_of(10);
    // Stopped 2.45 s after the start: only 0 … 3 have had their two seconds.
    const auto records = complete_records(session, {record(0, milliseconds(1)), record(9, milliseconds(1))},
                                          {Sid{}, 10, {}}, kBegan + milliseconds(2450), {});
    EXPECT_EQ(fates(records), (Fates{{0, false}, {9, false}, {1, true}, {2, true}, {3, true}}));
}

}  // namespace
}  // namespace quipu::owamp
