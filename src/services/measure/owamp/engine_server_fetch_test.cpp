// Fetch-Session (RFC 4656 §3.9), of sessions that run and of those that have ended.

#include <algorithm>
#include <gtest/gtest.h>

#include "services/measure/owamp/test_server.h"

namespace quipu::owamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Fetched {
    FetchAck ack;
    FetchedSession session;
    /// "3" came, "2!" was lost.
    [[nodiscard]] std::string fates() const {
        std::string out;
        for (const PacketRecord& record : session.records)
            out += (out.empty() ? "" : " ") + std::to_string(record.sequence) + (record.lost() ? "!" : "");
        return out;
    }
};

/// A session to the server on one connection, and its client's second connection.
struct Fetching : OneWayServer {
    std::optional<OneWayConnection> measuring{state};
    OneWayConnection fetching{state};
    Sid sid{};

    explicit Fetching(const RequestSession& request = good_request()) {
        sid = measuring->ask(request).sid;
        measuring->start();
    }
    /// Packet `sequence` leaves `late` after it is due and takes 20 ms.
    void arrive(std::uint32_t sequence, Nanoseconds late = {}) {
        const Time sent = kNow + milliseconds(100) * (sequence + 1) + late;
        const TestStamp stamp{
            .sequence = sequence, .sent = measure::to_ntp(sent), .error = ErrorEstimate::from(milliseconds(1), true)};
        std::array<std::uint8_t, 14> packet{};
        TestPackets(TestMode::open, TestPackets::Way::send, {}).write(packet, stamp);
        ends.receiver.arrive(0, {kClient.address, 5000}, packet, sent + milliseconds(20), 60, stamp.error);
    }
    static Fetched fetch(OneWayConnection& by, const FetchSession& wanted, Time at) {
        ControlWriter out;
        write(out, wanted);
        by.feed(out, at);
        Fetched answer;
        const auto ack = read_fetch_ack(by.in);
        EXPECT_TRUE(ack && ack->has_value());
        if (!ack || !*ack) return answer;
        answer.ack = **ack;
        if (answer.ack.accept == Accept::ok) {
            const auto session = read_fetched(by.in, answer.ack, {});
            EXPECT_TRUE(session && session->has_value());
            if (session && *session) answer.session = **session;
        }
        by.in.release();
        return answer;
    }
    Fetched fetch(std::uint32_t first, std::uint32_t last, Time at) {
        return fetch(fetching, {.first = first, .last = last, .sid = sid}, at);
    }
    Fetched fetch_all(Time at) { return fetch(0, 0xffffffff, at); }
    void stop(Accept accept, std::uint32_t next, Time at) {
        ControlWriter out;
        write(out, StopSessions{.accept = accept, .count = 0, .sessions = {{sid, next, {{4, 4}}}}}, false);
        measuring->feed(out, at);
        EXPECT_FALSE(measuring->server.closed()) << measuring->server.fault();
    }
};

TEST(OwampFetch, OfARunningSessionARangeTellsWhatIsKnownOfIt) {
    Fetching pair;
    for (const std::uint32_t sequence : {0U, 1U, 1U, 3U})
        pair.arrive(sequence);
    // Packet 2, due at 300 ms, may still come.
    const Fetched early = pair.fetch(0, 9, kNow + milliseconds(2299));
    EXPECT_EQ(early.ack, (FetchAck{.accept = Accept::ok, .records = 4}));
    EXPECT_EQ(early.fates(), "0 1 1 3");
    EXPECT_EQ(early.session.request.sid, pair.sid);
    EXPECT_EQ(early.session.request.packets, 10U);
    const Fetched later = pair.fetch(0, 9, kNow + milliseconds(2301));
    EXPECT_EQ(later.ack, (FetchAck{.accept = Accept::ok, .records = 5}));
    EXPECT_EQ(later.fates(), "0 1 1 3 2!");
    EXPECT_EQ(pair.fetch(1, 2, kNow + milliseconds(2301)).fates(), "1 1 2!");
    EXPECT_EQ(pair.fetch(3, 0xffffffff, kNow + milliseconds(2301)).fates(), "3");
    EXPECT_EQ(pair.fetch(0, 0xfffffffe, kNow + milliseconds(2301)).fates(), "0 1 1 3 2!");
}

TEST(OwampFetch, OfARunningSessionNothingIsLostAboveTheHighestThatCame) {
    Fetching pair;
    EXPECT_EQ(pair.fetch(0, 9, kNow + seconds(60)).ack, FetchAck{});
    pair.arrive(1);
    EXPECT_EQ(pair.fetch(0, 9, kNow + seconds(60)).fates(), "1 0!");
    EXPECT_EQ(pair.fetch(4, 9, kNow + seconds(60)).ack, FetchAck{}) << "no records, and yet accepted";
}

TEST(OwampFetch, OfARunningSessionWhatCameTooLateIsLostAsItWillBeWhenItHasEnded) {
    Fetching pair;
    pair.arrive(2, milliseconds(1990));
    pair.arrive(3);
    EXPECT_EQ(pair.fetch(2, 3, kNow + seconds(3)).fates(), "3 2!");
    pair.stop(Accept::ok, 10, kNow + seconds(5));
    EXPECT_EQ(pair.fetch(2, 3, kNow + seconds(6)).fates(), "3 2!");
}

TEST(OwampFetch, ARunningSessionIsNeitherFetchedWholeNorByOthers) {
    Fetching pair;
    pair.arrive(0);
    EXPECT_EQ(pair.fetch_all(kNow + seconds(1)).ack, FetchAck{.accept = Accept::failure});
    EXPECT_EQ(pair.fetch(5, 4, kNow + seconds(1)).ack, FetchAck{.accept = Accept::failure});
    OneWayConnection other(pair.state, *net::Endpoint::parse("192.0.2.9:40000"));
    EXPECT_EQ(Fetching::fetch(other, {.first = 0, .last = 9, .sid = pair.sid}, kNow + seconds(1)).ack.accept,
              Accept::failure);
    OneWayConnection same(pair.state, {kClient.address, 40'001});
    EXPECT_EQ(Fetching::fetch(same, {.first = 0, .last = 9, .sid = pair.sid}, kNow + seconds(1)).fates(), "0");
}

// Many fetches fit into a few octets, and each answer may be long.
TEST(OwampFetch, NothingFurtherIsAnsweredBeforeTheAnswerWasTaken) {
    Fetching pair;
    pair.arrive(0);
    pair.arrive(1);
    ControlWriter out;
    constexpr std::size_t kFetches = 300;
    for (std::size_t i = 0; i < kFetches; ++i)
        write(out, FetchSession{.first = 0, .last = i % 2 == 0 ? 1U : 0U, .sid = pair.sid});
    auto& fetched = pair.state.counters().fetched;
    auto& server = pair.fetching.server;
    server.feed(out.take(), kNow);
    EXPECT_EQ(fetched, 1U);
    server.feed({}, kNow);
    EXPECT_EQ(fetched, 1U) << "it was not taken yet";
    for (std::size_t i = 0; i < kFetches; ++i) {
        EXPECT_EQ(fetched, i + 1);
        pair.fetching.in.feed(server.take());
        const auto ack = **read_fetch_ack(pair.fetching.in);
        EXPECT_EQ(ack.records, i % 2 == 0 ? 2U : 1U) << "in their order";
        EXPECT_TRUE(read_fetched(pair.fetching.in, ack, {})->has_value());
        EXPECT_TRUE(pair.fetching.in.waiting().empty());
        pair.fetching.in.release();
        EXPECT_TRUE(server.take().empty());
        server.feed({}, kNow);
    }
    EXPECT_EQ(fetched, kFetches);
    EXPECT_TRUE(server.take().empty());
    EXPECT_FALSE(server.closed());
}

TEST(OwampFetch, AFaultAfterAnAnswerLeavesTheAnswer) {
    Fetching pair;
    pair.arrive(0);
    ControlWriter out;
    write(out, FetchSession{.first = 0, .last = 0, .sid = pair.sid});
    write(out, StopSessions{}, false);
    pair.fetching.server.feed(out.take(), kNow);
    EXPECT_FALSE(pair.fetching.server.closed());
    EXPECT_FALSE(pair.fetching.server.take().empty());
    pair.fetching.server.feed({}, kNow);
    EXPECT_TRUE(pair.fetching.server.closed()) << "nothing runs that it could stop";
}

TEST(OwampFetch, OfARunningSessionARangeCostsOnlyItsRangeAndWhatIsNew) {
    RequestSession request = good_request();
    request.packets = 10'000;
    Fetching pair(request);
    for (std::uint32_t sequence = 0; sequence < 5'000; ++sequence)
        pair.arrive(sequence);
    const Time at = kNow + seconds(600);
    auto& copied = pair.ends.copied;
    EXPECT_EQ(pair.fetch(3, 5, at).fates(), "3 4 5");
    EXPECT_EQ(copied, 5'003U) << "each is judged once";
    const auto& known = *pair.state.find_running(pair.sid)->known;
    EXPECT_EQ(known.due.known(), 5'000U);
    EXPECT_EQ(pair.fetch(4'998, 0xffffffff, at).fates(), "4998 4999");
    EXPECT_EQ(copied, 5'005U);
    EXPECT_EQ(pair.fetch(5'000, 9'999, at).ack, FetchAck{});
    EXPECT_EQ(copied, 5'005U);
    pair.arrive(5'001);
    EXPECT_EQ(pair.fetch(5'000, 5'000, at).fates(), "5000!");
    EXPECT_EQ(copied, 5'006U);
    EXPECT_EQ(pair.fetch(5'001, 5'001, at).fates(), "5001");
    EXPECT_EQ(copied, 5'007U);
    EXPECT_EQ(known.due.known(), 5'002U);
}

// One packet would make an answer of megabytes.
TEST(OwampFetch, APacketThatIsDroppedSaysNothingOfThoseBelowIt) {
    RequestSession request = good_request();
    request.packets = 10'000;
    request.start = measure::to_ntp(kNow - seconds(3'600));
    Fetching pair(request);
    // arrive() counts from kNow: an hour late.
    pair.arrive(9'999);
    pair.arrive(9'998);
    const Time at = kNow + seconds(4'000);
    EXPECT_EQ(pair.fetch(0, 0xfffffffe, at).ack, FetchAck{});
    pair.arrive(2, -seconds(3'600));
    EXPECT_EQ(pair.fetch(0, 0xfffffffe, at).fates(), "2 0! 1!");
    // Nor when it has ended, and nobody said how far its sender came.
    pair.measuring->server.hang_up(at);
    const Fetched ended = pair.fetch(0, 0xfffffffe, at);
    EXPECT_EQ(ended.ack, (FetchAck{.accept = Accept::ok, .finished = 2, .next_sequence = 3, .skips = 0, .records = 3}));
    EXPECT_EQ(ended.fates(), "2 0! 1!");
}

TEST(OwampFetch, ASessionThatTheServerSendsIsNotThere) {
    RequestSession request = good_request();
    std::swap(request.server_sends, request.server_receives);
    std::swap(request.receiver_port, request.sender_port);
    request.sid = {7};
    Fetching pair(request);
    pair.sid = request.sid;
    EXPECT_EQ(pair.fetch(0, 9, kNow + seconds(1)).ack.accept, Accept::failure);
}

TEST(OwampFetch, WhatEndedNormallyIsFetchedWhole) {
    Fetching pair;
    pair.arrive(0);
    pair.stop(Accept::ok, 6, kNow + seconds(5));
    EXPECT_EQ(pair.state.find_running(pair.sid), nullptr);
    const Fetched all = pair.fetch_all(kNow + seconds(6));
    EXPECT_EQ(all.ack, (FetchAck{.accept = Accept::ok, .finished = 1, .next_sequence = 6, .skips = 1, .records = 5}));
    EXPECT_EQ(all.fates(), "0 1! 2! 3! 5!");
    EXPECT_EQ(pair.fetch(0, 1, kNow + seconds(6)).fates(), "0 1!");
}

TEST(OwampFetch, WhatEndedOtherwiseIsFetchedByRangeAlone) {
    Fetching stopped;
    stopped.arrive(0);
    stopped.stop(Accept::failure, 6, kNow + seconds(5));
    Fetching gone;
    gone.arrive(1);
    gone.measuring->server.hang_up(kNow + seconds(5));
    for (Fetching* pair : {&stopped, &gone}) {
        EXPECT_EQ(pair->state.find_running(pair->sid), nullptr);
        EXPECT_EQ(pair->fetch_all(kNow + seconds(6)).ack, FetchAck{.accept = Accept::failure});
        const Fetched range = pair->fetch(0, 0xfffffffe, kNow + seconds(6));
        EXPECT_EQ(range.ack.finished, 2);
        EXPECT_EQ(range.fates(), pair == &stopped ? "0 1! 2! 3! 5!" : "1 0!");
    }
}

TEST(OwampFetch, ASessionRunsNoLongerThanItsConnection) {
    Fetching faulty;
    ControlWriter out;
    write(out, StopSessions{}, false);
    faulty.measuring->feed(out);
    EXPECT_TRUE(faulty.measuring->server.closed()) << "its Stop-Sessions leaves the session out";
    EXPECT_EQ(faulty.state.find_running(faulty.sid), nullptr);
    Fetching destroyed;
    EXPECT_NE(destroyed.state.find_running(destroyed.sid), nullptr);
    destroyed.measuring.reset();
    EXPECT_EQ(destroyed.state.find_running(destroyed.sid), nullptr);
    EXPECT_EQ(destroyed.fetch(0, 9, kNow + seconds(1)).ack.accept, Accept::failure);
}

TEST(OwampFetch, EachOfSeveralRunningSessionsIsFetchedByItsName) {
    OneWayServer server;
    OneWayConnection measuring(server.state);
    std::vector<Sid> sids;
    for (std::uint16_t port = 5000; port < 5020; ++port) {
        RequestSession request = good_request();
        request.sender_port = port;
        request.packets = port;
        sids.push_back(measuring.ask(request).sid);
    }
    EXPECT_EQ(server.state.find_running(sids[0]), nullptr) << "not yet started";
    measuring.start();
    OneWayConnection fetching(server.state);
    for (std::uint16_t i = 0; i < 20; ++i)
        EXPECT_EQ(Fetching::fetch(fetching, {.first = 0, .last = 9, .sid = sids[i]}, kNow).session.request.packets,
                  5000U + i);
}

}  // namespace
}  // namespace quipu::owamp
