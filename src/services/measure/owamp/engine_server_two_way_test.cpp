// TWAMP: the server with reflectors.

#include <gtest/gtest.h>

#include "services/measure/owamp/test_server.h"

namespace quipu::owamp {
namespace {

using std::chrono::seconds;

struct TwoWayServer {
    FakeEnds ends{kServer.address, 8000};
    FakeReflectors reflectors;
    ServerState state{with_key(), ends, secrets_of(1), kNow};
};

/// A TWAMP client in one mode, past its set-up.
struct TwoWayConnection {
    ServerSession server;
    ControlReader in;
    ControlWriter out;
    Accept accepted = Accept::failure;

    TwoWayConnection(TwoWayServer& shared, std::uint32_t mode)
        : server(shared.state, kClient, kServer, kNow, &shared.reflectors) {
        in.feed(server.take());
        const auto greeting = **read_greeting(in);
        EXPECT_EQ(greeting.modes, 1U | 2U | 4U | 8U | 16U | 32U | 64U);
        const ControlKeys keys{{1}, {2}};
        SetUpResponse response{.mode = mode, .key_id = "panama", .token = {}, .client_iv = {}};
        const bool keyed = (mode & mode::kOpen) == 0;
        if (keyed)
            response.token =
                seal_token(derive_key("los nudos", greeting.salt, greeting.count), greeting.challenge, keys);
        write(out, response);
        if (keyed) out.protect(keys, Block{});
        speak();
        const auto start = read_server_start(in, keyed ? &keys : nullptr);
        accepted = (*start)->accept;
    }
    void speak(Time at = kNow) {
        server.feed(out.take(), at);
        in.feed(server.take());
    }
    AcceptSession ask(std::uint16_t port, Time at = kNow) {
        RequestSession request;
        request.two_way = true;
        request.sender_port = port;
        request.start = measure::to_ntp(kNow);
        request.timeout = to_fixed(seconds(2));
        write(out, request);
        speak(at);
        return **read_accept_session(in);
    }
    Accept named(NamedSessions::What what, std::vector<Sid> sids, Time at = kNow) {
        write(out, NamedSessions{.what = what, .accept = Accept::ok, .sids = sids});
        speak(at);
        const auto answer = read_named(in, {});
        EXPECT_TRUE(answer && answer->has_value());
        EXPECT_EQ((*answer)->sids, sids);
        EXPECT_EQ(static_cast<int>((*answer)->what), static_cast<int>(what) + 1);
        in.release();
        return (*answer)->accept;
    }
    void start(Time at = kNow) {
        write(out, StartSessions{});
        speak(at);
        EXPECT_TRUE(read_start_ack(in)->has_value());
    }
    void stop(Time at) {
        write(out, StopSessions{.accept = Accept::ok, .count = 1, .sessions = {}}, true);
        speak(at);
    }
};

struct TwoWay : TwoWayServer, TwoWayConnection {
    explicit TwoWay(std::uint32_t mode) : TwoWayConnection(static_cast<TwoWayServer&>(*this), mode) {}
};

TEST(TwampServer, GrantsStartsAndStopsAfterTheTimeout) {
    TwoWay client(mode::kMixed | mode::kSymmetricalSize);
    ASSERT_EQ(client.accepted, Accept::ok);
    RequestSession request;
    request.two_way = true;
    request.sender_port = 7000;
    request.receiver_port = 20'000;
    request.start = measure::to_ntp(kNow);
    request.timeout = to_fixed(seconds(2));
    write(client.out, request);
    client.speak();
    const auto answer = read_accept_session(client.in);
    ASSERT_TRUE(answer && answer->has_value());
    EXPECT_EQ((*answer)->accept, Accept::ok);
    EXPECT_EQ((*answer)->port, 20'000);
    write(client.out, StartSessions{});
    client.speak();
    EXPECT_TRUE(read_start_ack(client.in)->has_value());
    write(client.out, StopSessions{.accept = Accept::ok, .count = 1, .sessions = {}}, true);
    client.speak(kNow + seconds(10));
    EXPECT_FALSE(client.server.closed());
    EXPECT_EQ(client.reflectors.told,
              (std::vector<std::string>{"reserve 192.0.2.1:7000", "start 192.0.2.1:7000 symmetrical open"}));
    client.state.tick(kNow + seconds(11));
    EXPECT_EQ(client.reflectors.told.size(), 2U);
    client.state.tick(kNow + seconds(12));
    EXPECT_EQ(client.reflectors.told.back(), "stop 192.0.2.1:7000");
    EXPECT_EQ(client.state.use_of("user panama").sessions, 0U);
}

// twping -P 7000-7000, twice within its timeout.
TEST(TwampServer, ANewSessionTakesThePlaceOfAStoppedOneFromItsPort) {
    TwoWay client(mode::kOpen);
    const auto first = client.ask(7000);
    client.start();
    client.stop(kNow + seconds(10));
    const auto second = client.ask(7000, kNow + seconds(11));
    EXPECT_EQ(second.accept, Accept::ok);
    EXPECT_EQ(second.port, first.port);
    client.start(kNow + seconds(11));
    // The time of the first one ends nothing of the second.
    client.state.tick(kNow + seconds(12));
    EXPECT_EQ(client.reflectors.told,
              (std::vector<std::string>{"reserve 192.0.2.1:7000", "start 192.0.2.1:7000 open", "reserve 192.0.2.1:7000",
                                        "stop 192.0.2.1:7000", "reserve 192.0.2.1:7000", "start 192.0.2.1:7000 open"}));
    client.stop(kNow + seconds(20));
    client.state.tick(kNow + seconds(22));
    EXPECT_EQ(client.reflectors.told.back(), "stop 192.0.2.1:7000");
    EXPECT_EQ(client.reflectors.told.size(), 7U);
}

TEST(TwampServer, AStoppedSessionFromAnotherPortGoesOn) {
    TwoWay client(mode::kOpen);
    client.ask(7000);
    client.start();
    client.stop(kNow + seconds(10));
    EXPECT_EQ(client.ask(7001, kNow + seconds(11)).accept, Accept::ok);
    EXPECT_EQ(client.reflectors.told.back(), "reserve 192.0.2.1:7001");
    client.state.tick(kNow + seconds(12));
    EXPECT_EQ(client.reflectors.told.back(), "stop 192.0.2.1:7000");
}

TEST(TwampServer, BesideASessionThatRunsFromThatPortItTakesAnother) {
    TwoWayServer server;
    TwoWayConnection first(server, mode::kOpen);
    const auto one = first.ask(7000);
    first.start();
    TwoWayConnection second(server, mode::kOpen);
    const auto other = second.ask(7000);
    EXPECT_EQ(other.accept, Accept::ok);
    EXPECT_NE(other.port, one.port);
    EXPECT_EQ(server.reflectors.told, (std::vector<std::string>{"reserve 192.0.2.1:7000", "start 192.0.2.1:7000 open",
                                                                "reserve 192.0.2.1:7000", "elsewhere 192.0.2.1:7000"}));
}

TEST(TwampServer, TakesOneSecurityModeAndWhatItOffers) {
    for (const std::uint32_t mode : {1U, 2U, 4U, 8U, 1U | 16U, 1U | 32U | 64U})
        EXPECT_EQ(TwoWay(mode).accepted, Accept::ok) << mode;
    for (const std::uint32_t mode : {0U, 3U, 16U, 32U, 128U | 1U})
        EXPECT_NE(TwoWay(mode).accepted, Accept::ok) << mode;
}

TEST(TwampServer, SessionsAreStartedAndStoppedByName) {
    using What = NamedSessions::What;
    TwoWay client(mode::kEncrypted | mode::kIndividual);
    const Sid a = client.ask(7000).sid;
    const Sid b = client.ask(7001).sid;
    const Sid nobody{9};
    EXPECT_EQ(client.named(What::start, {a, nobody}), Accept::failure);
    EXPECT_EQ(client.named(What::start, {a, a}), Accept::failure);
    EXPECT_EQ(client.named(What::start, {}), Accept::failure);
    EXPECT_EQ(client.reflectors.told.size(), 2U) << "none was started";
    EXPECT_EQ(client.named(What::start, {a}), Accept::ok);
    EXPECT_EQ(client.named(What::stop, {a, b}), Accept::failure) << "b does not run";
    // One more is asked for, and one started, while another runs.
    const Sid c = client.ask(7002).sid;
    EXPECT_EQ(client.named(What::start, {b, c}), Accept::ok);
    EXPECT_EQ(client.named(What::start, {b}), Accept::failure) << "b runs";
    EXPECT_EQ(client.named(What::stop, {a, c}, kNow + seconds(10)), Accept::ok);
    client.state.tick(kNow + seconds(12));
    EXPECT_EQ(
        client.reflectors.told,
        (std::vector<std::string>{"reserve 192.0.2.1:7000", "reserve 192.0.2.1:7001", "start 192.0.2.1:7000 protected",
                                  "reserve 192.0.2.1:7002", "start 192.0.2.1:7001 protected",
                                  "start 192.0.2.1:7002 protected", "stop 192.0.2.1:7000", "stop 192.0.2.1:7002"}));
    EXPECT_EQ(client.state.use_of("user panama").sessions, 1U);
    // Stop-Sessions counts those that run.
    write(client.out, StopSessions{.accept = Accept::ok, .count = 1, .sessions = {}}, true);
    client.speak(kNow + seconds(20));
    EXPECT_FALSE(client.server.closed()) << client.server.fault();
    EXPECT_EQ(client.state.use_of("user panama").sessions, 0U);
}

TEST(TwampServer, NamesNoSessionsWhereThatWasNotChosen) {
    TwoWay client(mode::kOpen);
    const Sid sid = client.ask(7000).sid;
    write(client.out, NamedSessions{.what = NamedSessions::What::start, .accept = Accept::ok, .sids = {sid}});
    client.speak();
    EXPECT_TRUE(client.server.closed());
}

TEST(TwampServer, RefusesAReflectorsPort) {
    TwoWay client(mode::kOpen);
    EXPECT_EQ(client.ask(862).accept, Accept::not_supported);
    EXPECT_EQ(client.server.take_refusals().size(), 1U);
}

TEST(TwampServer, LeavesAConnectionWithoutSessionsAfterServwait) {
    TwoWay client(mode::kOpen);
    client.server.tick(kNow + seconds(899));
    EXPECT_FALSE(client.server.closed());
    client.ask(7000, kNow + seconds(899));
    write(client.out, StartSessions{});
    client.speak(kNow + seconds(899));
    // RFC 5357 §3.1: not while sessions run.
    client.server.tick(kNow + seconds(3'000));
    EXPECT_FALSE(client.server.closed());
    write(client.out, StopSessions{.accept = Accept::ok, .count = 1, .sessions = {}}, true);
    client.speak(kNow + seconds(3'000));
    client.server.tick(kNow + seconds(3'901));
    EXPECT_TRUE(client.server.closed());
}

TEST(TwampServer, StopSessionsMustCountThemAll) {
    TwoWay client(mode::kOpen);
    write(client.out, StartSessions{});
    client.speak();
    write(client.out, StopSessions{.accept = Accept::ok, .count = 1, .sessions = {}}, true);
    client.speak();
    EXPECT_TRUE(client.server.closed());
}

}  // namespace
}  // namespace quipu::owamp
