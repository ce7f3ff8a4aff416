#include "services/measure/owamp/engine_server.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "services/measure/owamp/engine_client.h"
#include "services/measure/owamp/test_server.h"

namespace quipu::owamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A client and a server with 20 ms between them, in simulated time.
struct Pair {
    FakeEnds client_ends{kClient.address, 7000};
    FakeEnds server_ends{kServer.address, 8000};
    ServerState state;
    ServerSession server;
    ClientSession client;
    Time now = kNow;
    /// What the network does to a packet: how often it arrives.
    std::function<int(bool to_server, std::uint32_t sequence)> fate = [](bool, std::uint32_t) { return 1; };

    Pair(ServerSettings settings, ClientSettings wanted)
        : state(std::move(settings), server_ends, secrets_of(1), kNow),
          server(state, kClient, kServer, kNow),
          client(std::move(wanted), client_ends, secrets_of(2), kServer, kClient) {}

    void carry(FakeEnds& from, FakeEnds& to, const net::IpAddress& source, bool to_server) {
        std::vector<SendEngine::Due> due;
        from.sender.collect(now, 1000, due);
        for (const auto& packet : due) {
            std::vector<std::uint8_t> octets(packet.octets);
            packet.packets->write(octets, {packet.sequence, measure::to_ntp(now), from.clock_error()});
            const auto socket = std::ranges::find(to.ports, packet.peer.port) - to.ports.begin();
            for (int copies = fate(to_server, packet.sequence); copies > 0; --copies)
                to.receiver.arrive(static_cast<std::uint32_t>(socket), {source, from.ports[packet.socket]}, octets,
                                   now + milliseconds(20), 250, to.clock_error());
        }
    }
    void run(Nanoseconds longest = seconds(60)) {
        for (const Time end = now + longest; now < end && !client.closed(); now += milliseconds(10)) {
            for (int turn = 0; turn < 4; ++turn) {
                client.feed(server.take(), now);
                server.feed(client.take(), now);
            }
            carry(client_ends, server_ends, kClient.address, true);
            carry(server_ends, client_ends, kServer.address, false);
            client.tick(now);
            server.tick(now);
        }
    }
};

ClientSettings both_ways(std::uint32_t modes) {
    ClientSettings::Wanted wanted{.to_server = true,
                                  .packets = 50,
                                  .slots = {{Slot::Type::exponential, to_fixed(milliseconds(100))}},
                                  .padding = 10,
                                  .timeout = seconds(2)};
    ClientSettings out{.modes = modes, .user = "panama", .pass_phrase = "los nudos", .sessions = {wanted}};
    wanted.to_server = false;
    wanted.slots = {{Slot::Type::fixed, to_fixed(milliseconds(50))}};
    out.sessions.push_back(wanted);
    return out;
}

class EveryMode : public testing::TestWithParam<std::uint32_t> {};

TEST_P(EveryMode, BothEndsAgreeOnWhatWasLostAndWhatCameTwice) {
    Pair pair(with_key(), both_ways(GetParam()));
    pair.fate = [](bool to_server, std::uint32_t sequence) {
        if (to_server) return sequence == 7 ? 0 : sequence == 9 ? 2 : 1;
        return sequence % 10 == 3 ? 0 : 1;
    };
    pair.run();
    const auto results = pair.client.results();
    ASSERT_TRUE(results) << results.error().text();
    ASSERT_EQ(results->size(), 2U);
    const std::vector<std::vector<std::uint32_t>> lost{{7}, {3, 13, 23, 33, 43}};
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& result = (*results)[i];
        EXPECT_EQ(result.sent.next_sequence, 50U);
        std::vector<std::uint32_t> missing;
        for (const auto& record : result.records) {
            if (record.lost())
                missing.push_back(record.sequence);
            else
                EXPECT_EQ(record.ttl, 250);
        }
        EXPECT_EQ(missing, lost[i]);
        EXPECT_EQ(result.records.size(), i == 0 ? 51U : 50U);
    }
    EXPECT_EQ(pair.server_ends.sender.sessions() + pair.server_ends.receiver.sessions(), 0U);
    EXPECT_EQ(pair.client_ends.sender.sessions() + pair.client_ends.receiver.sessions(), 0U);
}

INSTANTIATE_TEST_SUITE_P(OwampModes, EveryMode, testing::Values(mode::kOpen, mode::kAuthenticated, mode::kEncrypted));

TEST(OwampServer, RefusesAWrongKeyAndAnUnknownUserAlike) {
    for (const auto& [user, phrase] : {std::pair{"panama", "otros"}, std::pair{"nadie", "los nudos"}}) {
        ClientSettings settings = both_ways(mode::kEncrypted);
        settings.user = user;
        settings.pass_phrase = phrase;
        Pair pair(with_key(), settings);
        pair.run();
        EXPECT_EQ(pair.client.results().error().code, ErrorCode::forbidden);
        EXPECT_TRUE(pair.server.closed());
        EXPECT_FALSE(pair.server.fault().empty());
    }
}

TEST(OwampServer, SpeaksOnlyWithWhomItAllows) {
    ServerSettings settings;
    settings.allowed = {*net::Prefix::parse("198.51.100.0/24")};
    Pair pair(settings, both_ways(mode::kOpen));
    EXPECT_TRUE(pair.server.closed());
    pair.run();
    EXPECT_EQ(pair.client.results().error().code, ErrorCode::forbidden);
}

TEST(OwampServer, EveryRefusalHasItsAcceptValue) {
    struct Case {
        const char* what;
        Accept accept;
        std::function<void(RequestSession&)> change;
    };
    const std::vector<Case> cases{
        {"good; its zero addresses are the control connection's", Accept::ok, [](auto&) {}},
        {"both ends here", Accept::not_supported, [](auto& r) { r.server_sends = true; }},
        {"no end here", Accept::failure, [](auto& r) { r.server_receives = false; }},
        {"IPv6 over IPv4", Accept::not_supported, [](auto& r) { r.ip_version = 6; }},
        {"an IP version that there is not", Accept::not_supported, [](auto& r) { r.ip_version = 5; }},
        {"no packets", Accept::failure, [](auto& r) { r.packets = 0; }},
        {"no slots", Accept::failure, [](auto& r) { r.slots.clear(); }},
        {"a PHB as Type-P", Accept::not_supported, [](auto& r) { r.type_p = 0x40000000; }},
        {"port 0", Accept::failure, [](auto& r) { r.sender_port = 0; }},
        {"a third party", Accept::failure, [](auto& r) { r.sender = *net::IpAddress::parse("198.51.100.7"); }},
        {"an address that is not ours", Accept::failure,
         [](auto& r) { r.receiver = *net::IpAddress::parse("198.51.100.7"); }},
        {"a thousand million packets", Accept::permanent_limit, [](auto& r) { r.packets = 1'000'000'000; }},
        {"no gap between packets", Accept::permanent_limit, [](auto& r) { r.slots[0].parameter = 0; }},
        {"too fast", Accept::permanent_limit, [](auto& r) { r.slots[0].parameter = to_fixed(Nanoseconds(100'000)); }},
        {"large packets", Accept::permanent_limit, [](auto& r) { r.padding = 60'000; }},
        {"a start next week", Accept::permanent_limit, [](auto& r) { r.start += Fixed{7 * 86'400} << 32U; }},
        {"a long timeout", Accept::permanent_limit, [](auto& r) { r.timeout = Fixed{86'400} << 32U; }},
        {"a session of years", Accept::permanent_limit,
         [](auto& r) { r.slots[0].parameter = Fixed{1'000'000} << 32U; }},
    };
    for (const Case& each : cases) {
        Asking asking;
        RequestSession request = good_request();
        each.change(request);
        EXPECT_EQ(asking.ask(request).accept, each.accept) << each.what;
        EXPECT_FALSE(asking.server.closed()) << each.what;
        EXPECT_EQ(asking.server.take_refusals().size(), each.accept == Accept::ok ? 0U : 1U) << each.what;
    }
}

TEST(OwampServer, WhatAClientHasCountsOverItsConnections) {
    ServerSettings settings;
    settings.open.sessions = 2;
    Asking first(settings);
    EXPECT_EQ(first.ask(good_request()).accept, Accept::ok);
    ServerSession second(first.state, kClient, kServer, kNow);
    EXPECT_EQ(first.ask(good_request()).accept, Accept::ok);
    EXPECT_EQ(first.ask(good_request()).accept, Accept::temporary_limit);
    first.server.hang_up(kNow);
    EXPECT_EQ(first.state.use_of("192.0.2.1").sessions, 0U);
}

// owping -i 0.001, both ways, is what the limit of 1,000/s allows; its gap is cut to 2^-32 s.
TEST(OwampServer, CountsTheRateOfEachDirectionApart) {
    Asking asking;
    RequestSession to_server = good_request();
    to_server.slots = {{Slot::Type::exponential, 4'294'967}};
    RequestSession from_server = to_server;
    std::swap(from_server.server_receives, from_server.server_sends);
    std::swap(from_server.receiver_port, from_server.sender_port);
    EXPECT_EQ(asking.ask(to_server).accept, Accept::ok);
    EXPECT_EQ(asking.ask(from_server).accept, Accept::ok);
    EXPECT_EQ(asking.ask(to_server).accept, Accept::temporary_limit);
    EXPECT_EQ(asking.ask(from_server).accept, Accept::temporary_limit);
    EXPECT_EQ(asking.server.take_refusals(),
              (std::vector<std::string>{"its sessions from it together would have 2000 packets a second, above 1000",
                                        "its sessions to it together would have 2000 packets a second, above 1000"}));
    to_server.slots[0].parameter = to_fixed(milliseconds(1)) / 2;
    EXPECT_EQ(asking.ask(to_server).accept, Accept::permanent_limit);
    const OneWayConnection other(asking.state);
    asking.server.hang_up(kNow);
    const auto& use = asking.state.use_of("192.0.2.1");
    EXPECT_EQ(use.sent_per_second, 0);
    EXPECT_EQ(use.received_per_second, 0);
}

TEST(OwampServer, TellsSchedulesThatAreTooLongAndHangsUp) {
    Asking asking;
    RequestSession request = good_request();
    request.slots.resize(100'000, request.slots[0]);
    EXPECT_EQ(asking.ask(request).accept, Accept::permanent_limit);
    EXPECT_TRUE(asking.server.closed());
}

TEST(OwampServer, KeepsWhatCameOfAClientThatIsGone) {
    Asking asking;
    const AcceptSession accepted = asking.ask(good_request());
    asking.start();
    const TestStamp stamp{.sequence = 4,
                          .sent = measure::to_ntp(kNow + milliseconds(500)),
                          .error = ErrorEstimate::from(milliseconds(1), true)};
    std::array<std::uint8_t, 14> packet{};
    TestPackets(TestMode::open, TestPackets::Way::send, {}).write(packet, stamp);
    asking.ends.receiver.arrive(0, {kClient.address, 5000}, packet, kNow + milliseconds(520), 60, stamp.error);
    asking.server.hang_up(kNow + seconds(5));
    const EndedSession* kept = asking.state.find(accepted.sid, kNow + seconds(6));
    ASSERT_NE(kept, nullptr);
    EXPECT_EQ(kept->finished, 2);
    EXPECT_EQ(kept->sent.next_sequence, 5U);
    EXPECT_EQ(std::ranges::count_if(kept->records, &PacketRecord::lost), 4);
    EXPECT_EQ(asking.state.find(accepted.sid, kNow + std::chrono::hours(1)), nullptr);
}

TEST(OwampServer, StopSessionsMustAccountForEverySession) {
    Asking asking;
    static_cast<void>(asking.ask(good_request()));
    asking.start();
    ControlWriter out;
    write(out, StopSessions{}, false);
    asking.feed(out);
    EXPECT_TRUE(asking.server.closed());
}

TEST(OwampServer, StopsByItselfAndThenWaitsNotForEver) {
    Asking asking;
    static_cast<void>(asking.ask(good_request()));
    asking.start();
    asking.server.tick(kNow + seconds(60));
    asking.in.feed(asking.server.take());
    const auto stop = read_command(asking.in, false, {});
    ASSERT_TRUE(stop && stop->has_value());
    EXPECT_TRUE(std::holds_alternative<StopSessions>(**stop));
    asking.server.tick(kNow + seconds(120));
    EXPECT_TRUE(asking.server.closed());
}

// One host may have every address of its /64.
TEST(OwampServer, CountsAnIpv6NetworkAsOneClient) {
    FakeEnds ends(kServer.address, 8000);
    ServerSettings settings;
    settings.open.connections = settings.keyed.connections = 1;
    ServerState state(settings, ends, secrets_of(1), kNow);
    const net::Endpoint here = *net::Endpoint::parse("[2001:db8:1::1]:861");
    const ServerSession first(state, *net::Endpoint::parse("[2001:db8:2:3::1]:40000"), here, kNow);
    const ServerSession second(state, *net::Endpoint::parse("[2001:db8:2:3:ffff::2]:40000"), here, kNow);
    EXPECT_EQ(state.counters().connections_refused, 1U);
    const ServerSession other(state, *net::Endpoint::parse("[2001:db8:2:4::1]:40000"), here, kNow);
    EXPECT_EQ(state.counters().connections_refused, 1U);
}

TEST(OwampServer, IsNotHeldByASilentClient) {
    FakeEnds ends(kServer.address, 8000);
    ServerState state({}, ends, secrets_of(1), kNow);
    ServerSession server(state, kClient, kServer, kNow);
    server.tick(kNow + seconds(29));
    EXPECT_FALSE(server.closed());
    server.tick(kNow + seconds(31));
    EXPECT_TRUE(server.closed());
}

TEST(OwampServer, TwoSidesLoseNothingWhateverTheOctetsAreCutInto) {
    Pair pair(with_key(), both_ways(mode::kEncrypted));
    Rng rng(5);
    for (; pair.now < kNow + seconds(60) && !pair.client.closed(); pair.now += milliseconds(10)) {
        auto octets = pair.server.take();
        for (std::size_t at = 0; at < octets.size();) {
            const auto count = std::min<std::size_t>(1 + rng.below(40), octets.size() - at);
            pair.client.feed(ByteSpan(octets).subspan(at, count), pair.now);
            at += count;
        }
        octets = pair.client.take();
        for (const std::uint8_t octet : octets)
            pair.server.feed(ByteSpan(&octet, 1), pair.now);
        pair.carry(pair.client_ends, pair.server_ends, kClient.address, true);
        pair.carry(pair.server_ends, pair.client_ends, kServer.address, false);
        pair.client.tick(pair.now);
        pair.server.tick(pair.now);
    }
    const auto results = pair.client.results();
    ASSERT_TRUE(results) << results.error().text();
    EXPECT_EQ(results->at(0).records.size(), 50U);
    EXPECT_EQ(results->at(1).records.size(), 50U);
}

}  // namespace
}  // namespace quipu::owamp
