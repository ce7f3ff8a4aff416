#include "net/address.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu::net {
namespace {

TEST(IpAddress, ReadsAndWritesIpv4) {
    const auto address = IpAddress::parse("192.0.2.1");
    ASSERT_TRUE(address);
    EXPECT_FALSE(address->is_v6());
    EXPECT_EQ(address->to_v4(), 0xc0000201U);
    EXPECT_EQ(address->text(), "192.0.2.1");
    EXPECT_EQ(*address, IpAddress::v4(0xc0000201));
    EXPECT_EQ(IpAddress().text(), "0.0.0.0");
}

TEST(IpAddress, RefusesWhatIsNotOne) {
    for (const char* text : {"",
                             "1",
                             "1.2.3",
                             "1.2.3.4.5",
                             "1.2.3.256",
                             "1.2.3.04",
                             "1.2.3.-4",
                             " 1.2.3.4",
                             "1.2.3.4 ",
                             ":",
                             ":::",
                             "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9",
                             "1::2::3",
                             "12345::",
                             "::g",
                             "1:2:3:4:5:6:7:",
                             ":1:2:3:4:5:6:7",
                             "::1.2.3",
                             "1.2.3.4::",
                             "1:2:3:4:5:6:7:1.2.3.4",
                             "fe80::1%eth0",
                             "1:2:3:4:5:6:7:8::",
                             "::1:2:3:4:5:6:7:8"})
        EXPECT_FALSE(IpAddress::parse(text)) << text;
}

// RFC 5952 §4
TEST(IpAddress, WritesIpv6Canonically) {
    const std::pair<const char*, const char*> cases[] = {
        {"2001:0db8::0001", "2001:db8::1"},
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:DB8::ABCD", "2001:db8::abcd"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
    };
    for (const auto& [in, out] : cases) {
        const auto address = IpAddress::parse(in);
        ASSERT_TRUE(address) << in;
        EXPECT_EQ(address->text(), out);
    }
}

TEST(IpAddress, TextReadsBackTheSame) {
    Rng rng(1);
    for (int i = 0; i < 20'000; ++i) {
        std::array<std::uint8_t, 16> octets{};
        rng.fill(octets);
        for (std::size_t group = 0; group < 8; ++group)
            if (rng.below(2) == 0) octets[2 * group] = octets[2 * group + 1] = 0;
        const auto address =
            rng.below(4) == 0 ? IpAddress::v4(static_cast<std::uint32_t>(rng.next())) : IpAddress::v6(octets);
        const auto again = IpAddress::parse(address.text());
        ASSERT_TRUE(again) << address.text();
        ASSERT_EQ(*again, address);
    }
}

TEST(IpAddress, KnowsLoopback) {
    EXPECT_TRUE(IpAddress::parse("127.3.2.1")->is_loopback());
    EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
    EXPECT_FALSE(IpAddress::parse("128.0.0.1")->is_loopback());
    EXPECT_FALSE(IpAddress::parse("::2")->is_loopback());
    EXPECT_FALSE(IpAddress::parse("1::1")->is_loopback());
}

TEST(Prefix, RefusesHostBitsAndNamesTheOneMeant) {
    EXPECT_EQ(Prefix::parse("192.0.2.0/24")->text(), "192.0.2.0/24");
    const auto wrong = Prefix::parse("192.0.2.1/24");
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().hint.find("192.0.2.0/24"), std::string::npos);
    EXPECT_FALSE(Prefix::parse("2001:db8::1/64"));
    EXPECT_TRUE(Prefix::parse("2001:db8::1/128"));
    EXPECT_TRUE(Prefix::parse("::/0"));
    EXPECT_TRUE(Prefix::parse("0.0.0.0/0"));
    for (const char* text :
         {"192.0.2.0", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/08", "::/129", "/8", "192.0.2/24"})
        EXPECT_FALSE(Prefix::parse(text)) << text;
}

TEST(Prefix, ClearsHostBitsWhenMadeFromAnAddress) {
    EXPECT_EQ(Prefix::create(*IpAddress::parse("10.20.30.40"), 13)->text(), "10.16.0.0/13");
    EXPECT_EQ(Prefix::create(*IpAddress::parse("2001:db8:ffff::1"), 33)->text(), "2001:db8:8000::/33");
    EXPECT_FALSE(Prefix::create(IpAddress(), 33));
}

TEST(Prefix, Contains) {
    const Prefix net = *Prefix::parse("10.0.0.0/9");
    EXPECT_TRUE(net.contains(*IpAddress::parse("10.127.255.255")));
    EXPECT_FALSE(net.contains(*IpAddress::parse("10.128.0.0")));
    EXPECT_FALSE(net.contains(*IpAddress::parse("a00::")));
    EXPECT_TRUE(net.contains(*Prefix::parse("10.1.0.0/16")));
    EXPECT_TRUE(net.contains(net));
    EXPECT_FALSE(net.contains(*Prefix::parse("10.0.0.0/8")));
}

TEST(Endpoint, ReadsAndWrites) {
    EXPECT_EQ(Endpoint::parse("127.0.0.1:8080")->text(), "127.0.0.1:8080");
    EXPECT_EQ(Endpoint::parse("[2001:db8::1]:53")->text(), "[2001:db8::1]:53");
    for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "[127.0.0.1]:80", "[::1]",
                             "[::1]80", "host:80", ":80"})
        EXPECT_FALSE(Endpoint::parse(text)) << text;
}

}  // namespace
}  // namespace quipu::net
