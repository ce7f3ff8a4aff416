#include "services/measure/store.h"

#include <gtest/gtest.h>

#include "data/test_archive.h"
#include "services/measure/live.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

const Time kStoreStart = *parse_time("2011-11-21T12:00:00Z");

class StoreOnArchive : public testing::Test {
  protected:
    /// A batch from `agent` with these payloads.
    agent::StreamBatch batch(std::string agent, std::string stream, std::uint64_t first) {
        agent::StreamBatch out{.agent = std::move(agent),
                               .spool = "s1",
                               .stream = std::move(stream),
                               .first_sequence = first,
                               .payloads = {}};
        for (const auto& payload : payloads_)
            out.payloads.emplace_back(payload);
        return out;
    }
    void minute(int number, std::uint32_t received = 90, std::int64_t delay = 20'000'000) {
        MinuteRecord r{.from = "a", .minute = kStoreStart + kMinute * number, .scheduled = 90, .received = received};
        if (received > 0) {
            r.delay_min = r.delay_median = r.delay_p99 = r.delay_max = delay;
            r.ttl = 255;
            r.delays.add(delay, received);
        }
        ByteWriter out;
        write_record(out, r);
        payloads_.push_back(out.take());
    }
    void skip(std::int64_t first_minute, std::int64_t last_minute, std::int64_t from_place = 0) {
        ByteWriter out;
        const std::int64_t base = minute_of(kStoreStart);
        write_skip(out, {.to = "b",
                         .per_minute = 90,
                         .first = (base + first_minute) * 90 + from_place,
                         .last = (base + last_minute) * 90 + 89});
        payloads_.push_back(out.take());
    }
    std::vector<StoredMinute> take(std::uint64_t first) {
        auto taken = store_.take_minutes(batch("b", std::string(kMinuteStream), first), [](auto) { return false; });
        EXPECT_TRUE(taken) << taken.error().text();
        payloads_.clear();
        return *taken;
    }
    std::vector<StoredMinute> take_skips(std::uint64_t first) {
        auto taken = store_.take_skips(batch("a", std::string(kSkipsStream), first));
        EXPECT_TRUE(taken) << taken.error().text();
        payloads_.clear();
        return *taken;
    }
    std::int64_t lost(int number) {
        const auto records =
            *store_.read("a", "b", kStoreStart + kMinute * number, kStoreStart + kMinute * (number + 1), 10);
        EXPECT_EQ(records.size(), 1U);
        return records.empty() ? -1 : figures_of(records[0], kMinute).lost;
    }

    ManualClock clock_{kStoreStart + 60 * kMinute};
    data::TestArchive archive_;
    Store store_{archive_, clock_};
    std::vector<std::vector<std::uint8_t>> payloads_;
};

TEST_F(StoreOnArchive, ARepeatIsHarmless) {
    minute(0);
    minute(1);
    EXPECT_EQ(take(1).size(), 2U);
    minute(0);
    minute(1);
    minute(2);
    const auto fresh = take(1);
    ASSERT_EQ(fresh.size(), 1U);
    EXPECT_EQ(fresh[0].record.time, kStoreStart + 2 * kMinute);
    EXPECT_EQ(store_.read("a", "b", kStoreStart, kStoreStart + kMinute * 60, 100)->size(), 3U);
    EXPECT_EQ(store_.counters().repeats, 2U);
}

TEST_F(StoreOnArchive, AMalformedPayloadIsLeftOutAndTheOthersKept) {
    minute(0);
    payloads_.push_back({1, 2, 3});
    minute(2);
    EXPECT_EQ(take(1).size(), 2U);
    EXPECT_EQ(store_.counters().malformed, 1U);
    EXPECT_EQ(*archive_.high_water(kMinuteStream, "b/s1"), 3U);
}

TEST_F(StoreOnArchive, WithoutRoomNothingIsAcknowledged) {
    archive_.fail_next = 1;
    minute(0);
    EXPECT_FALSE(store_.take_minutes(batch("b", std::string(kMinuteStream), 1), [](auto) { return false; }));
    EXPECT_EQ(take(1).size(), 1U);
}

// Whichever comes first, the record or the range: what the sender did not send is not lost.
TEST_F(StoreOnArchive, SkipsCountWhicheverComesFirst) {
    minute(0, 0);
    take(1);
    EXPECT_EQ(lost(0), 90);
    skip(0, 1, 10);
    const auto changed = take_skips(1);
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(lost(0), 10);
    minute(1, 0);
    take(2);
    EXPECT_EQ(lost(1), 0);
    skip(0, 1, 10);
    EXPECT_TRUE(take_skips(1).empty());
    EXPECT_EQ(lost(0), 10);
}

TEST_F(StoreOnArchive, SkipsAreKnownAfterARestart) {
    skip(0, 0, 30);
    take_skips(1);
    Store again(archive_, clock_);
    ASSERT_TRUE(again.load());
    EXPECT_EQ(again.skipped("a/b", kStoreStart), 60);
    EXPECT_EQ(again.skipped("a/b", kStoreStart + kMinute), 0);
    EXPECT_EQ(again.skipped("b/a", kStoreStart), 0);
}

TEST_F(StoreOnArchive, ARangeWithoutBoundIsCutToTheWeek) {
    ByteWriter out;
    write_skip(out, {.to = "b", .per_minute = 90, .first = 0, .last = (minute_of(kStoreStart) + 10'000'000) * 90});
    payloads_.push_back(out.take());
    minute(0, 0);
    const auto record = payloads_.back();
    payloads_.pop_back();
    take_skips(1);
    payloads_.push_back(record);
    take(1);
    EXPECT_EQ(lost(0), 0);
}

// ---- Live

StoredMinute stored(int number, std::uint32_t received, std::int64_t delay = 20'000'000, std::int16_t ttl = 255,
                    std::int64_t skipped = 0, bool absent = false) {
    MinuteRecord r{.from = "a", .minute = kStoreStart + kMinute * number, .scheduled = 90, .received = received};
    if (received > 0) {
        r.delay_min = r.delay_median = r.delay_p99 = r.delay_max = delay;
        r.ttl = ttl;
        r.delays.add(delay, received);
    }
    return {"a", "b", to_archive("a/b", r, skipped, absent)};
}

StoredMinute stored_back(int number) {
    MinuteRecord r{.from = "b", .minute = kStoreStart + kMinute * number, .scheduled = 90, .received = 90};
    r.delay_min = r.delay_median = r.delay_p99 = r.delay_max = 20'000'000;
    return {"b", "a", to_archive("b/a", r, 0)};
}

std::vector<MeshPoint> two_points() {
    return {{.site = "a", .addresses = {*net::IpAddress::parse("10.0.0.1")}},
            {.site = "b", .addresses = {*net::IpAddress::parse("10.0.0.2")}}};
}

TEST(LivePairs, EveryPairOfTheMeshIsThereFromTheStart) {
    Live live(90);
    live.set_mesh(two_points());
    const auto pairs = live.pairs(kStoreStart);
    ASSERT_EQ(pairs.size(), 2U);
    EXPECT_EQ(pairs[0].from, "a");
    EXPECT_EQ(pairs[0].state, PairState::unknown);
    EXPECT_FALSE(pairs[0].time);
    live.set_mesh({});
    EXPECT_TRUE(live.pairs(kStoreStart).empty());
}

TEST(LivePairs, TheRunningMinuteIsShownUntilItsRecordCame) {
    Live live(90);
    live.set_mesh(two_points());
    MinuteRecord running{
        .from = "a", .minute = kStoreStart, .scheduled = 12, .received = 12, .delay_median = 5'000'000, .ttl = 255};
    live.add_running("a", "b", running, 0, false);
    auto pair = live.pair("a", "b", kStoreStart + std::chrono::seconds(10));
    EXPECT_TRUE(pair->provisional);
    EXPECT_EQ(pair->delay_median_us, 5000);
    EXPECT_EQ(pair->state, PairState::good);
    live.add(stored(0, 90));
    pair = live.pair("a", "b", kStoreStart + std::chrono::seconds(66));
    EXPECT_FALSE(pair->provisional);
    EXPECT_EQ(pair->delay_median_us, 20'000);
    // A few packets of the next minute do not push the whole one away, but silence does.
    running.minute += kMinute;
    live.add_running("a", "b", running, 0, false);
    EXPECT_FALSE(live.pair("a", "b", kStoreStart + std::chrono::seconds(75))->provisional);
    running.received = 0;
    live.add_running("a", "b", running, 0, false);
    EXPECT_EQ(live.pair("a", "b", kStoreStart + std::chrono::seconds(75))->state, PairState::down);
    live.add_running("a", "b", running, 0, true);
    EXPECT_EQ(live.pair("a", "b", kStoreStart + std::chrono::seconds(75))->state, PairState::unknown);
}

TEST(LivePairs, StatesFollowWhatIsMeasured) {
    Live live(90);
    live.set_mesh(two_points());
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(live.add(stored(i, 90)).empty());
    const auto at = [](int minute) { return kStoreStart + kMinute * (minute + 1) + std::chrono::seconds(5); };
    EXPECT_EQ(live.pair("a", "b", at(9))->state, PairState::good);
    EXPECT_FALSE(live.detoured("a", "b"));
    live.add(stored(10, 60));
    EXPECT_EQ(live.pair("a", "b", at(10))->state, PairState::lossy);
    live.add(stored(11, 90, 31'000'000, 253));
    const auto told = live.add(stored(12, 90, 31'000'000, 253));
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0].event.what, PairChange::delay_rose);
    EXPECT_EQ(told[1].event.what, PairChange::loss_ended);
    EXPECT_TRUE(live.detoured("a", "b"));
    for (int i = 13; i < 20; ++i)
        live.add(stored(i, 90, 31'000'000, 253));
    EXPECT_EQ(live.pair("a", "b", at(19))->state, PairState::slow);
    EXPECT_EQ(live.pair("a", "b", at(19))->baseline_us, 20'000);
    live.add(stored(20, 0));
    EXPECT_EQ(live.pair("a", "b", at(20))->state, PairState::down);
    EXPECT_EQ(live.pair("a", "b", at(25))->state, PairState::unknown);
}

TEST(LivePairs, ASessionThatHasJustBegunIsNoNews) {
    Live live(90);
    MinuteRecord joined{.from = "a", .minute = kStoreStart, .scheduled = 40, .received = 0};
    EXPECT_TRUE(live.add({"a", "b", to_archive("a/b", joined, 0)}).empty());
    EXPECT_TRUE(live.add(stored(1, 50)).empty());
    EXPECT_EQ(live.add(stored(2, 50)).size(), 1U);
    Live other(90);
    joined.scheduled = 60;
    EXPECT_TRUE(other.add({"a", "b", to_archive("a/b", joined, 0)}).empty());
    EXPECT_EQ(other.add(stored(1, 50)).size(), 1U);
}

TEST(LivePairs, WhatAnAgentThatDiedDidNotSendIsNoLoss) {
    const auto ten_minutes = [](Live& live) {
        for (int i = 0; i < 10; ++i) {
            EXPECT_TRUE(live.add(stored(i, 90)).empty());
            EXPECT_TRUE(live.add(stored_back(i)).empty());
        }
        EXPECT_TRUE(live.add(stored(10, 30)).empty()) << "the sender's own record of that minute is to come";
    };
    Live died(90);
    ten_minutes(died);
    EXPECT_TRUE(died.add(stored(11, 0, 0, 0, 0, true)).empty());
    EXPECT_TRUE(died.add(stored(12, 0, 0, 0, 0, true)).empty());

    Live back(90);
    ten_minutes(back);
    back.replace(stored(10, 30, 20'000'000, 255, 60));  // it says what it did not send
    EXPECT_TRUE(back.add(stored(11, 90)).empty());

    Live lost(90);
    ten_minutes(lost);
    const auto told = lost.add(stored_back(10));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].event.what, PairChange::loss_began);
    EXPECT_EQ(told[0].from, "a");
}

TEST(LivePairs, OnlyWhatChangedIsStreamed) {
    Live live(90);
    live.set_mesh(two_points());
    const auto version = live.version();
    EXPECT_TRUE(live.pairs(kStoreStart, version).empty());
    live.add(stored(0, 90));
    ASSERT_EQ(live.pairs(kStoreStart, version).size(), 1U);
    EXPECT_EQ(live.pairs(kStoreStart, version)[0].to, "b");
}

}  // namespace
}  // namespace quipu::measure
