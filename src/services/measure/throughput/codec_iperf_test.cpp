#include "services/measure/throughput/codec_iperf.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace quipu::throughput {
namespace {

/// What Debian's iperf3 3.12 has printed.
std::string printed(const std::string& name) {
    std::ifstream in(std::string(QUIPU_SOURCE_DIR) + "/src/services/measure/throughput/corpus/codec_iperf/" + name);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

IperfReport report_of(const std::string& name) {
    const auto report = parse_iperf(printed(name));
    EXPECT_TRUE(report) << name << ": " << report.error().text();
    return report.value_or(IperfReport{});
}

TEST(CodecIperf, ReadsASenderOfTcp) {
    const IperfReport report = report_of("tcp-client.json");
    EXPECT_EQ(report.version, "iperf 3.12");
    EXPECT_EQ(report.peer, "127.0.0.1");
    EXPECT_EQ(report.protocol, Protocol::tcp);
    EXPECT_EQ(report.streams, 1);
    EXPECT_EQ(report.sent_bps, 50'328'754);
    EXPECT_EQ(report.received_bps, 50'314'793);
    EXPECT_EQ(report.sent_octets, 12'582'912);
    EXPECT_EQ(report.received_octets, 12'582'912);
    EXPECT_EQ(report.retransmits, 0);
    EXPECT_EQ(report.rtt_min_us, 100);
    EXPECT_EQ(report.rtt_mean_us, 102);
    EXPECT_EQ(report.rtt_max_us, 105);
    EXPECT_FALSE(report.packets);
    EXPECT_EQ(report.congestion, "bbr");
    EXPECT_NEAR(*report.cpu_own, 0.0265, 0.0001);
    EXPECT_NEAR(*report.cpu_other, 0.0023, 0.0001);
    EXPECT_EQ(report.error, "");
    ASSERT_EQ(report.intervals.size(), 2U);
    EXPECT_EQ(report.intervals[1], (ThroughputInterval{1.000118, 50'331'798, 0, 105}));
}

TEST(CodecIperf, ReadsSeveralStreamsAsOne) {
    const IperfReport report = report_of("tcp2-client.json");
    EXPECT_EQ(report.streams, 2);
    ASSERT_EQ(report.intervals.size(), 2U);
    EXPECT_NEAR(static_cast<double>(report.intervals[0].bps), 40e6, 4e6);
    EXPECT_LE(*report.rtt_min_us, *report.rtt_mean_us);
    EXPECT_LE(*report.rtt_mean_us, *report.rtt_max_us);
}

TEST(CodecIperf, ReadsUdp) {
    const IperfReport report = report_of("udp-client.json");
    EXPECT_EQ(report.protocol, Protocol::udp);
    EXPECT_EQ(report.packets, 78);
    EXPECT_EQ(report.lost, 0);
    EXPECT_EQ(report.jitter_us, 11);
    EXPECT_EQ(report.received_bps, 10'222'676);
    EXPECT_FALSE(report.retransmits);
    EXPECT_FALSE(report.rtt_min_us);
}

TEST(CodecIperf, TellsFailuresInItsWords) {
    EXPECT_EQ(report_of("refused-client.json").error, "unable to connect to server: Connection refused");
    EXPECT_EQ(report_of("taken-server.json").error, "unable to start listener for connections: Address already in use");
    EXPECT_EQ(report_of("serverkilled-client.json").error, "control socket has closed unexpectedly");
    EXPECT_EQ(report_of("intime-server.json").error, "the client has unexpectedly closed the connection");
    EXPECT_EQ(report_of("alone-server.json").peer, "");
    EXPECT_EQ(report_of("tcp-server.json").peer, "127.0.0.1");
}

TEST(CodecIperf, WhatIsNotThereIsAbsent) {
    EXPECT_EQ(*parse_iperf("{}"), IperfReport{});
    const auto odd = parse_iperf(R"({"start": [], "intervals": {"sum": 1}, "end": {"sum_sent": {"bits_per_second": -1,
        "bytes": "many"}, "sum_received": {"bits_per_second": 1e300}}, "error": 7})");
    ASSERT_TRUE(odd);
    EXPECT_EQ(*odd, IperfReport{});
    EXPECT_FALSE(parse_iperf(""));
    EXPECT_FALSE(parse_iperf("[]"));
    EXPECT_FALSE(parse_iperf("iperf3: error - no such option"));
}

TEST(CodecIperf, RecordsTravel) {
    const EndRecord record{.test = 7,
                           .end = End::receiver,
                           .began = Time{},
                           .ended = Time{},
                           .error = "",
                           .report = report_of("tcp-client.json")};
    const std::string text = write_end_record(record);
    const auto again = parse_end_record(as_bytes(text));
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(*again, record);
    EXPECT_FALSE(parse_end_record(as_bytes("{}")));
    EXPECT_FALSE(parse_end_record(as_bytes(std::string(kMostRecordOctets + 1, ' '))));
}

}  // namespace
}  // namespace quipu::throughput
