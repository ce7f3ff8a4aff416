#include "net/udp.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace quipu::net {
namespace {

class UdpTest : public testing::TestWithParam<const char*> {
  protected:
    static UdpSocket socket(UdpSocket::Options options = {}) {
        auto out = UdpSocket::bind(*Endpoint::parse(GetParam()), options);
        EXPECT_TRUE(out.has_value()) << out.error().text();
        return std::move(*out);
    }
    static std::span<const Datagram> wait(UdpSocket& on) {
        pollfd waiting{on.fd(), POLLIN, 0};
        EXPECT_EQ(::poll(&waiting, 1, 10'000), 1);
        return *on.receive();
    }
    /// The kernel switches its clock reads on in its own time after the first socket that asks.
    static void await_kernel_time(UdpSocket& sender, UdpSocket& receiver) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        for (bool told = false; !told && std::chrono::steady_clock::now() < end;) {
            EXPECT_EQ(sender.send(std::array{OutDatagram{as_bytes("x"), receiver.local()}}), 1U);
            told = wait(receiver)[0].kernel_time;
        }
    }
};

TEST_P(UdpTest, TellsOfArrivalsAndOfWhatLeft) {
    UdpSocket sender = socket({.sent_times = SentTimes::all});
    UdpSocket receiver = socket({.arrivals = true});
    const IpAddress own = sender.local().address;
    EXPECT_EQ(sender.send(std::array{OutDatagram{as_bytes("a"), receiver.local(), own, 0xb8},
                                     OutDatagram{as_bytes("b"), receiver.local()}}),
              2U);
    const auto first = wait(receiver)[0];
    EXPECT_EQ(first.tos, 0xb8);
    EXPECT_EQ(first.local, receiver.local().address);
    EXPECT_EQ(first.peer, sender.local());
    EXPECT_EQ(receiver.overflowed(), 0U);
    // Loopback tells of each before the call returns.
    const auto sent = sender.sent_times();
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].number, 0U);
    EXPECT_EQ(sent[1].number, 1U);
    EXPECT_GE(sent[1].time, sent[0].time);
    EXPECT_TRUE(sender.sent_times().empty());
}

TEST_P(UdpTest, TellsOfWhatAskedAndOfNothingElse) {
    UdpSocket sender = socket({.joins = true, .sent_times = SentTimes::asked});
    UdpSocket receiver = socket();
    std::vector<OutDatagram> out(10, {as_bytes("x"), receiver.local()});
    out[3].asks_sent_time = out[7].asks_sent_time = true;
    EXPECT_EQ(sender.send(out), 10U);
    EXPECT_EQ(sender.asked(), 2U);
    auto sent = sender.sent_times();
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].number, 0U);
    EXPECT_EQ(sent[1].number, 1U);
    // One that the kernel does not take is not told of, and has no number.
    const std::vector<std::uint8_t> too_long(70'000);
    EXPECT_EQ(sender.send(std::array{OutDatagram{.bytes = too_long, .peer = receiver.local(), .asks_sent_time = true}}),
              1U);
    const std::uint32_t next = sender.asked();
    EXPECT_EQ(next, 2U);
    EXPECT_EQ(sender.send(std::array{OutDatagram{.bytes = as_bytes("y"),
                                                 .peer = receiver.local(),
                                                 .from = sender.local().address,
                                                 .tos = 0xb8,
                                                 .asks_sent_time = true}}),
              1U);
    sent = sender.sent_times();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].number, next);
    std::size_t got = 0;
    while (got < 11)
        got += wait(receiver).size();
}

TEST_P(UdpTest, JoinedDatagramsArriveApart) {
    UdpSocket sender = socket({.joins = true});
    UdpSocket receiver = socket();
    UdpSocket other = socket();
    std::vector<std::string> texts;
    for (int i = 0; i < 100; ++i)
        texts.push_back(std::to_string(1000 + i) + std::string(i % 10 == 9 ? 3 : 0, '.'));
    std::vector<OutDatagram> out;
    for (const auto& text : texts) {
        out.push_back({as_bytes(text), receiver.local()});
        if (out.size() % 7 == 0) out.push_back({as_bytes("other"), other.local()});
    }
    EXPECT_EQ(sender.send(out), out.size());
    std::size_t got = 0;
    while (got < texts.size())
        for (const Datagram& datagram : wait(receiver))
            EXPECT_EQ(as_text(datagram.bytes), texts[got++]);
    // Longer than any MTU takes them joined: one by one they go.
    const std::vector<std::uint8_t> octets(kUdpOctets);
    EXPECT_EQ(sender.send(std::array{OutDatagram{octets, receiver.local()}, OutDatagram{octets, receiver.local()}}),
              2U);
    EXPECT_EQ(wait(receiver)[0].bytes.size(), octets.size());
}

TEST_P(UdpTest, CountsWhatFoundNoRoom) {
    UdpSocket sender = socket();
    UdpSocket receiver = socket({.receive_buffer_octets = 4096});
    const std::vector<std::uint8_t> octets(1000);
    std::size_t received = 0;
    constexpr std::size_t kSent = 200;
    for (std::size_t i = 0; i < kSent; ++i)
        EXPECT_EQ(sender.send(std::array{OutDatagram{octets, receiver.local()}}), 1U);
    while (const std::size_t got = receiver.receive()->size())
        received += got;
    // The counter comes with the next datagram that is received.
    EXPECT_EQ(sender.send(std::array{OutDatagram{octets, receiver.local()}}), 1U);
    received += wait(receiver).size();
    EXPECT_GT(receiver.overflowed(), 0U);
    EXPECT_EQ(receiver.overflowed() + received, kSent + 1);
}

TEST_P(UdpTest, CarriesBatchesWithKernelTimeAndHopLimit) {
    UdpSocket::Options options;
    options.ttl = 77;
    UdpSocket sender = socket(options);
    UdpSocket receiver = socket();
    await_kernel_time(sender, receiver);
    const Time before = std::chrono::system_clock::now();
    std::vector<std::string> texts;
    for (int i = 0; i < 100; ++i)
        texts.push_back("datagram " + std::to_string(i));
    std::vector<OutDatagram> out;
    for (const auto& text : texts)
        out.push_back({as_bytes(text), receiver.local()});
    EXPECT_EQ(sender.send(out), 100U);
    std::size_t got = 0;
    while (got < texts.size()) {
        const auto batch = wait(receiver);
        ASSERT_LE(batch.size(), kUdpBatch);
        for (const Datagram& datagram : batch) {
            EXPECT_EQ(as_text(datagram.bytes), texts[got++]);
            EXPECT_EQ(datagram.peer, sender.local());
            EXPECT_EQ(datagram.ttl, 77);
            EXPECT_FALSE(datagram.truncated);
            EXPECT_TRUE(datagram.kernel_time);
            EXPECT_LE(datagram.received - before, std::chrono::minutes(1));
            EXPECT_GE(datagram.received - before, -std::chrono::seconds(1));
        }
    }
    EXPECT_TRUE(receiver.receive()->empty());
}

TEST_P(UdpTest, FlagsALongDatagram) {
    UdpSocket sender = socket();
    UdpSocket receiver = socket();
    const std::string text(kUdpOctets + 1, 'x');
    EXPECT_EQ(sender.send(std::array{OutDatagram{as_bytes(text), receiver.local()}}), 1U);
    const auto batch = wait(receiver);
    ASSERT_EQ(batch.size(), 1U);
    EXPECT_TRUE(batch[0].truncated);
    EXPECT_EQ(batch[0].bytes.size(), kUdpOctets);
}

TEST_P(UdpTest, ADestinationThatRefusesDoesNotStopTheOthers) {
    UdpSocket sender = socket();
    UdpSocket receiver = socket();
    const Endpoint nobody = socket().local();
    const std::string text = "x";
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(
            sender.send(std::array{OutDatagram{as_bytes(text), nobody}, OutDatagram{as_bytes(text), receiver.local()}}),
            2U);
        EXPECT_TRUE(sender.receive().has_value());
        EXPECT_EQ(wait(receiver).size(), 1U);
    }
}

TEST_P(UdpTest, ATakenPortIsAConflict) {
    const UdpSocket first = socket();
    const auto second = UdpSocket::bind(first.local(), {});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST_P(UdpTest, Moves) {
    UdpSocket first = socket();
    const Endpoint local = first.local();
    UdpSocket second = std::move(first);
    UdpSocket third = socket();
    third = std::move(second);
    EXPECT_EQ(third.local(), local);
    EXPECT_TRUE(third.receive()->empty());
}

INSTANTIATE_TEST_SUITE_P(Families, UdpTest, testing::Values("127.0.0.1:0", "[::1]:0"),
                         [](const auto& info) { return info.param[0] == '[' ? "IPv6" : "IPv4"; });

}  // namespace
}  // namespace quipu::net
