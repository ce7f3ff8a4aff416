#include "services/measure/owamp/test_session.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace quipu::owamp {
namespace {

using std::chrono::milliseconds;

const Fixed kStart = measure::to_ntp(*parse_time("2011-11-21T12:00:00Z"));

TestSession five_packets() {
    TestSession out;
    out.start = kStart;
    out.slots = {{Slot::Type::fixed, to_fixed(milliseconds(100))}};
    out.packets = 5;
    out.timeout = to_fixed(milliseconds(500));
    return out;
}

/// Sent `late` after it was due; came `delay` after that.
PacketRecord packet(std::uint32_t sequence, Nanoseconds late, Nanoseconds delay) {
    PacketRecord out;
    out.sequence = sequence;
    out.sent = kStart + (sequence + 1) * to_fixed(milliseconds(100)) + to_fixed(late);
    out.received = out.sent + to_fixed(delay);
    return out;
}

/// "3" came, "2!" was lost.
std::string fates_of(std::vector<PacketRecord> arrived, const TestSession& session = five_packets()) {
    const Time end = measure::from_ntp(session.start) + std::chrono::seconds(60);
    std::string out;
    for (const auto& record : complete_records(session, std::move(arrived), {Sid{}, session.packets, {}}, end, {}))
        out += (out.empty() ? "" : " ") + std::to_string(record.sequence) + (record.lost() ? "!" : "");
    return out;
}

TEST(CompleteRecords, WhatCameLaterThanTheTimeoutAfterItWasDueIsLost) {
    EXPECT_EQ(
        fates_of({packet(0, {}, milliseconds(20)), packet(2, {}, milliseconds(20)), packet(3, {}, milliseconds(20)),
                  packet(4, {}, milliseconds(20)), packet(1, milliseconds(400), milliseconds(200))}),
        "0 2 3 4 1!");
    EXPECT_EQ(
        fates_of({packet(0, {}, milliseconds(20)), packet(2, {}, milliseconds(20)), packet(3, {}, milliseconds(20)),
                  packet(4, {}, milliseconds(20)), packet(1, milliseconds(400), milliseconds(99))}),
        "0 2 3 4 1");
}

TEST(CompleteRecords, ACopyThatCameInTimeCounts) {
    EXPECT_EQ(fates_of({packet(0, {}, milliseconds(20)), packet(1, {}, milliseconds(20)),
                        packet(2, {}, milliseconds(20)), packet(3, {}, milliseconds(20)),
                        packet(4, {}, milliseconds(20)), packet(1, milliseconds(400), milliseconds(200))}),
              "0 1 2 3 4");
}

TEST(CompleteRecords, WhatCameBeforeItWasDueByAWrongClockIsNotLate) {
    auto early = packet(0, {}, {});
    early.received -= to_fixed(milliseconds(300));
    EXPECT_EQ(fates_of({early, packet(1, {}, {}), packet(2, {}, {}), packet(3, {}, {}), packet(4, {}, {})}),
              "0 1 2 3 4");
}

TEST(CompleteRecords, TimesMayPass2036) {
    auto session = five_packets();
    session.start = Fixed{0} - to_fixed(milliseconds(450));
    std::vector<PacketRecord> arrived;
    for (std::uint32_t i = 0; i < 5; ++i) {
        arrived.push_back(packet(i, {}, milliseconds(i == 2 ? 600 : 100)));
        arrived.back().sent += session.start - kStart;
        arrived.back().received += session.start - kStart;
    }
    std::ranges::sort(arrived, {},
                      [](const PacketRecord& record) { return static_cast<std::int64_t>(record.received); });
    EXPECT_EQ(fates_of(arrived, session), "0 1 3 4 2!");
}

TEST(CompleteRecords, OfARangeAreThoseOfAllThatLieInItAndNothingBeyondItIsWorkedOut) {
    auto session = five_packets();
    session.packets = 1000;
    std::vector<PacketRecord> arrived;
    for (const std::uint32_t i : {0U, 2U, 7U, 7U, 8U, 12U, 999U})
        arrived.push_back(packet(i, {}, milliseconds(20)));
    const SessionDescription sent{Sid{}, 1000, {{3, 3}, {4, 6}, {5, 11}, {10, 10}, {15, 0xffffffff}}};
    const Time end = measure::from_ntp(session.start) + std::chrono::seconds(600);
    const auto all = complete_records(session, arrived, sent, end, {});
    for (std::uint32_t first = 0; first < 20; ++first) {
        for (std::uint32_t last = first; last < 20; ++last) {
            DueTimes due(session.start, session.slots, session.sid);
            auto wanted = all;
            std::erase_if(wanted,
                          [&](const PacketRecord& each) { return each.sequence < first || each.sequence > last; });
            EXPECT_EQ(complete_records(session, arrived, sent, end, {}, {first, last}, due), wanted)
                << first << " to " << last;
            EXPECT_EQ(due.known(), last + 1);
        }
    }
    DueTimes due(session.start, session.slots, session.sid);
    EXPECT_TRUE(complete_records(session, arrived, sent, end, {}, {1000, 0xffffffff}, due).empty());
    EXPECT_EQ(due.known(), 0U);
    EXPECT_EQ(complete_records(session, arrived, sent, end, {}, {0, 0xffffffff}, due), all);
}

TEST(NextAfter, IsOneBeyondTheHighestThatIsBelieved) {
    const auto next = [](const std::vector<PacketRecord>& arrived) {
        const auto session = five_packets();
        DueTimes due(session.start, session.slots, session.sid);
        return next_after(session, arrived, due);
    };
    EXPECT_EQ(next({}), 0U);
    EXPECT_EQ(next({packet(3, {}, {}), packet(1, {}, {})}), 4U);
    EXPECT_EQ(next({packet(3, {}, milliseconds(501)), packet(1, {}, {})}), 2U) << "slow";
    EXPECT_EQ(next({packet(3, milliseconds(400), milliseconds(101)), packet(1, {}, {})}), 2U) << "late";
    auto early = packet(3, {}, {});
    early.sent -= to_fixed(milliseconds(501));
    early.received = early.sent;
    EXPECT_EQ(next({early, packet(1, {}, {})}), 2U) << "stamped off its schedule";
    EXPECT_EQ(next({packet(5, {}, {}), packet(0xffffffff, {}, {})}), 0U) << "not of the session";
}

}  // namespace
}  // namespace quipu::owamp
