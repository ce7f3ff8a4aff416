// The one suite for archives: on SQLite files and on a ClickHouse. What only one of them has stands in
// sqlite_archive_test.cpp and clickhouse_test.cpp.

#include "data/archive.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <thread>

#include "base/random.h"
#include "data/test_archive_place.h"

namespace quipu::data {
namespace {

using namespace archive_test;
using testing::HasSubstr;

using ArchiveTest = ArchiveIn;
INSTANTIATE_TEST_SUITE_P(Places, ArchiveTest, testing::Values(Place::sqlite, Place::clickhouse), ArchiveIn::name);

TEST_P(ArchiveTest, ReadsBackBeforeAndAfterCompactionAndReopening) {
    std::vector<ArchiveRecord> records;
    for (int i = 0; i < 4000; ++i)
        records.push_back(record("a/b", kNovember + i * 1min, i));
    append(records);
    EXPECT_TRUE(same(all("a/b"), records));
    ASSERT_TRUE(archive_->compact());
    EXPECT_TRUE(same(all("a/b"), records));
    if (GetParam() == Place::sqlite) EXPECT_EQ(archive_->counters().blocks, 3U);
    reopen();
    EXPECT_TRUE(same(all("a/b"), records));
    if (GetParam() == Place::sqlite) EXPECT_EQ(archive_->counters().blocks, 3U);

    const auto some = archive_->read("minute", "a/b", kNovember + 100min, kNovember + 200min, 1000);
    EXPECT_TRUE(same(*some, {records.begin() + 100, records.begin() + 200}));
    const auto first = archive_->read("minute", "a/b", kNovember + 100min, kNovember + 200min, 7);
    EXPECT_TRUE(same(*first, {records.begin() + 100, records.begin() + 107}));
    EXPECT_TRUE(archive_->read("minute", "a/b", kNovember + 2min, kNovember + 1min, 7)->empty());
    EXPECT_TRUE(archive_->read("minute", "nobody", kNever, kForever, 7)->empty());
}

TEST_P(ArchiveTest, ALaterRecordOfTheSameTimeReplaces) {
    append({record("a", kNovember, 1), record("a", kNovember, 2)});
    EXPECT_TRUE(same(all("a"), {record("a", kNovember, 2)}));
    ASSERT_TRUE(archive_->compact());
    append({record("a", kNovember, 3)});
    EXPECT_TRUE(same(all("a"), {record("a", kNovember, 3)}));
    EXPECT_TRUE(same(*archive_->latest("minute", kNever), {record("a", kNovember, 3)}));
    ASSERT_TRUE(archive_->compact());
    EXPECT_TRUE(same(all("a"), {record("a", kNovember, 3)}));
}

TEST_P(ArchiveTest, ARepeatIsDropped) {
    const std::vector<ArchiveRecord> batch = {record("a", kNovember, 1), record("b", kNovember, 2)};
    append(batch, Source{"agent", 1});
    EXPECT_EQ(mark("agent"), 2U);
    EXPECT_EQ(mark("stranger"), 0U);
    append(batch, Source{"agent", 1});
    EXPECT_EQ(archive_->counters().repeats, 2U);
    reopen();
    EXPECT_EQ(mark("agent"), 2U);
    // One old, one new; the old one's content does not matter any more.
    append({record("a", kNovember + 5min, 9), record("a", kNovember + 1min, 3)}, Source{"agent", 2});
    EXPECT_TRUE(same(all("a"), {record("a", kNovember, 1), record("a", kNovember + 1min, 3)}));
    EXPECT_EQ(mark("agent"), 3U);
    // Another source and another stream count for themselves.
    append({record("a", kNovember + 2min, 4)}, Source{"other", 1});
    EXPECT_EQ(all("a").size(), 3U);
    EXPECT_EQ(archive_->high_water("other", "agent").value(), 0U);
}

TEST_P(ArchiveTest, ABatchMaySpanMonthsInAnyOrder) {
    // The clock was set back while the source counted on.
    const std::vector<ArchiveRecord> batch = {record("a", kDecember - 1min, 1), record("a", kDecember, 2),
                                              record("a", kDecember - 2min, 3), record("a", kDecember + 31 * 24h, 4)};
    append(batch, Source{"agent", 10});
    EXPECT_EQ(mark("agent"), 13U);
    append(batch, Source{"agent", 10});
    EXPECT_EQ(archive_->counters().repeats, 4U);
    EXPECT_TRUE(same(all("a"), {batch[2], batch[0], batch[1], batch[3]}));
    ASSERT_TRUE(archive_->compact());
    append(batch, Source{"agent", 10});
    EXPECT_EQ(archive_->counters().repeats, 8U);
    reopen();
    EXPECT_TRUE(same(all("a"), {batch[2], batch[0], batch[1], batch[3]}));
    if (GetParam() == Place::sqlite)
        for (const char* const month : {"/2011-11.sqlite", "/2011-12.sqlite", "/2012-01.sqlite"})
            EXPECT_TRUE(std::filesystem::exists(place_ + month));
}

TEST_P(ArchiveTest, LatestOfEveryKey) {
    append({record("a", kNovember, 1), record("a", kDecember, 2), record("b", kNovember, 3),
            record("a", kNovember + 1h, 4)});
    const std::vector<ArchiveRecord> expected = {record("a", kDecember, 2), record("b", kNovember, 3)};
    EXPECT_TRUE(same(*archive_->latest("minute", kNovember), expected));
    EXPECT_TRUE(same(*archive_->latest("minute", kNovember + 1s), {expected[0]}));
    ASSERT_TRUE(archive_->compact());
    EXPECT_TRUE(same(*archive_->latest("minute", kNever), expected));
    reopen();
    EXPECT_TRUE(same(*archive_->latest("minute", kNever), expected));
    append({record("b", kNovember - 1min, 5)});  // late
    EXPECT_TRUE(same(*archive_->latest("minute", kNever), expected));
    EXPECT_EQ(*archive_->keys("minute"), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(archive_->keys("other")->empty());
}

TEST_P(ArchiveTest, SummariseAddsUpAndMerges) {
    std::vector<ArchiveRecord> records;
    for (int i = 0; i < 300; ++i)
        if (i < 60 || i >= 120) records.push_back(record("a", kNovember + i * 1min, i));
    append({records.begin(), records.begin() + 200});
    ASSERT_TRUE(archive_->compact());
    append({records.begin() + 150, records.end()});
    const auto hours = archive_->summarise("minute", "a", kNovember, kForever, 1h);
    ASSERT_TRUE(hours) << hours.error().text();
    std::vector<ArchiveRecord> expected;
    for (const int hour : {0, 2, 3, 4}) {
        ArchiveRecord sum{"a", kNovember + hour * 1h, {0, 0}, {Histogram()}};
        for (int i = hour * 60; i < hour * 60 + 60; ++i) {
            const ArchiveRecord one = record("a", kNovember, i);
            sum.integers[0] += one.integers[0];
            sum.integers[1] += one.integers[1];
            sum.histograms[0].merge(one.histograms[0]);
        }
        expected.push_back(sum);
    }
    EXPECT_TRUE(same(*hours, expected));
    EXPECT_EQ(archive_->summarise("minute", "a", kNovember, kForever, 0h).error().code, ErrorCode::invalid);
    EXPECT_EQ(archive_->summarise("minute", "a", kNever, kForever, 1h)->size(), 4U);
    EXPECT_EQ(archive_->summarise("minute", "a", kNever, kForever, 100'000h)->size(), 1U);
}

TEST_P(ArchiveTest, TotalsAreTheSumsOfEveryKey) {
    std::vector<ArchiveRecord> records;
    for (int i = 0; i < 10; ++i)
        for (const char* key : {"a", "b"})
            records.push_back(record(key, kNovember + i * 1min, i));
    records.push_back(record("c", kDecember, 1));
    append(records);
    const auto totals = archive_->totals("minute", kNovember + 2min, kNovember + 8min);
    ASSERT_TRUE(totals) << totals.error().text();
    std::vector<ArchiveRecord> expected;
    for (const char* key : {"a", "b"})
        expected.push_back(archive_->summarise("minute", key, kNovember + 2min, kNovember + 8min, 1h)->front());
    EXPECT_TRUE(same(*totals, expected));
    EXPECT_EQ(archive_->totals("minute", kNever, kForever)->size(), 3U);
    EXPECT_TRUE(archive_->totals("minute", kNovember, kNovember)->empty());
    EXPECT_FALSE(archive_->totals("nothing", kNovember, kDecember));
}

TEST_P(ArchiveTest, ColumnsMayBeAddedLater) {
    append({record("a", kNovember, 1)});
    ASSERT_TRUE(archive_->compact());
    append({record("a", kNovember + 1min, 2)});
    archive_.reset();
    std::vector<StreamSchema> wider = kSchemas;
    wider[0].columns.push_back({"lost"});
    wider[0].columns.push_back({"jitter", ColumnType::histogram});
    auto archive = std::move(Archive::open(place_, wider, clock_).value());
    Histogram jitter;
    jitter.add(5);
    auto third = record("a", kNovember + 2min, 3);
    third.integers.push_back(7);
    third.histograms.push_back(jitter);
    ASSERT_TRUE(archive->append("minute", std::array{third}, std::nullopt));
    for (int round = 0; round < 2; ++round) {
        const auto read = archive->read("minute", "a", kNever, kForever, 10);
        ASSERT_TRUE(read);
        ASSERT_EQ(read->size(), 3U);
        EXPECT_EQ((*read)[0].integers, (std::vector<std::int64_t>{1, -1, 0}));
        EXPECT_TRUE((*read)[1].histograms[1].empty());
        EXPECT_TRUE(same((*read)[2], third));
        ASSERT_TRUE(archive->compact());
    }
}

TEST_P(ArchiveTest, WhatIsWrongIsSaid) {
    const auto refused = [&](std::string_view stream, const ArchiveRecord& one, const std::optional<Source>& source) {
        const auto done = archive_->append(stream, std::array{record("a", kNovember, 1), one}, source);
        EXPECT_FALSE(done);
        return done ? Error{} : done.error();
    };
    EXPECT_EQ(refused("nothing", record("a", kNovember, 1), std::nullopt).code, ErrorCode::not_found);
    auto narrow = record("a", kNovember, 1);
    narrow.integers.pop_back();
    EXPECT_THAT(refused("minute", narrow, std::nullopt).text(), HasSubstr("records[1]"));
    EXPECT_EQ(refused("minute", record("", kNovember, 1), std::nullopt).code, ErrorCode::invalid);
    EXPECT_EQ(refused("minute", record(std::string("a\0b", 3), kNovember, 1), std::nullopt).code, ErrorCode::invalid);
    EXPECT_EQ(refused("minute", record("a", Time::max(), 1), std::nullopt).code, ErrorCode::invalid);
    EXPECT_EQ(refused("minute", record("a", kNovember, 1), Source{"x", 0}).code, ErrorCode::invalid);
    EXPECT_EQ(refused("minute", record("a", kNovember, 1), Source{"x", UINT64_MAX}).code, ErrorCode::invalid);
    EXPECT_TRUE(all("a").empty());
    EXPECT_TRUE(archive_->append("minute", {}, std::nullopt));
}

TEST_P(ArchiveTest, ManyThreadsAppendAndReadAtOnce) {
    constexpr int kBatches = 60;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            const std::string key = "key" + std::to_string(t);
            for (int i = 0; i < kBatches; ++i) {
                const std::array batch = {record(key, kNovember + i * 1min, i),
                                          record("shared", kNovember + (i * 4 + t) * 1s, i)};
                EXPECT_TRUE(archive_->append("minute", batch, Source{key, static_cast<std::uint64_t>(2 * i + 1)}));
                const auto mine = archive_->read("minute", key, kNever, kForever, 10'000);
                EXPECT_TRUE(mine && mine->size() == static_cast<std::size_t>(i) + 1);
                EXPECT_FALSE(archive_->latest("minute", kNever)->empty());
            }
        });
    threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i)
            EXPECT_TRUE(archive_->compact());
    });
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(all("shared").size(), 4U * kBatches);
    ASSERT_TRUE(archive_->compact());
    EXPECT_EQ(all("shared").size(), 4U * kBatches);
    EXPECT_EQ(archive_->counters().records, 8U * kBatches);
}

TEST_P(ArchiveTest, WhatIsOlderIsForgottenByTheMonth) {
    append({record("a", kNovember, 1), record("a", kNovember + 10 * 24h, 2)}, Source{"agent", 1});
    ASSERT_TRUE(archive_->append("other", std::array{ArchiveRecord{"o", kNovember, {7}, {}}}, std::nullopt));
    ASSERT_TRUE(archive_->compact());
    clock_.advance(31 * 24h);
    append({record("a", kDecember, 3)}, Source{"agent", 3});
    ASSERT_TRUE(archive_->forget("minute", kNovember + 5 * 24h));
    EXPECT_EQ(all("a").size(), 3U) << "the month is not over at that time";
    ASSERT_TRUE(archive_->forget("minute", kDecember + 1h));
    for (int round = 0; round < 2; ++round) {
        EXPECT_TRUE(same(all("a"), {record("a", kDecember, 3)}));
        EXPECT_TRUE(same(*archive_->latest("minute", kNever), {record("a", kDecember, 3)}));
        EXPECT_EQ(mark("agent"), 3U);
        EXPECT_EQ(archive_->read("other", "o", kNever, kForever, 9)->size(), 1U);
        ASSERT_TRUE(archive_->compact());
        reopen();
    }
    append({record("a", kNovember, 9)}, Source{"agent", 1});
    EXPECT_EQ(all("a").size(), 1U) << "a repeat is known as one although its record has gone";
    EXPECT_EQ(archive_->forget("nothing", kDecember).error().code, ErrorCode::not_found);
}

/// Random appends, repeats, replacements, compactions and restarts, against a map.
TEST_P(ArchiveTest, AgreesWithAMap) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        Rng rng(seed);
        const std::string place = fresh_place();
        auto archive = std::move(Archive::open(place, kSchemas, clock_).value());
        std::map<std::pair<std::string, Time>, ArchiveRecord> model;
        std::uint64_t sequence = 1;
        std::vector<ArchiveRecord> sent;
        std::uint64_t sent_at = 1;
        std::int64_t value = 0;
        Time now = kDecember - 2h;
        for (int operation = 0; operation < 120; ++operation) {
            switch (rng.below(12)) {
                case 0: ASSERT_TRUE(archive->compact()); break;
                case 1:
                    archive.reset();
                    archive = std::move(Archive::open(place, kSchemas, clock_).value());
                    break;
                case 2:  // the acknowledgement was lost: all again
                    if (!sent.empty()) ASSERT_TRUE(archive->append("minute", sent, Source{"agent", sent_at}));
                    break;
                case 3: now -= std::chrono::minutes(rng.below(300)); break;  // the clock was corrected
                default: {
                    sent.clear();
                    sent_at = sequence;
                    const std::size_t count = rng.below(4) == 0 ? 1 + rng.below(3000) : 1 + rng.below(40);
                    for (std::size_t i = 0; i < count; ++i) {
                        const std::string key = "k" + std::to_string(rng.below(3));
                        const Time time =
                            rng.below(10) == 0 ? kDecember + std::chrono::minutes(rng.below(400)) - 200min : now;
                        now += std::chrono::seconds(rng.below(20));
                        sent.push_back(record(key, time, ++value));
                        model[{key, time}] = sent.back();
                    }
                    ASSERT_TRUE(archive->append("minute", sent, Source{"agent", sequence}));
                    sequence += count;
                }
            }
            ASSERT_EQ(archive->high_water("minute", "agent").value(), sequence - 1);
        }
        for (int round = 0; round < 3; ++round) {
            std::vector<ArchiveRecord> newest;
            for (const std::string key : {"k0", "k1", "k2"}) {
                std::vector<ArchiveRecord> expected;
                for (const auto& [at, one] : model)
                    if (at.first == key) expected.push_back(one);
                const auto got = archive->read("minute", key, kNever, kForever, 1'000'000);
                ASSERT_TRUE(got);
                EXPECT_TRUE(same(*got, expected)) << "seed " << seed << ", key " << key;
                std::int64_t sum = 0;
                for (const auto& one : expected)
                    sum += one.integers[0];
                const auto total = archive->summarise("minute", key, kNever, kForever, 10'000'000min);
                ASSERT_TRUE(total);
                ASSERT_EQ(total->empty(), expected.empty());
                if (expected.empty()) continue;
                EXPECT_EQ(total->front().integers[0], sum);
                newest.push_back(expected.back());
            }
            EXPECT_TRUE(same(*archive->latest("minute", kNever), newest));
            if (round == 0) ASSERT_TRUE(archive->compact());
            if (round == 1) {
                archive.reset();
                archive = std::move(Archive::open(place, kSchemas, clock_).value());
            }
        }
    }
}

}  // namespace
}  // namespace quipu::data
