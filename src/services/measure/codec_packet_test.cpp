#include "services/measure/codec_packet.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu::measure {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(TestPacketCodec, LaysOutTheFieldsOfRfc4656) {
    ByteWriter out;
    // 2011-11-21T12:00:00.5Z is 3530865600.5 s after 1900.
    write_test_packet(out, {.sequence = 0x01020304,
                            .sent = *parse_time("2011-11-21T12:00:00.5Z"),
                            .error = {.synchronised = true, .scale = 12, .multiplier = 5},
                            .padding = 2});
    const std::vector<std::uint8_t> expected{1, 2, 3, 4, 0xd2, 0x74, 0xbb, 0xc0, 0x80, 0, 0, 0, 0x8c, 5, 0, 0};
    EXPECT_EQ(out.take(), expected);
}

TEST(TestPacketCodec, RoundTripsAnyPacket) {
    Rng rng(7);
    for (int i = 0; i < 20'000; ++i) {
        TestPacket packet;
        packet.sequence = static_cast<std::uint32_t>(rng.next());
        packet.sent = Time(nanoseconds(static_cast<std::int64_t>(rng.below(4'000'000'000'000'000'000ULL))));
        packet.error = {.synchronised = rng.below(2) == 1,
                        .scale = static_cast<std::uint8_t>(rng.below(64)),
                        .multiplier = static_cast<std::uint8_t>(1 + rng.below(255))};
        packet.padding = static_cast<std::size_t>(rng.below(64));
        ByteWriter out;
        write_test_packet(out, packet);
        ByteReader in(out.span());
        const auto read = parse_test_packet(in);
        ASSERT_TRUE(read);
        ASSERT_EQ(*read, packet);
    }
}

TEST(TestPacketCodec, RefusesWhatIsTooShort) {
    const std::vector<std::uint8_t> bytes(kTestPacketOctets, 1);
    for (std::size_t n = 0; n < kTestPacketOctets; ++n) {
        ByteReader in(ByteSpan(bytes).first(n));
        EXPECT_EQ(parse_test_packet(in).error(), PacketFault::truncated) << n;
    }
}

TEST(TestPacketCodec, RefusesAMultiplierOfZero) {
    std::vector<std::uint8_t> bytes(kTestPacketOctets, 1);
    bytes[13] = 0;
    ByteReader in(bytes);
    EXPECT_EQ(parse_test_packet(in).error(), PacketFault::zero_multiplier);
}

TEST(TestPacketCodec, IgnoresTheZBit) {
    std::vector<std::uint8_t> bytes(kTestPacketOctets, 1);
    bytes[12] = 0xc3;
    ByteReader in(bytes);
    EXPECT_EQ(parse_test_packet(in)->error, (ErrorEstimate{.synchronised = true, .scale = 3, .multiplier = 1}));
}

TEST(ErrorEstimateOf, IsNeverBelowTheBoundAndLessThanOnePartIn128Above) {
    Rng rng(3);
    for (int i = 0; i < 20'000; ++i) {
        const auto bound = nanoseconds(static_cast<std::int64_t>(rng.next() >> (2 + rng.below(60))));
        const auto estimate = ErrorEstimate::from(bound, true).bound();
        ASSERT_GE(estimate, bound);
        ASSERT_LE(estimate.count(), bound.count() + bound.count() / 128 + 1) << bound.count();
    }
    EXPECT_GE(ErrorEstimate::from(Nanoseconds::zero(), false).multiplier, 1);
    EXPECT_GE(ErrorEstimate::from(Nanoseconds::max(), false).bound(), Nanoseconds::max() - seconds(1));
}

TEST(NtpTime, KnowsTheEraAfter2036) {
    for (const char* text : {"1970-01-01T00:00:00Z", "2036-02-07T06:28:15.999999999Z", "2036-02-07T06:28:16Z",
                             "2100-01-01T00:00:00.000000001Z"}) {
        const Time time = *parse_time(text);
        EXPECT_EQ(from_ntp(to_ntp(time)), time) << text;
    }
}

}  // namespace
}  // namespace quipu::measure
