#include "services/measure/store_raw.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "data/test_file_limit.h"
#include "data/test_folder.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

using namespace std::chrono_literals;

class RawKept : public testing::Test {
  protected:
    static constexpr std::uint64_t kSmall = 256 * 1024;
    void open(RawLimits limits = {}) {
        store_.reset();
        store_ = std::move(RawStore::open(folder_ / "raw", limits, clock_).value());
    }
    /// A minute's packets from a to b.
    static std::vector<std::uint8_t> minute(int number, std::uint32_t packets = 90) {
        RawMinute out{.from = "a", .minute = start() + number * 1min, .part = 0, .packets = {}};
        for (std::uint32_t i = 0; i < packets; ++i)
            out.packets.push_back(
                {.sequence = i, .sent = out.minute + i * 666ms, .received = out.minute + i * 666ms + 20ms, .ttl = 250});
        ByteWriter writer;
        write_raw(writer, out);
        return writer.take();
    }
    static Time start() { return *parse_time("2011-11-21T12:00:00Z"); }
    Result<void> take(std::uint64_t first, const std::vector<std::vector<std::uint8_t>>& payloads) {
        agent::StreamBatch batch{
            .agent = "b", .spool = "s", .stream = std::string(kRawStream), .first_sequence = first, .payloads = {}};
        for (const auto& payload : payloads)
            batch.payloads.emplace_back(payload);
        return store_->take(batch);
    }
    std::vector<RawMinute> read(Time since = start(), Time until = start() + 1000h) {
        return read_raw(folder_ / "raw", {.from = "a", .to = "b", .since = since, .until = until}).value();
    }
    std::uint64_t on_disk() {
        std::uint64_t out = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder_ / "raw"))
            out += entry.file_size();
        return out;
    }

    data::TestFolder folder_;
    ManualClock clock_{start()};
    std::unique_ptr<RawStore> store_;
};

TEST_F(RawKept, WhatIsTakenIsReadOnceAndInOrder) {
    open();
    EXPECT_TRUE(read().empty()) << "without a folder there is nothing";
    ASSERT_TRUE(take(1, {minute(1), minute(0)}));
    ASSERT_TRUE(take(1, {minute(1), minute(0), minute(2)})) << "a repeat with one more";
    EXPECT_EQ(store_->state().minutes, 3U);
    open();
    ASSERT_TRUE(take(3, {minute(2), minute(3)})) << "after a restart a repeat is not known";
    const auto all = read();
    ASSERT_EQ(all.size(), 4U);
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(all[static_cast<std::size_t>(i)].minute, start() + i * 1min);
    EXPECT_EQ(all[0].packets.size(), 90U);
    EXPECT_EQ(read(start() + 1min, start() + 3min).size(), 2U);
    EXPECT_TRUE(read_raw(folder_ / "raw", {.from = "b", .to = "a", .since = start(), .until = start() + 1h})->empty());
    const RawQuery narrow{.from = "a", .to = "b", .since = start(), .until = start() + 1h, .limit = 2000};
    EXPECT_EQ(read_raw(folder_ / "raw", narrow).error().code, ErrorCode::too_large);
}

TEST_F(RawKept, TheOldestGoesBeyondTheBound) {
    open({.octets = kSmall});
    for (int i = 0; i < 600; ++i)
        ASSERT_TRUE(take(static_cast<std::uint64_t>(i) + 1, {minute(i)}));
    EXPECT_LE(on_disk(), kSmall);
    EXPECT_EQ(on_disk(), store_->state().octets);
    const auto all = read();
    EXPECT_GT(all.size(), 150U);
    EXPECT_EQ(all.back().minute, start() + 599min) << "what came last is there";
    for (std::size_t i = 1; i < all.size(); ++i)
        EXPECT_EQ(all[i].minute, all[i - 1].minute + 1min) << "and what came before it, without a gap";
    EXPECT_GT(store_->state().dropped, 0U);
    open({.octets = kSmall / 2});
    EXPECT_LE(on_disk(), kSmall / 2) << "a lower bound holds from the start";
}

TEST_F(RawKept, WhatIsOldGoes) {
    open({.octets = kSmall, .age = 1h});
    for (int i = 0; i < 120; ++i) {
        ASSERT_TRUE(take(static_cast<std::uint64_t>(i) + 1, {minute(i)}));
        clock_.advance(1min);
    }
    store_->sweep();
    EXPECT_GT(read().front().minute, start() + 30min);
    clock_.advance(2h);
    store_->sweep();
    EXPECT_TRUE(read().empty());
    ASSERT_TRUE(take(121, {minute(200)}));
    EXPECT_EQ(read().size(), 1U);
}

TEST_F(RawKept, WithoutRoomNothingIsAcknowledgedAndNothingTorn) {
    open();
    ASSERT_TRUE(take(1, {minute(0)}));
    {
        const data::TestFileLimit full(3'000);
        const auto refused = take(2, {minute(1), minute(2), minute(3)});
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().hint.find("raw_octets"), std::string::npos);
        EXPECT_EQ(read().size(), 1U);
    }
    ASSERT_TRUE(take(2, {minute(1), minute(2), minute(3)}));
    EXPECT_EQ(read().size(), 4U);
    EXPECT_EQ(store_->state().segments, 1U);
}

TEST_F(RawKept, ATornTailEndsASegmentAlone) {
    open();
    ASSERT_TRUE(take(1, {minute(0), minute(1)}));
    const std::string path = folder_ / "raw/0000000001.raw";
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 3);
    open();
    ASSERT_TRUE(take(2, {minute(1), minute(2)}));
    EXPECT_EQ(read().size(), 3U);
    EXPECT_EQ(store_->state().segments, 2U);
}

TEST_F(RawKept, WhatCannotBeReadIsLeftOut) {
    open();
    ASSERT_TRUE(take(1, {minute(0), {9, 9, 9}, minute(1)}));
    EXPECT_EQ(store_->state().malformed, 1U);
    EXPECT_EQ(read().size(), 2U);
}

}  // namespace
}  // namespace quipu::measure
