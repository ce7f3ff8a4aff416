#include "services/measure/throughput/codec_streams.h"

#include <gtest/gtest.h>

namespace quipu::throughput {
namespace {

TEST(StreamsCodec, AGreetingIsThirtyTwoOctets) {
    const Greeting greeting{.test = 0x0102030405060708, .stream = 3, .streams = 200, .duration_us = 10'000'000};
    const auto octets = write_greeting(greeting);
    EXPECT_EQ(as_text(octets),
              std::string_view("QUIPUTP1\1\2\3\4\5\6\7\10\0\0\0\3\0\0\0\310\0\0\0\0\0\230\226\200", 32));
    const auto again = parse_greeting(octets);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(*again, greeting);
}

TEST(StreamsCodec, WhatIsNoGreetingIsRefused) {
    const Greeting greeting{.test = 1, .stream = 1, .streams = 1, .duration_us = 1};
    auto octets = write_greeting(greeting);
    EXPECT_FALSE(parse_greeting(ByteSpan(octets).first(31)));
    EXPECT_FALSE(parse_greeting({}));
    EXPECT_FALSE(parse_greeting(as_bytes(std::string(as_text(octets)) + "E"))) << "longer";
    octets[7] = '2';
    EXPECT_FALSE(parse_greeting(octets)) << "another version";
    EXPECT_FALSE(parse_greeting(write_greeting({.test = 1, .stream = 2, .streams = 1}))) << "beyond the last";
    EXPECT_FALSE(parse_greeting(write_greeting({.test = 1, .stream = 0, .streams = 0})));
    EXPECT_FALSE(parse_greeting(write_greeting({.test = 1, .stream = 1, .streams = kMostStreams + 1})));
}

TEST(StreamsCodec, AReportIsReadOnceItIsWhole) {
    const StreamsReport report{
        .streams = 2, .octets = 1'000'000, .seconds = 1.5, .cpu = 0.25, .intervals = {{.from_s = 0, .bps = 5'000'000}}};
    const std::string text = write_streams_report(report);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto part = parse_streams_report(as_bytes(std::string_view(text).substr(0, i)));
        ASSERT_TRUE(part) << part.error().text();
        EXPECT_FALSE(*part);
    }
    const auto whole = parse_streams_report(as_bytes(text));
    ASSERT_TRUE(whole && *whole);
    EXPECT_EQ(**whole, report);
}

TEST(StreamsCodec, AReportThatCantBeIsRefused) {
    const auto refused = [](std::string_view json, std::uint32_t length) {
        ByteWriter out;
        out.u32(length);
        out.bytes(as_bytes(json));
        return !parse_streams_report(out.span());
    };
    EXPECT_TRUE(refused("", kMostStreamsReportOctets + 1));
    EXPECT_TRUE(refused("{}", 2));
    EXPECT_TRUE(refused("nonsense", 8));
    EXPECT_TRUE(refused(R"({"streams":1,"octets":-1,"seconds":1,"cpu":0})", 45));
}

}  // namespace
}  // namespace quipu::throughput
