#include "services/measure/owamp/summary.h"

#include <gtest/gtest.h>

namespace quipu::owamp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kBegan = *parse_time("2011-11-21T12:00:00Z");

PacketRecord record(std::uint32_t sequence, std::optional<Nanoseconds> delay, std::uint8_t ttl = 253) {
    const Time sent = kBegan + milliseconds(100) * (sequence + 1);
    return {.sequence = sequence,
            .send_error = ErrorEstimate::from(microseconds(100), true),
            .receive_error = ErrorEstimate::from(microseconds(100), true),
            .sent = measure::to_ntp(sent),
            .received = delay ? measure::to_ntp(sent + *delay) : 0,
            .ttl = ttl};
}

ClientResult result_with(std::vector<PacketRecord> records, std::uint32_t sent) {
    ClientResult out;
    out.request.packets = sent;
    out.request.sender = *net::IpAddress::parse("192.0.2.1");
    out.request.sender_port = 5001;
    out.request.receiver = *net::IpAddress::parse("2001:db8::2");
    out.request.receiver_port = 6001;
    out.request.sid = {0xc0, 0, 2, 1};
    out.sent = {out.request.sid, sent, {}};
    out.records = std::move(records);
    return out;
}

TEST(OwpingSummary, SaysWhatTheReferenceSays) {
    auto result =
        result_with({record(0, milliseconds(20)), record(2, milliseconds(22)), record(1, milliseconds(140)),
                     record(2, milliseconds(23)), record(3, std::nullopt, 255), record(4, milliseconds(21), 252)},
                    6);
    result.sent.skips = {{5, 5}};
    result.late = {.samples = 5,
                   .median = std::chrono::microseconds(4),
                   .p95 = std::chrono::microseconds(20),
                   .p99 = std::chrono::microseconds(300)};
    EXPECT_EQ(text_of(summary_of(result, {95})), R"(
--- owping statistics from [192.0.2.1]:5001 to [2001:db8::2]:6001 ---
SID:	c0000201000000000000000000000000
first:	2011-11-21T12:00:00.100
last:	2011-11-21T12:00:00.500
5 sent, 1 lost (20.000%), 1 duplicates
one-way delay min/median/max = 20/21/140 ms, (err=0.2 ms)
one-way jitter = 119 ms (P95-P50)
left after their stamp, median/P95/P99 = 0.004/0.02/0.3 ms (of 5 packets)
Percentiles:
	95.0: 140 ms
hops takes 2 values; min hops = 2, max hops = 3
1-reordering = 25.000%
no 2-reordering
)");
}

TEST(OwpingSummary, TellsAClockThatFollowsNothingAndSilence) {
    auto result = result_with({record(0, milliseconds(-3))}, 1);
    result.records[0].send_error.synchronised = false;
    const std::string text = text_of(summary_of(result, {}));
    EXPECT_NE(text.find("= -3/-3/-3 ms, (unsync)"), std::string::npos) << text;
    EXPECT_NE(text.find("hops = 2 (consistently)\nno reordering\n"), std::string::npos) << text;
    const std::string silent = text_of(summary_of(result_with({record(0, std::nullopt)}, 1), {}));
    EXPECT_NE(silent.find("1 sent, 1 lost (100.000%), 0 duplicates\none-way delay min/median/max = nan/nan/nan ms\n"),
              std::string::npos)
        << silent;
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
