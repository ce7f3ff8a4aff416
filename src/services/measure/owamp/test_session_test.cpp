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

TEST(NextAfter, IsOneBeyondTheHighest) {
    EXPECT_EQ(next_after({}), 0U);
    EXPECT_EQ(next_after({packet(3, {}, {}), packet(1, {}, {})}), 4U);
}

}  // namespace
}  // namespace quipu::owamp
