#include "services/measure/codec_raw.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

RawMinute drawn(Rng& rng) {
    RawMinute out{.from = "santiago", .minute = *parse_time("2011-11-21T12:00:00Z"), .part = 2, .packets = {}};
    auto sequence = static_cast<std::uint32_t>(rng.next());  // it may wrap
    Time at = out.minute;
    for (std::uint64_t i = rng.below(100); i > 0; --i) {
        at += Nanoseconds(rng.below(700'000'000));
        RawPacket packet{.sequence = sequence++, .sent = at};
        packet.sent_error = ErrorEstimate::from(Nanoseconds(rng.below(3) * 1000), rng.below(2) == 0);
        packet.received_error = ErrorEstimate::from(Nanoseconds(500), true);
        if (rng.below(10) != 0) {
            packet.received = at + Nanoseconds(static_cast<std::int64_t>(rng.below(40'000'000)) - 1'000'000);
            packet.ttl = static_cast<std::int16_t>(static_cast<std::int64_t>(rng.below(257)) - 1);
        }
        out.packets.push_back(packet);
    }
    return out;
}

TEST(RawCodec, WhatIsWrittenIsReadAndNothingShorter) {
    Rng rng(3);
    for (int i = 0; i < 50; ++i) {
        const RawMinute minute = drawn(rng);
        ByteWriter out;
        write_raw(out, minute);
        ByteReader in(out.span());
        const auto read = parse_raw(in);
        ASSERT_TRUE(read) << read.error().text();
        ASSERT_EQ(*read, minute);
        for (std::size_t n = 0; n < out.size(); ++n) {
            ByteReader cut(out.span().first(n));
            ASSERT_FALSE(parse_raw(cut)) << n;
        }
    }
}

TEST(RawCodec, APacketTakesSomeThirteenOctets) {
    RawMinute minute{.from = "santiago", .minute = *parse_time("2011-11-21T12:00:00Z"), .part = 0, .packets = {}};
    for (std::uint32_t i = 0; i < 90; ++i)
        minute.packets.push_back({.sequence = 4'000'000'000U + i,
                                  .sent = minute.minute + Nanoseconds(666'666'666) * i,
                                  .received = minute.minute + Nanoseconds(666'666'666) * i + Nanoseconds(20'123'456),
                                  .ttl = 250});
    ByteWriter out;
    write_raw(out, minute);
    EXPECT_LT(out.size(), 90U * 14);
}

TEST(RawCodec, RefusesWhatCannotBe) {
    const auto refused = [](std::initializer_list<std::uint8_t> octets) {
        const std::vector<std::uint8_t> all(octets);
        ByteReader in(all);
        const auto read = parse_raw(in);
        return read ? std::string("taken") : read.error().text();
    };
    EXPECT_NE(refused({2, 1, 'a', 0, 0, 0}).find("version"), std::string::npos);
    EXPECT_NE(refused({1, 1, 'a', 0, 0, 200, 1}).find("more packets"), std::string::npos);
    EXPECT_NE(refused({1, 1, 'a', 0, 0, 1, 4, 0, 0}).find("no packet"), std::string::npos);
    EXPECT_EQ(refused({1, 1, 'a', 0, 0, 1, 1, 0, 0}), "taken");
    EXPECT_NE(refused({1, 1, 'a', 0, 64, 1, 1, 0, 0}).find("part"), std::string::npos);
    EXPECT_NE(refused({1, 1, 'a', 0, 0, 1, 0, 0, 0, 0, 0x81, 4}).find("TTL"), std::string::npos);
}

}  // namespace
}  // namespace quipu::measure
