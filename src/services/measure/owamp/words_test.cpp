#include "services/measure/owamp/words.h"

#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "services/measure/owamp/test_records.h"

namespace quipu::owamp {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Local time is UTC's in these tests.
class Words : public testing::Test {
  protected:
    void SetUp() override {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
    }
};

TEST_F(Words, OwpingSaysWhatTheReferenceSays) {
    auto result =
        result_with({record(0, milliseconds(20)), record(2, milliseconds(22)), record(1, milliseconds(140)),
                     record(2, milliseconds(23)), record(3, std::nullopt, 255), record(4, milliseconds(21), 252)},
                    6);
    result.sent.skips = {{5, 5}};
    result.late = {.samples = 5,
                   .median = std::chrono::microseconds(4),
                   .p95 = std::chrono::microseconds(20),
                   .p99 = std::chrono::microseconds(300)};
    EXPECT_EQ(summary_text(result, {.percentiles = {75, 95}}), R"(
--- owping statistics from [192.0.2.1]:5001 to [2001:db8::2]:6001 ---
SID:	c0000201000000000000000000000000
first:	2011-11-21T12:00:00.100
last:	2011-11-21T12:00:00.600
5 sent, 1 lost (20.000%), 1 duplicates
one-way delay min/median/max = 20/22/140 ms, (err=0.2 ms)
one-way jitter = nan ms (P95-P50)
Percentiles:
	75.0: 140 ms
	95.0: nan ms
hops takes 2 values; min hops = 2, max hops = 3
1-reordering = 25.000000%
no 2-reordering
left after their stamp, median/P95/P99 = 0.004/0.02/0.3 ms (of 5 packets)

)");
    const std::string coarse = summary_text(result, {.unit = 'u', .percentiles = {}, .bucket = 50});
    EXPECT_NE(coarse.find("= 2e+04/5e+04/1.4e+05 us, (err=200 us)"), std::string::npos) << coarse;
    // What was skipped, or has neither come nor been given up, is not among those sent.
    result.sent = {result.request.sid, 6, {}};
    EXPECT_EQ(summary_of(result, {}).sent, 5);
}

TEST_F(Words, OwpingTellsAClockThatFollowsNothingAndSilence) {
    auto result = result_with({record(0, milliseconds(-3))}, 1);
    result.records[0].send_error.synchronised = false;
    const std::string text = summary_text(result, {});
    EXPECT_NE(text.find("= -3/-3/-3 ms, (unsync)"), std::string::npos) << text;
    EXPECT_NE(text.find("hops = 2 (consistently)\nno reordering\n"), std::string::npos) << text;
    const std::string silent = summary_text(result_with({record(0, std::nullopt)}, 1), {});
    EXPECT_NE(silent.find("1 sent, 1 lost (100.000%), 0 duplicates\n"
                          "one-way delay min/median/max = nan/nan/nan ms, (err=0.1 ms)\n"
                          "one-way jitter = nan ms (P95-P50)\nTTL not reported\nno reordering\n"),
              std::string::npos)
        << silent;
    EXPECT_NE(summary_text(result_with({}, 0), {}).find("\n0 sent, 0 lost (0.000%), 0 duplicates\n"),
              std::string::npos);
}

TEST_F(Words, OwpingsPackets) {
    auto result = result_with({record(0, milliseconds(20)), record(1, std::nullopt, 255)}, 2);
    EXPECT_EQ(packet_lines(result, {}), R"(
--- owping statistics from [192.0.2.1]:5001 to [2001:db8::2]:6001 ---
SID:	c0000201000000000000000000000000
seq_no=0          delay=20 ms	(sync, err=0.2 ms)
seq_no=1          *LOST*
)");
    const std::string with_times = packet_lines(result, {.unix_times = true, .percentiles = {}});
    EXPECT_NE(with_times.find("seq_no=0 delay=2.000000e+01 ms (sync, err=0.2 ms) sent=1321876800.100000 "
                              "recv=1321876800.120000\n"),
              std::string::npos)
        << with_times;
    result.records[0].receive_error.synchronised = false;
    EXPECT_NE(packet_lines(result, {}).find("delay=20 ms\t(unsync)\n"), std::string::npos);
    EXPECT_EQ(raw_lines(result),
              fmt::format("0 {:020} 1 0.000100136 {:020} 0 0.000100136 253\n"
                          "1 {:020} 1 0.000100136 00000000000000000000 1 0.000100136 255\n",
                          result.records[0].sent, result.records[0].received, result.records[1].sent));
}

TEST_F(Words, OwpingsSummaryForPrograms) {
    auto result = result_with({record(1, milliseconds(22)), record(0, microseconds(129'950)),
                               record(2, std::nullopt, 255), record(0, milliseconds(131))},
                              3);
    result.request.timeout = to_fixed(seconds(2));
    result.request.type_p = 46U << 24U;
    EXPECT_EQ(machine_text(result, {}),
              fmt::format(R"(SUMMARY	3.00
SID	c0000201000000000000000000000000
FROM_HOST	192.0.2.1
FROM_ADDR	192.0.2.1
FROM_PORT	5001
TO_HOST	2001:db8::2
TO_ADDR	2001:db8::2
TO_PORT	6001
START_TIME	{:020}
END_TIME	{:020}
DSCP	0x2e
LOSS_TIMEOUT	8589934592
PACKET_PADDING	0
SESSION_PACKET_COUNT	3
SAMPLE_PACKET_COUNT	3
BUCKET_WIDTH	0.0001
SESSION_FINISHED	1
SENT	3
SYNC	1
MAXERR	0.000200272
DUPS	1
LOST	1
MIN	0.022
MEDIAN	0.12995
MAX	0.12995
<BUCKETS>
	220	1
	1300	1
</BUCKETS>
MINTTL	253
MAXTTL	253
<TTLBUCKETS>
	253	2
</TTLBUCKETS>

<NREORDERING>
	1	1
</NREORDERING>
)",
                          measure::to_ntp(kBegan + milliseconds(100)), measure::to_ntp(kBegan + milliseconds(300))));
}

TEST_F(Words, TwpingSaysWhatTheReferenceSays) {
    TwampPingResult result;
    result.sid = {0xc0, 0, 2, 1};
    result.session.from = {*net::IpAddress::parse("192.0.2.1"), 8800};
    result.session.to = {*net::IpAddress::parse("192.0.2.2"), 9000};
    result.session.own_error = ErrorEstimate::from(microseconds(100), true);
    result.session.report = {.sent = 3, .received = 2, .lost = 1, .duplicates = 3, .duplicates_there = 1};
    result.session.report.synchronised = true;
    result.session.report.clock_error = microseconds(200);
    for (int i = 0; i < 2; ++i) {
        const Time sent = kBegan + milliseconds(100 * i);
        result.session.exchanges.push_back({.sent = sent,
                                            .received = sent + milliseconds(31 + i),
                                            .answer_number = static_cast<std::uint32_t>(i),
                                            .reflector_received = sent + milliseconds(10),
                                            .reflector_sent = sent + milliseconds(11),
                                            .reflector_error = ErrorEstimate::from(microseconds(100), true),
                                            .ttl_there = 250,
                                            .ttl_back = static_cast<std::int16_t>(251 + i)});
    }
    result.session.exchanges.push_back({.sent = kBegan + milliseconds(200)});
    EXPECT_EQ(summary_text(result, {.percentiles = {50}}), R"(
--- twping statistics from [192.0.2.1]:8800 to [192.0.2.2]:9000 ---
SID:	c0000201000000000000000000000000
first:	2011-11-21T12:00:00.000
last:	2011-11-21T12:00:00.200
3 sent, 1 lost (33.333%), 1 send duplicates, 2 reflect duplicates
round-trip time min/median/max = 30/31/31 ms, (err=0.4 ms)
send time min/median/max = 10/10/10 ms, (err=0.2 ms)
reflect time min/median/max = 20/21/21 ms, (err=0.2 ms)
reflector processing time min/max = 1/1 ms
two-way jitter = nan ms (P95-P50)
send jitter = nan ms (P95-P50)
reflect jitter = nan ms (P95-P50)
Percentiles:
	50.0: 31 ms
send hops = 5 (consistently)
reflect hops takes 2 values; min hops = 3, max hops = 4

)");
    const std::string lines = packet_lines(result, {});
    EXPECT_NE(
        lines.find("seq_no=1          fwd_delay=10 ms bck_delay=21 ms delay=31 ms proc_delay=1 ms\t(err=0.401 ms)\n"
                   "seq_no=2          *LOST*\n"),
        std::string::npos)
        << lines;
    const auto& e = result.session.exchanges[1];
    const auto ntp = [](Time time) { return measure::to_ntp(time); };
    const std::string raw = raw_lines(result);
    EXPECT_NE(raw.find(fmt::format("1 {:020} 1 0.000100136 {:020} 1 0.000100136 250 1 {:020} 1 0.000100136 {:020} 1 "
                                   "0.000100136 252\n",
                                   ntp(*e.sent), ntp(e.reflector_received), ntp(e.reflector_sent), ntp(*e.received))),
              std::string::npos)
        << raw;
    result.session.exchanges[0].reflector_received -= milliseconds(50);
    result.session.report.synchronised = false;
    const std::string odd = summary_text(result, {});
    EXPECT_TRUE(odd.starts_with("\nDirectional delays may be inaccurate due to out of sync clocks!\n\n---")) << odd;
    EXPECT_NE(odd.find("send time min/median/max = -40/10/10 ms, (unsync)\n"), std::string::npos) << odd;
}

}  // namespace
}  // namespace quipu::owamp
