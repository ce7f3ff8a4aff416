#include "services/rpki/rtr/codec_rtr.h"

#include <gtest/gtest.h>

namespace quipu::rpki::rtr {
namespace {

std::vector<std::uint8_t> octets_of(const Pdu& pdu) {
    ByteWriter out;
    write(out, pdu);
    return out.take();
}

Result<Pdu> parsed(const std::vector<std::uint8_t>& octets) {
    ByteReader in(octets);
    auto out = parse(in);
    if (out) EXPECT_TRUE(in.at_end());
    return out;
}

Vrp vrp(Ipv6 address, int length, int max_length, Asn as, bool v6) {
    return {.address = address,
            .as = as,
            .length = static_cast<std::uint8_t>(length),
            .max_length = static_cast<std::uint8_t>(max_length),
            .v6 = v6};
}

TEST(RtrCodec, WritesTheOctetsOfTheStandards) {
    using Bytes = std::vector<std::uint8_t>;
    EXPECT_EQ(octets_of({1, SerialNotify{0x1234, 7}}), (Bytes{1, 0, 0x12, 0x34, 0, 0, 0, 12, 0, 0, 0, 7}));
    EXPECT_EQ(octets_of({0, SerialQuery{0x1234, 7}}), (Bytes{0, 1, 0x12, 0x34, 0, 0, 0, 12, 0, 0, 0, 7}));
    EXPECT_EQ(octets_of({2, ResetQuery{}}), (Bytes{2, 2, 0, 0, 0, 0, 0, 8}));
    EXPECT_EQ(octets_of({1, CacheResponse{0x1234}}), (Bytes{1, 3, 0x12, 0x34, 0, 0, 0, 8}));
    EXPECT_EQ(octets_of({1, PrefixPdu{true, vrp(0xc0000200, 24, 26, 64496, false)}}),
              (Bytes{1, 4, 0, 0, 0, 0, 0, 20, 1, 24, 26, 0, 192, 0, 2, 0, 0, 0, 0xfb, 0xf0}));
    EXPECT_EQ(octets_of({2, PrefixPdu{false, vrp(Ipv6{0x20010db8} << 96U, 32, 48, 1, true)}}),
              (Bytes{2, 6, 0, 0, 0, 0, 0, 32, 0, 32, 48, 0, 0x20, 1, 0xd, 0xb8,
                     0, 0, 0, 0, 0, 0, 0, 0,  0, 0,  0,  0, 0,    0, 0,   1}));
    EXPECT_EQ(octets_of({0, EndOfData{1, 2, {}}}), (Bytes{0, 7, 0, 1, 0, 0, 0, 12, 0, 0, 0, 2}));
    EXPECT_EQ(octets_of({1, EndOfData{1, 2, {3, 4, 5}}}),
              (Bytes{1, 7, 0, 1, 0, 0, 0, 24, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5}));
    EXPECT_EQ(octets_of({1, CacheReset{}}), (Bytes{1, 8, 0, 0, 0, 0, 0, 8}));
    EXPECT_EQ(octets_of({2, AspaPdu{true, 64500, {1, 2}}}),
              (Bytes{2, 11, 1, 0, 0, 0, 0, 20, 0, 0, 0xfb, 0xf4, 0, 0, 0, 1, 0, 0, 0, 2}));
    EXPECT_EQ(octets_of({2, AspaPdu{false, 64500, {}}}), (Bytes{2, 11, 0, 0, 0, 0, 0, 12, 0, 0, 0xfb, 0xf4}));
    EXPECT_EQ(octets_of({1, ErrorReport{Failure::invalid_request, {9}, "no"}}),
              (Bytes{1, 10, 0, 3, 0, 0, 0, 19, 0, 0, 0, 1, 9, 0, 0, 0, 2, 'n', 'o'}));
    const Bytes key = octets_of({1, RouterKeyPdu{true, {7}, 64496, {1, 2, 3}}});
    EXPECT_EQ(key.size(), 35U);
    EXPECT_EQ((Bytes(key.begin(), key.begin() + 9)), (Bytes{1, 9, 1, 0, 0, 0, 0, 35, 7}));
    EXPECT_EQ((Bytes(key.begin() + 28, key.end())), (Bytes{0, 0, 0xfb, 0xf0, 1, 2, 3}));
}

TEST(RtrCodec, ReadsWhatItWrites) {
    const Pdu pdus[] = {
        {0, SerialNotify{65535, 0xffffffff}},
        {1, SerialQuery{1, 2}},
        {2, ResetQuery{}},
        {0, CacheResponse{3}},
        {1, PrefixPdu{true, vrp(0, 0, 32, 0, false)}},
        {1, PrefixPdu{false, vrp(~Ipv6{0}, 128, 128, 0xffffffff, true)}},
        {0, EndOfData{1, 2, {}}},
        {2, EndOfData{1, 2, {3, 4, 5}}},
        {1, CacheReset{}},
        {1, RouterKeyPdu{false, {1, 2, 3}, 5, {}}},
        {2, AspaPdu{true, 1, {0}}},
        {2, AspaPdu{true, 1, {5, 9, 4'000'000'000}}},
        {2, AspaPdu{false, 1, {}}},
        {1, ErrorReport{Failure::no_data_available, {1, 2, 3}, "nothing"}},
    };
    for (const Pdu& pdu : pdus) {
        const auto again = parsed(octets_of(pdu));
        ASSERT_TRUE(again) << again.error().text();
        EXPECT_EQ(*again, pdu);
    }
}

TEST(RtrCodec, RefusesWhatTheStandardsForbid) {
    const auto broken = [](Pdu pdu, std::size_t at, std::uint8_t value) {
        auto octets = octets_of(pdu);
        octets.at(at) = value;
        const auto out = parsed(octets);
        return out ? std::string() : out.error().text();
    };
    const Pdu prefix{1, PrefixPdu{true, vrp(0xc0000200, 24, 26, 64496, false)}};
    EXPECT_EQ(broken(prefix, 0, 3), "PDU: version 3 is not known");
    EXPECT_EQ(broken(prefix, 1, 5), "PDU: version 1 has no PDU type 5");
    EXPECT_EQ(broken(prefix, 1, 11), "PDU: version 1 has no PDU type 11");
    EXPECT_EQ(broken({0, prefix.body}, 1, 9), "PDU: version 0 has no PDU type 9");
    EXPECT_EQ(broken(prefix, 7, 7), "PDU: a length of 7 octets");
    EXPECT_EQ(broken(prefix, 5, 1), "PDU: a length of 65556 octets");
    EXPECT_NE(broken(prefix, 7, 21), "");
    EXPECT_EQ(broken(prefix, 9, 27), "prefix: a length of 27 and a maximal length of 26 of 32 bits");
    EXPECT_EQ(broken(prefix, 10, 33), "prefix: a length of 24 and a maximal length of 33 of 32 bits");
    EXPECT_EQ(broken({1, ResetQuery{}}, 1, 1), "octet 0: a PDU of its type ends too early or is malformed");
    const Pdu aspa{2, AspaPdu{true, 1, {5, 9}}};
    EXPECT_EQ(broken(aspa, 19, 5), "ASPA: providers that are not in increasing order");
    EXPECT_EQ(broken(aspa, 15, 0), "ASPA: AS 0 among other providers");
    EXPECT_EQ(broken(aspa, 2, 0), "ASPA: a withdrawal with providers");
    EXPECT_EQ(broken({2, AspaPdu{false, 1, {}}}, 2, 1), "ASPA: an announcement without providers");
}

TEST(RtrCodec, IgnoresWhatIsReserved) {
    auto octets = octets_of({1, PrefixPdu{true, vrp(0xc0000200, 24, 26, 64496, false)}});
    octets[2] = octets[3] = octets[11] = 0xff;
    octets[8] = 0xff;   // only the lowest flag says something
    octets[15] = 0x77;  // host bits
    const auto pdu = parsed(octets);
    ASSERT_TRUE(pdu);
    EXPECT_EQ(pdu->body, decltype(pdu->body)(PrefixPdu{true, vrp(0xc0000200, 24, 26, 64496, false)}));
}

TEST(RtrCodec, CutsAnErrorReportToALengthThatIsAllowed) {
    const auto octets =
        octets_of({1, ErrorReport{Failure::corrupt_data, std::vector<std::uint8_t>(70'000), std::string(5'000, 'x')}});
    EXPECT_EQ(octets.size(), kLongestPdu);
    EXPECT_TRUE(parsed(octets));
}

}  // namespace
}  // namespace quipu::rpki::rtr
