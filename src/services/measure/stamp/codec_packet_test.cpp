#include "services/measure/stamp/codec_packet.h"

#include <gtest/gtest.h>

#include "base/test_hex.h"
#include "services/measure/stamp/codec_extensions.h"

namespace quipu::stamp {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr Form kStamp{};
constexpr Form kStampAuthenticated{Protocol::stamp, Mode::authenticated};
constexpr Form kTwamp{Protocol::twamp, Mode::open};
constexpr Form kTwampAuthenticated{Protocol::twamp, Mode::authenticated};
constexpr Form kTwampEncrypted{Protocol::twamp, Mode::encrypted};
constexpr Form kForms[] = {kStamp, kStampAuthenticated, kTwamp, kTwampAuthenticated, kTwampEncrypted};

constexpr Question kQuestion{.sequence = 7, .timestamp = 0xd27a2d8080000000, .error = 0x8c01, .ssid = 0x1234};
constexpr Answer kAnswer{.sequence = 5,
                         .timestamp = 0xd27a2d8090000000,
                         .error = 0x8d02,
                         .ssid = 0x1234,
                         .received = 0xd27a2d8088000000,
                         .question = {7, 0xd27a2d8080000000, 0x8c01, 0},
                         .ttl = 249};

Octets question(const Question& what, Form form) {
    ByteWriter out;
    write_question(out, what, form);
    return out.take();
}
Octets answer(const Answer& what, Form form) {
    ByteWriter out;
    write_answer(out, what, form);
    return out.take();
}

TEST(StampPackets, OpenOctets) {
    EXPECT_EQ(question(kQuestion, kStamp), octets_of("00000007 d27a2d8080000000 8c01 1234"
                                                     "00000000000000000000000000000000000000000000000000000000"));
    EXPECT_EQ(answer(kAnswer, kStamp), octets_of("00000005 d27a2d8090000000 8d02 1234 d27a2d8088000000"
                                                 "00000007 d27a2d8080000000 8c01 0000 f9 000000"));
    EXPECT_EQ(question(kQuestion, kTwamp), octets_of("00000007 d27a2d8080000000 8c01"));
    EXPECT_EQ(answer(kAnswer, kTwamp), octets_of("00000005 d27a2d8090000000 8d02 0000 d27a2d8088000000"
                                                 "00000007 d27a2d8080000000 8c01 0000 f9"));
}

TEST(StampPackets, AuthenticatedOctets) {
    // HMAC-SHA-256 with the key 00 01 … 0f, by another implementation (Python's hmac).
    Hmac hmac(Hmac::Hash::sha256, octets_of("000102030405060708090a0b0c0d0e0f"));
    auto asked = question(kQuestion, kStampAuthenticated);
    ASSERT_EQ(asked.size(), 112U);
    seal_stamp(asked, hmac);
    EXPECT_EQ(asked, octets_of("00000007000000000000000000000000d27a2d80800000008c01123400000000"
                               "0000000000000000000000000000000000000000000000000000000000000000"
                               "0000000000000000000000000000000000000000000000000000000000000000"
                               "f347a6cfa404ed48f66398a23390946c"));
    EXPECT_TRUE(verify_stamp(asked, hmac));
    auto answered = answer(kAnswer, kStampAuthenticated);
    seal_stamp(answered, hmac);
    EXPECT_EQ(answered, octets_of("00000005000000000000000000000000d27a2d80900000008d02123400000000"
                                  "d27a2d8088000000000000000000000000000007000000000000000000000000"
                                  "d27a2d80800000008c01000000000000f9000000000000000000000000000000"
                                  "1e4ecd1f7cc0c28fb176f5e6faeb7842"));
    answered[40] ^= 1U;
    EXPECT_FALSE(verify_stamp(answered, hmac));
    EXPECT_FALSE(verify_stamp(ByteSpan(asked).first(111), hmac));
}

TEST(StampPackets, TwampOctets) {
    TwampKeys keys;
    for (std::size_t i = 0; i < keys.aes.size(); ++i)
        keys.aes[i] = static_cast<std::uint8_t>(i);
    for (std::size_t i = 0; i < keys.hmac.size(); ++i)
        keys.hmac[i] = static_cast<std::uint8_t>(0x40 + i);
    TwampCipher cipher(keys);
    const auto sealed = [&](Octets packet, Form form, bool is_answer) {
        cipher.seal(packet, form, is_answer);
        return packet;
    };
    // By OpenSSL's command line and Python's hmac.
    EXPECT_EQ(sealed(question(kQuestion, kTwampAuthenticated), kTwampAuthenticated, false),
              octets_of("593ad2648ddf6fd2174a2a6380baba6fd27a2d80800000008c01000000000000"
                        "78a1e264cebff3e929bba37739c0b2fd"));
    EXPECT_EQ(sealed(question(kQuestion, kTwampEncrypted), kTwampEncrypted, false),
              octets_of("593ad2648ddf6fd2174a2a6380baba6fafb095b31644180572e791e1d1adbc56"
                        "113e6835958d45af670afa1763146242"));
    EXPECT_EQ(sealed(answer(kAnswer, kTwampAuthenticated), kTwampAuthenticated, true),
              octets_of("2ea523e14cf4b8dd83df95004d548eb8d27a2d80900000008d02000000000000"
                        "d27a2d8088000000000000000000000000000007000000000000000000000000"
                        "d27a2d80800000008c01000000000000f9000000000000000000000000000000"
                        "ffa56ba55541b7d489a1798eaff6b064"));
    EXPECT_EQ(sealed(answer(kAnswer, kTwampEncrypted), kTwampEncrypted, true),
              octets_of("2ea523e14cf4b8dd83df95004d548eb834b04b36c4d3bbbda6b4f118378ea198"
                        "8a6d5fc139be09011f53790ff2150877ee0b4c793c3bcc8e3e95cab0ca9968db"
                        "2fd9e7b1f7fbe1dd40139c09156a910b657bfde96181b341ebc9f832cd9731b8"
                        "cb8836556127c6498fd40e5a19b56e9a"));
    for (const Form form : {kTwampAuthenticated, kTwampEncrypted}) {
        auto packet = sealed(answer(kAnswer, form), form, true);
        ASSERT_TRUE(cipher.open(packet, form, true));
        auto expected = kAnswer;
        expected.ssid = 0;
        EXPECT_EQ(parse_answer(packet, form), expected);
        packet = sealed(answer(kAnswer, form), form, true);
        packet[3] ^= 1U;
        EXPECT_FALSE(cipher.open(packet, form, true));
    }
}

TEST(StampPackets, RoundTrip) {
    for (const Form form : kForms) {
        auto asked = kQuestion;
        auto answered = kAnswer;
        if (form.protocol == Protocol::twamp) asked.ssid = answered.ssid = 0;
        EXPECT_EQ(parse_question(question(kQuestion, form), form), asked);
        EXPECT_EQ(parse_answer(answer(kAnswer, form), form), answered);
        EXPECT_EQ(question(kQuestion, form).size(), form.question_octets());
        EXPECT_EQ(answer(kAnswer, form).size(), form.answer_octets());
        EXPECT_EQ(parse_question(ByteSpan(question(kQuestion, form)).first(form.question_octets() - 1), form).error(),
                  PacketFault::truncated);
        EXPECT_EQ(parse_answer(ByteSpan(answer(kAnswer, form)).first(form.answer_octets() - 1), form).error(),
                  PacketFault::truncated);
        auto corrupt = kQuestion;
        corrupt.error = 0x8c00;
        EXPECT_EQ(parse_question(question(corrupt, form), form).error(), PacketFault::zero_multiplier);
    }
}

TEST(StampPackets, TimestampsOfBothFormats) {
    const Time time = *parse_time("2011-11-21T14:03:05.25Z");
    EXPECT_EQ(timestamp_field(time, false), 0xd274d89940000000U);
    EXPECT_EQ(timestamp_field(time, true), (1'321'884'185ULL << 32U) | 250'000'000U);
    EXPECT_EQ(time_of(timestamp_field(time, false), 0x8001), time);
    EXPECT_EQ(time_of(timestamp_field(time, true), 0xc001), time);
    const auto error = error_estimate(0xcc7f);
    EXPECT_TRUE(error.synchronised);
    EXPECT_EQ(error.scale, 12);
    EXPECT_EQ(error.multiplier, 127);
    EXPECT_EQ(error_field(error, true), 0xcc7f);
    EXPECT_EQ(error_field(error, false), 0x8c7f);
}

}  // namespace
}  // namespace quipu::stamp
