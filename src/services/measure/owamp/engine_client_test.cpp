#include "services/measure/owamp/engine_client.h"

#include <gtest/gtest.h>

#include "services/measure/owamp/test_server.h"

namespace quipu::owamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ClientSettings ten_packets() {
    ClientSettings out;
    out.sessions.push_back(
        {.packets = 10, .slots = {{Slot::Type::fixed, to_fixed(milliseconds(100))}}, .timeout = seconds(2)});
    return out;
}

/// A client and a server far from each other.
struct Far {
    FakeEnds client_ends{kClient.address, 7000};
    FakeEnds server_ends{kServer.address, 8000};
    ServerState state{{}, server_ends, secrets_of(1), kNow};
    ServerSession server{state, kClient, kServer, kNow};
    ClientSession client;
    Time now = kNow;

    explicit Far(ClientSettings settings) : client(std::move(settings), client_ends, secrets_of(2), kServer, kClient) {}

    /// Both ends get what the other said half a round trip ago, until the tests run.
    void run(Nanoseconds round_trip) {
        for (int turn = 0; turn < 20 && !client.running_until(); ++turn) {
            const auto to_client = server.take(), to_server = client.take();
            now += round_trip / 2;
            client.feed(to_client, now);
            client.tick(now);
            server.feed(to_server, now);
        }
    }
};

TEST(OwampClient, PacketsAreNotDueBeforeTheServerHasAnswered) {
    for (const auto round_trip : {milliseconds(2), milliseconds(700)}) {
        Far far(ten_packets());
        far.run(round_trip);
        ASSERT_TRUE(far.client.running_until());
        // The tenth is due a second after the schedule's begin; then its timeout, the delay at the end, a round trip.
        const Time start = *far.client.running_until() - seconds(1) - seconds(2) - seconds(1) - round_trip;
        EXPECT_GT(start, far.now);
        EXPECT_LT(start, far.now + seconds(1) + milliseconds(5));
    }
}

TEST(OwampClient, WaitsAtTheEndAsLongAsItIsTold) {
    ClientSettings settings = ten_packets();
    settings.end_delay = seconds(7);
    Far far(std::move(settings));
    far.run(milliseconds(2));
    ASSERT_TRUE(far.client.running_until());
    EXPECT_GT(*far.client.running_until() - far.now, seconds(10));
    far.client.tick(*far.client.running_until() - milliseconds(1));
    EXPECT_TRUE(far.client.take().empty());
    far.client.tick(*far.client.running_until());
    EXPECT_FALSE(far.client.take().empty());
}

TEST(OwampClient, TestsWithAnotherAddressOfTheServers) {
    ClientSettings settings = ten_packets();
    settings.test_address = net::IpAddress::parse("192.0.2.7").value();
    Far far(std::move(settings));
    far.run(milliseconds(2));
    // This server has no such address, so it refuses; it was asked for it.
    const auto refusals = far.server.take_refusals();
    ASSERT_EQ(refusals.size(), 1U);
    EXPECT_NE(refusals[0].find("no interface of this machine has that address"), std::string::npos) << refusals[0];
    EXPECT_FALSE(far.client.results());
}

TEST(OwampClient, TellsThatTheServerGivesNoRecordsOfASession) {
    ClientSettings settings = ten_packets();
    settings.sessions.push_back(settings.sessions.front());
    settings.sessions.back().to_server = false;
    Far far(std::move(settings));
    far.run(milliseconds(2));
    ASSERT_TRUE(far.client.running_until());
    // The server loses what it had, as one that keeps sessions for a moment only.
    for (Time now = far.now; now < far.now + seconds(20) && !far.client.closed(); now += milliseconds(100)) {
        far.client.tick(now);
        far.server.feed(far.client.take(), now);
        const auto answer = far.server.take();
        far.client.feed(answer, now);
        if (!answer.empty()) static_cast<void>(far.state.find({}, now + std::chrono::hours(1)));
    }
    const auto results = far.client.results();
    ASSERT_TRUE(results) << results.error().text();
    ASSERT_EQ(results->size(), 2U);
    EXPECT_TRUE((*results)[0].fetch_refused);
    EXPECT_FALSE((*results)[1].fetch_refused);
    EXPECT_EQ((*results)[1].finished, 1);
}

TEST(OwampClient, LeavesAddressesToTheServer) {
    ClientSettings settings = ten_packets();
    settings.unnamed = {.sender = true, .receiver = true};
    settings.sessions.push_back(settings.sessions.front());
    settings.sessions.back().to_server = false;
    // The client takes itself for another than the server sees, as behind a translator of addresses.
    const net::Endpoint inside = *net::Endpoint::parse("10.0.0.1:40000");
    FakeEnds inside_ends{inside.address, 7000};
    Far far({});
    ClientSession client(std::move(settings), inside_ends, secrets_of(2), kServer, inside);
    for (int turn = 0; turn < 20 && !client.running_until(); ++turn) {
        client.feed(far.server.take(), kNow);
        client.tick(kNow);
        far.server.feed(client.take(), kNow);
    }
    EXPECT_TRUE(client.running_until());
    EXPECT_EQ(far.state.counters().sessions, 2U);
    EXPECT_EQ(far.state.counters().sessions_refused, 0U);
}

TEST(OwampClient, GivesUpOnAServerThatSaysNothing) {
    FakeEnds ends{kClient.address, 7000};
    ClientSession client(ten_packets(), ends, secrets_of(2), kServer, kClient);
    client.tick(kNow);
    EXPECT_EQ(client.next(), kNow + seconds(45));
    // Octet by octet it gets no more.
    client.feed(std::vector<std::uint8_t>(30), kNow + seconds(40));
    client.tick(kNow + seconds(44));
    EXPECT_FALSE(client.closed());
    client.tick(kNow + seconds(45));
    ASSERT_TRUE(client.closed());
    EXPECT_EQ(client.results().error().code, ErrorCode::timeout);
}

}  // namespace
}  // namespace quipu::owamp
