#include "services/measure/path/codec_probe.h"

#include <gtest/gtest.h>
#include <set>

#include "services/measure/path/test_answers.h"

namespace quipu::path {
namespace {

constexpr std::array kProtocols{Protocol::udp, Protocol::icmp, Protocol::tcp};

std::uint16_t ones_sum(ByteSpan bytes, std::uint32_t start = 0) {
    std::uint64_t sum = start;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += i % 2 == 0 ? static_cast<std::uint64_t>(bytes[i]) << 8U : bytes[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16U);
    return static_cast<std::uint16_t>(sum);
}

/// True if the transport's checksum holds.
bool checksum_holds(const Flow& flow, ByteSpan datagram) {
    const bool v6 = flow.target.is_v6();
    const ByteSpan segment = datagram.subspan(v6 ? 40 : 20);
    if (flow.protocol == Protocol::icmp && !v6) return ones_sum(segment) == 0xffff;
    const ByteSpan addresses = v6 ? datagram.subspan(8, 32) : datagram.subspan(12, 8);
    const std::uint32_t protocol = datagram[v6 ? 6 : 9];
    return ones_sum(segment, ones_sum(addresses) + protocol + static_cast<std::uint32_t>(segment.size())) == 0xffff;
}

TEST(Probe, IsAValidDatagramThatKeepsItsFlow) {
    for (const bool v6 : {false, true})
        for (const Protocol protocol : kProtocols) {
            const Flow flow = flow_for_test(protocol, v6);
            std::set<std::vector<std::uint8_t>> flows, datagrams;
            for (const std::uint16_t identity : std::initializer_list<std::uint16_t>{1, 2, 255, 256, 33'434, 0xfffe})
                for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 100, 101, 1500}) {
                    const auto datagram = written(flow, {.identity = identity, .ttl = 7, .length = length});
                    ASSERT_EQ(datagram.size(), length == 0 ? least_octets(flow) : length);
                    ASSERT_TRUE(checksum_holds(flow, datagram)) << enum_name(protocol) << v6 << " " << identity;
                    ASSERT_EQ(datagram[v6 ? 7 : 8], 7);
                    const auto head = datagram.begin() + (v6 ? 40 : 20);
                    flows.emplace(head, head + 4);
                    datagrams.insert(datagram);
                }
            EXPECT_EQ(flows.size(), 1U) << enum_name(protocol) << v6;
            EXPECT_EQ(datagrams.size(), 24U);
        }
}

TEST(Probe, IsFoundInWhatRoutersQuote) {
    for (const bool v6 : {false, true})
        for (const Protocol protocol : kProtocols)
            for (const std::uint16_t identity : std::initializer_list<std::uint16_t>{1, 4711, 0xfffe}) {
                const Flow flow = flow_for_test(protocol, v6);
                const auto probe = written(flow, {.identity = identity, .ttl = 3});
                // RFC 792: the IP header and eight octets are enough.
                for (const std::size_t quoted : {std::size_t{v6 ? 48U : 28U}, probe.size()}) {
                    const auto answer =
                        read(error_message(v6, Message::time_exceeded, ByteSpan(probe).first(quoted)), v6);
                    ASSERT_TRUE(answer) << enum_name(protocol) << v6 << quoted;
                    EXPECT_EQ(answer->kind, Answer::Kind::time_exceeded);
                    EXPECT_EQ(answer->flow, flow);
                    EXPECT_EQ(answer->identity, identity);
                    EXPECT_EQ(answer->from, router_for_test(v6));
                    EXPECT_TRUE(answer->labels.empty());
                }
                EXPECT_FALSE(read(error_message(v6, Message::time_exceeded, ByteSpan(probe).first(v6 ? 47 : 27)), v6));
            }
}

TEST(Probe, ErrorsSayWhatTheyAre) {
    for (const bool v6 : {false, true}) {
        const Flow flow = flow_for_test(Protocol::udp, v6);
        const auto probe = written(flow, {.identity = 99, .ttl = 3});
        const auto too_big = read(error_message(v6, Message::too_big, probe, {}, 1400), v6);
        ASSERT_TRUE(too_big);
        EXPECT_EQ(too_big->kind, Answer::Kind::too_big);
        EXPECT_EQ(too_big->mtu, 1400U);
        const auto closed = read(error_message(v6, Message::port_unreachable, probe, {}, 0, flow.target), v6);
        ASSERT_TRUE(closed);
        EXPECT_TRUE(closed->of_target());
        EXPECT_EQ(closed->refusal(), "");
        const auto refused = read(error_message(v6, Message::prohibited, probe), v6);
        ASSERT_TRUE(refused);
        EXPECT_FALSE(refused->of_target());
        EXPECT_EQ(refused->refusal(), "!X");
    }
}

TEST(Probe, TheTargetsOwnAnswersAreItsProbes) {
    for (const bool v6 : {false, true}) {
        const Flow icmp = flow_for_test(Protocol::icmp, v6);
        const auto request = written(icmp, {.identity = 4711, .ttl = 64});
        const auto reply = read(echo_reply(v6, request), v6, icmp.target);
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->kind, Answer::Kind::echo_reply);
        EXPECT_EQ(reply->identity, 4711);
        EXPECT_EQ(reply->flow.source_port, icmp.source_port);
        EXPECT_EQ(reply->flow.target_port, icmp.target_port);
        EXPECT_TRUE(reply->of_target());
        const Flow tcp = flow_for_test(Protocol::tcp, v6);
        const auto syn = written(tcp, {.identity = 4711, .ttl = 64});
        for (const bool open : {true, false}) {
            const auto segment = tcp_answer(v6, syn, open);
            const auto answer = v6 ? parse_tcp6(segment, tcp.target, tcp.source) : parse_tcp4(segment);
            ASSERT_TRUE(answer);
            EXPECT_EQ(answer->kind, open ? Answer::Kind::tcp_open : Answer::Kind::tcp_closed);
            EXPECT_EQ(answer->flow, tcp);
            EXPECT_EQ(answer->identity, 4711);
            // Of somebody else's connection.
            auto other = segment;
            other[v6 ? 8 : 28] ^= 0xff;
            EXPECT_FALSE(v6 ? parse_tcp6(other, tcp.target, tcp.source) : parse_tcp4(other));
        }
    }
}

TEST(Probe, LabelsStandInExtensions) {
    const std::vector<Label> labels{{.value = 24'015, .traffic_class = 5, .bottom = false, .ttl = 1},
                                    {.value = 16, .traffic_class = 0, .bottom = true, .ttl = 254}};
    for (const bool v6 : {false, true}) {
        const auto probe = written(flow_for_test(Protocol::udp, v6), {.identity = 7});
        // By RFC 4884, and by §5.5 without the length.
        for (const bool length : {true, false}) {
            const auto message = error_message(v6, Message::time_exceeded, probe, labels, 0, {}, length);
            const auto answer = read(message, v6);
            ASSERT_TRUE(answer);
            EXPECT_EQ(answer->labels, labels) << v6 << length;
            EXPECT_EQ(answer->identity, 7);
            auto broken = message;
            broken.back() ^= 1;
            EXPECT_TRUE(read(broken, v6)->labels.empty());
        }
    }
}

TEST(Probe, WhatIsNoAnswerIsNone) {
    const auto probe = written(flow_for_test(Protocol::udp, false), {.identity = 7});
    EXPECT_FALSE(parse_icmp4({}));
    EXPECT_FALSE(parse_icmp4(probe));
    auto reassembly = error_message(false, Message::time_exceeded, probe);
    reassembly[21] = 1;
    EXPECT_FALSE(parse_icmp4(reassembly));
    auto fragment = error_message(false, Message::time_exceeded, probe);
    fragment[28 + 7] = 1;
    EXPECT_FALSE(parse_icmp4(fragment));
}

}  // namespace
}  // namespace quipu::path
