#include "net/dns_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>

namespace quipu::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

IpAddress router(std::string_view text) {
    return *IpAddress::parse(text);
}

TEST(DnsQuery, HostNamesAndWhatIsNone) {
    for (const std::string_view good : {"core1.example.net", "A-1.b.C", "xn--caf-dma.example", "host", "1.2.3.4a"})
        EXPECT_TRUE(is_host_name(good)) << good;
    for (const std::string_view bad : {"", ".", "a..b", "a.", ".a", "-a.net", "a-.net", "a_b.net", "10.0.0.1", "a.1",
                                       "a b", "a\nb", "<b>.net", "caf\xc3\xa9.net", "\\032.net", "a\x1b[31m.net"})
        EXPECT_FALSE(is_host_name(bad)) << bad;
    EXPECT_TRUE(is_host_name(std::string(63, 'a') + ".net"));
    EXPECT_FALSE(is_host_name(std::string(64, 'a') + ".net"));
    std::string longest;
    while (longest.size() < 250)
        longest += "abcde.";
    longest.resize(252, 'a');
    EXPECT_TRUE(is_host_name(longest + "a"));
    EXPECT_FALSE(is_host_name(longest + "aa"));
}

TEST(DnsQuery, NamesOfAddressesBackwards) {
    EXPECT_EQ(reverse_name(router("192.0.2.9")), "9.2.0.192.in-addr.arpa");
    EXPECT_EQ(reverse_name(router("2001:db8::567:89ab")),
              "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

/// A label or a pointer's target as it stands in a message.
std::string wire(std::initializer_list<std::string_view> labels) {
    std::string out;
    for (const std::string_view label : labels)
        out += static_cast<char>(label.size()) + std::string(label);
    return out + '\0';
}
std::string be(unsigned value, int octets) {
    std::string out;
    while (octets-- > 0)
        out += static_cast<char>(value >> (8U * static_cast<unsigned>(octets)) & 0xffU);
    return out;
}
std::string record(unsigned type, unsigned ttl, const std::string& data) {
    return "\xc0\x0c" + be(type, 2) + be(1, 2) + be(ttl, 4) + be(static_cast<unsigned>(data.size()), 2) + data;
}
std::string message(unsigned code, const std::vector<std::string>& records) {
    std::string out =
        be(1, 2) + be(0x8180U | code, 2) + be(1, 2) + be(static_cast<unsigned>(records.size()), 2) + be(0, 4);
    out += wire({"9", "2", "0", "192", "in-addr", "arpa"}) + be(12, 2) + be(1, 2);
    for (const std::string& one : records)
        out += one;
    return out;
}
DnsName read(const std::string& text) {
    return name_in_answer(as_bytes(text));
}

TEST(DnsQuery, AnswersAndHowLongTheyHold) {
    using namespace std::chrono_literals;
    const std::string good = wire({"core1", "example", "net"});
    EXPECT_EQ(read(message(0, {record(12, 7200, good)})), (DnsName{"core1.example.net", 2h}));
    EXPECT_EQ(read(message(0, {record(12, 1, good)})).keep, 1min);
    EXPECT_EQ(read(message(0, {record(12, 0x7fffffff, good)})).keep, 24h);
    EXPECT_EQ(read(message(0, {record(5, 60, wire({"9", "0-15", "2", "0", "192", "in-addr", "arpa"})),
                               record(12, 7200, good)}))
                  .name,
              "core1.example.net");
    EXPECT_EQ(read(message(0, {record(12, 60, wire({"no name\x1b[31m", "net"})), record(12, 7200, good)})).name,
              "core1.example.net");
    EXPECT_EQ(read(message(0, {})), (DnsName{"", 1h}));
    EXPECT_EQ(read(message(3, {})), (DnsName{"", 1h}));
    EXPECT_EQ(read(message(2, {})), (DnsName{"", 1min}));
    EXPECT_EQ(read(message(0, {record(12, 60, "\xc0\xff")})).name, "");
    EXPECT_EQ(read("").name, "");
    const std::string whole = message(0, {record(12, 7200, good)});
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_EQ(read(whole.substr(0, length)).name, "") << length;
}

class DnsAsked : public testing::Test {
  protected:
    DnsName answer(const IpAddress& asked) {
        ++questions_;
        if (asked.text() == "192.0.2.9") return {"", std::chrono::minutes(1)};
        return {"r" + std::to_string(asked.octets()[3]) + ".example.net", std::chrono::hours(1)};
    }
    ManualClock clock_{Time{}};
    std::atomic<int> questions_ = 0;
    const std::vector<IpAddress> some_{router("192.0.2.1"), router("192.0.2.2"), router("192.0.2.9")};
    static constexpr Nanoseconds kLong = std::chrono::hours(1);
};

TEST_F(DnsAsked, OnceForAsLongAsItHolds) {
    DnsNames names(clock_, [&](const IpAddress& asked) { return answer(asked); });
    EXPECT_THAT(names.known(some_), IsEmpty());
    EXPECT_EQ(questions_, 0);
    const auto wanted = ElementsAre(Pair(some_[0], "r1.example.net"), Pair(some_[1], "r2.example.net"));
    EXPECT_THAT(names.of(some_, kLong), wanted);
    EXPECT_THAT(names.of(some_, kLong), wanted);
    EXPECT_EQ(questions_, 3);
    clock_.advance(std::chrono::minutes(2));
    EXPECT_THAT(names.of(some_, kLong), wanted);
    EXPECT_EQ(questions_, 4);  // for the one without a name
    clock_.advance(std::chrono::hours(1));
    EXPECT_THAT(names.known(some_), IsEmpty());
    EXPECT_THAT(names.of(some_, kLong), wanted);
    EXPECT_EQ(questions_, 7);
}

TEST_F(DnsAsked, WhoDoesNotAnswerHoldsNobodyUp) {
    std::latch wakes(1);
    DnsNames names(clock_, [&](const IpAddress& asked) {
        wakes.wait();
        return answer(asked);
    });
    EXPECT_THAT(names.of(some_, Nanoseconds::zero()), IsEmpty());
    clock_.advance(std::chrono::hours(2));
    // Would never end if it waited for what was asked so long ago.
    EXPECT_THAT(names.of(some_, kLong), IsEmpty());
    wakes.count_down();
    EXPECT_THAT(names.of(some_, 3 * kLong), testing::SizeIs(2));
    EXPECT_EQ(questions_, 3);
}

TEST_F(DnsAsked, WhatWaitsIsBounded) {
    DnsNames names(clock_, [&](const IpAddress& asked) { return answer(asked); });
    std::vector<IpAddress> many;
    for (std::uint32_t i = 0; i < DnsNames::kMostWaiting + 500; ++i)
        many.push_back(IpAddress::v4(0x0a000000 + i));
    static_cast<void>(names.of(many, kLong));
    EXPECT_EQ(names.known(many).size(), DnsNames::kMostWaiting);
    EXPECT_EQ(questions_, static_cast<int>(DnsNames::kMostWaiting));
}

}  // namespace
}  // namespace quipu::net
