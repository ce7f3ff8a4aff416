#include "services/measure/throughput/streams.h"

#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <thread>

#include "net/socket.h"
#include "services/measure/throughput/codec_streams.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;

constexpr auto kNever = [] { return false; };

/// A free port, which nobody has for the moment.
std::uint16_t free_port() {
    const auto taken = net::listen_on(*net::Endpoint::parse("127.0.0.1:0"), 1);
    return net::local_endpoint(taken->front().get())->port;
}

AssignedTest test_of(std::int64_t streams, std::int64_t milliseconds, std::string_view address = "127.0.0.1") {
    AssignedTest out;
    out.id = 12;
    out.site = "panama";
    out.address = out.peer = *net::IpAddress::parse(address);
    out.port = free_port();
    out.duration_us = milliseconds * 1000;
    out.streams = streams;
    return out;
}

struct Both {
    Result<IperfReport> sender, receiver;
};
/// The sender asks again until the receiver is there.
Both run(const AssignedTest& test) {
    auto receiver = std::async(std::launch::async, [&] { return receive_streams(test, 60s, kNever); });
    auto sent = send_streams(test, 60s, kNever);
    while (!sent && sent.error().code == ErrorCode::unavailable) {
        std::this_thread::sleep_for(5ms);
        sent = send_streams(test, 60s, kNever);
    }
    return {std::move(sent), receiver.get()};
}

net::Descriptor connected(const AssignedTest& test) {
    const auto where = net::to_socket_address({test.peer, test.port});
    for (;;) {
        net::Descriptor out(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(out.get(), where.get(), where.length) == 0) return out;
        std::this_thread::sleep_for(5ms);
    }
}
void say(const net::Descriptor& to, ByteSpan octets) {
    EXPECT_EQ(::send(to.get(), octets.data(), octets.size(), MSG_NOSIGNAL), std::ssize(octets));
}
bool is_closed(const net::Descriptor& socket) {
    char octet = 0;
    return ::recv(socket.get(), &octet, 1, 0) <= 0;
}

TEST(Streams, TwoHundredCarryWhatBothEndsSay) {
    const AssignedTest test = test_of(200, 1'200);
    const auto [sender, receiver] = run(test);
    ASSERT_TRUE(sender) << sender.error().text();
    ASSERT_TRUE(receiver) << receiver.error().text();
    EXPECT_EQ(sender->error, "");
    EXPECT_EQ(sender->streams, 200);
    EXPECT_EQ(receiver->streams, 200);
    EXPECT_GT(sender->received_octets, 0);
    EXPECT_GE(sender->sent_octets, sender->received_octets);
    EXPECT_EQ(sender->received_octets, receiver->received_octets);
    EXPECT_EQ(sender->received_bps, receiver->received_bps);
    EXPECT_GT(sender->rtt_min_us, 0);
    EXPECT_GE(sender->rtt_max_us, sender->rtt_min_us);
    EXPECT_FALSE(sender->congestion.empty());
    ASSERT_FALSE(sender->intervals.empty());
    EXPECT_TRUE(sender->intervals.front().rtt_us);
    EXPECT_TRUE(sender->intervals.front().retransmits);
}

TEST(Streams, ARateIsThatOfAllTogether) {
    AssignedTest test = test_of(80, 2'000);
    test.rate_bps = 80'000'000;
    const auto [sender, receiver] = run(test);
    ASSERT_TRUE(sender) << sender.error().text();
    // The kernel paces each but for its first ten segments, which are as long as 64 KiB here.
    EXPECT_LT(sender->received_octets, 80 * 10 * 65'536 + 2 * 20'000'000);
}

TEST(Streams, Ipv6) {
    const AssignedTest test = test_of(3, 100, "::1");
    const auto [sender, receiver] = run(test);
    ASSERT_TRUE(sender) << sender.error().text();
    EXPECT_EQ(receiver->streams, 3);
}

TEST(Streams, NobodyListens) {
    const auto sender = send_streams(test_of(2, 100), 10s, kNever);
    ASSERT_FALSE(sender);
    EXPECT_EQ(sender.error().code, ErrorCode::unavailable);
}

TEST(Streams, ThePortIsTaken) {
    const AssignedTest test = test_of(2, 100);
    const auto taken = net::listen_on({test.address, test.port}, 1);
    ASSERT_TRUE(taken);
    const auto receiver = receive_streams(test, 10s, kNever);
    ASSERT_FALSE(receiver);
    EXPECT_EQ(receiver.error().code, ErrorCode::conflict);
}

TEST(Streams, TheSenderDoesNotCome) {
    const auto receiver = receive_streams(test_of(2, 100), 50ms, kNever);
    ASSERT_FALSE(receiver);
    EXPECT_EQ(receiver.error().code, ErrorCode::timeout);
    EXPECT_EQ(receiver.error().what, "the sender did not come");
}

TEST(Streams, CalledOffEitherEndIsQuiet) {
    const AssignedTest test = test_of(20, 60'000);
    std::atomic<bool> off = false;
    auto receiver =
        std::async(std::launch::async, [&] { return receive_streams(test, 60s, [&] { return off.load(); }); });
    auto sender = std::async(std::launch::async, [&] {
        auto sent = send_streams(test, 60s, kNever);
        while (!sent && sent.error().code == ErrorCode::unavailable && !off)
            sent = send_streams(test, 60s, kNever);
        return sent;
    });
    std::this_thread::sleep_for(200ms);
    off = true;
    const auto heard = receiver.get();
    ASSERT_FALSE(heard);
    EXPECT_EQ(heard.error().code, ErrorCode::cancelled);
    EXPECT_FALSE(sender.get()) << "its receiver has gone away";
}

// Another test, no greeting at all, half of one, a second control connection, a stream that is there already: sent
// away, and the test goes on.
TEST(Streams, StrangersAreSentAway) {
    const AssignedTest test = test_of(2, 200);
    auto receiver = std::async(std::launch::async, [&] { return receive_streams(test, 60s, kNever); });
    const auto greet = [&](std::uint64_t id, std::uint32_t stream, std::uint32_t streams = 2) {
        net::Descriptor out = connected(test);
        say(out, write_greeting({.test = id, .stream = stream, .streams = streams, .duration_us = 200'000}));
        return out;
    };
    EXPECT_TRUE(is_closed(greet(11, 0)));
    EXPECT_TRUE(is_closed(greet(12, 1))) << "before its control connection";
    EXPECT_TRUE(is_closed(greet(12, 0, 3)));
    const net::Descriptor loud = connected(test);
    say(loud, as_bytes(std::string(kGreetingOctets, 'x')));
    EXPECT_TRUE(is_closed(loud));
    const net::Descriptor half = connected(test);
    say(half, as_bytes("QUIPUTP1"));

    const net::Descriptor control = greet(12, 0);
    std::array<std::uint8_t, kGreetingOctets> answer{};
    ASSERT_EQ(::recv(control.get(), answer.data(), answer.size(), MSG_WAITALL), std::ssize(answer));
    EXPECT_EQ(parse_greeting(answer)->test, 12U);
    EXPECT_TRUE(is_closed(greet(12, 0)));
    const net::Descriptor one = greet(12, 1), two = greet(12, 2);
    say(one, as_bytes(std::string(1000, 'x')));
    say(two, as_bytes(std::string(500, 'x')));
    EXPECT_TRUE(is_closed(greet(12, 2)));
    // What was said on the streams has been read once the receiver has sent the second of them away.
    say(control, ByteSpan(&kOver, 1));
    const auto report = receiver.get();
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_EQ(report->streams, 2);
    EXPECT_EQ(report->received_octets, 1500);
}

TEST(Streams, ASenderThatGoesAwayIsSaid) {
    const AssignedTest test = test_of(1, 200);
    auto receiver = std::async(std::launch::async, [&] { return receive_streams(test, 60s, kNever); });
    {
        const net::Descriptor control = connected(test);
        say(control, write_greeting({.test = 12, .stream = 0, .streams = 1, .duration_us = 200'000}));
        char octet = 0;
        ASSERT_EQ(::recv(control.get(), &octet, 1, 0), 1);
    }
    const auto heard = receiver.get();
    ASSERT_FALSE(heard);
    EXPECT_EQ(heard.error().what.substr(0, 10), "the sender");
}

}  // namespace
}  // namespace quipu::throughput
