#include "services/measure/throughput/store.h"

#include <gtest/gtest.h>

#include "data/test_database.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;
using data::Transaction;

constexpr Time kStoreNoon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 29} + 12h};

class ThroughputStore : public data::BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (IsSkipped()) return;
        const auto made = database_->migrate(kThroughputMigrations);
        ASSERT_TRUE(made) << made.error().text();
        store_.emplace(*database_);
    }
    template <class T>
    void keep(const T& object) {
        const auto kept = database_->write([&](Transaction& transaction) { return Store::keep(transaction, object); });
        EXPECT_TRUE(kept) << kept.error().text();
    }
    static ThroughputTest test(std::int64_t id, Time start, std::string from = "a", std::string to = "b") {
        ThroughputTest out;
        out.id = id;
        out.from = std::move(from);
        out.to = std::move(to);
        out.start = start;
        out.begins = start - 2s;
        out.until = start + 20s;
        out.links = {"ab"};
        return out;
    }
    static ThroughputResult result(std::int64_t id, Time start, bool ok = true) {
        ThroughputResult out;
        out.test = id;
        out.from = "a";
        out.to = "b";
        out.start = start;
        out.ok = ok;
        out.began = start;
        out.ended = start + 10s;
        out.received_bps = 1000 * id;
        out.intervals = {{0, 5, {}, 7}};
        return out;
    }
    std::optional<Store> store_;
};
INSTANTIATE_TEST_SUITE_P(Both, ThroughputStore, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(ThroughputStore, KeepsTestsAsTheyChange) {
    EXPECT_EQ(*store_->last_id(), 0);
    keep(test(1, kStoreNoon));
    keep(test(2, kStoreNoon + 1h));
    ThroughputTest moved = test(2, kStoreNoon + 2h);
    moved.state = TestState::cancelled;
    moved.links.reset();
    keep(moved);
    EXPECT_EQ(*store_->last_id(), 2);
    EXPECT_EQ(store_->tests(kStoreNoon, kStoreNoon + 1h + 30min)->size(), 1U);
    EXPECT_EQ(store_->tests(kStoreNoon + 10s, kStoreNoon + 3h)->size(), 2U);
    const auto second = *store_->test(2);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->state, TestState::cancelled);
    EXPECT_FALSE(second->links);
    EXPECT_EQ((*store_->test(1))->links, std::vector<std::string>{"ab"});
    EXPECT_FALSE(*store_->test(3));
    ASSERT_TRUE(database_->write([&](Transaction& transaction) { return Store::forget(transaction, 1); }));
    EXPECT_FALSE(*store_->test(1));
}

TEST_P(ThroughputStore, ListsResultsNewestFirst) {
    for (int i = 1; i <= 5; ++i)
        keep(result(i, kStoreNoon + std::chrono::hours(i), i != 3));
    const auto all = *store_->results({});
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(all[0].test, 5);
    EXPECT_EQ(all[0].intervals.at(0).rtt_us, 7);
    EXPECT_EQ(store_->results({.from = "a", .to = "b", .limit = 2})->size(), 2U);
    EXPECT_TRUE(store_->results({.from = "b", .to = ""})->empty());
    EXPECT_EQ(store_->results({.since = kStoreNoon + 4h})->size(), 2U);
    EXPECT_EQ(store_->results({.until = kStoreNoon + 4h})->size(), 3U);
    EXPECT_EQ(store_->results({.before_start = kStoreNoon + 3h, .before_test = 3})->at(0).test, 2);
    const auto well_before = [&](std::int64_t id) {
        bool out = false;
        EXPECT_TRUE(database_->read([&](Transaction& transaction) -> Result<void> {
            out = TRY(Store::ended_well_before(transaction, test(id, kStoreNoon + std::chrono::hours(id))));
            return {};
        }));
        return out;
    };
    EXPECT_TRUE(well_before(1));
    EXPECT_TRUE(well_before(3));
    EXPECT_FALSE(well_before(4));
}

TEST_P(ThroughputStore, KnowsHowFarEachSpoolWasTaken) {
    ASSERT_TRUE(database_->write([&](Transaction& transaction) -> Result<void> {
        EXPECT_EQ(TRY(Store::high_water(transaction, "a", "s")), 0U);
        TRY(Store::raise(transaction, "a", "s", 7));
        TRY(Store::raise(transaction, "a", "s", 9));
        EXPECT_EQ(TRY(Store::high_water(transaction, "a", "s")), 9U);
        EXPECT_EQ(TRY(Store::high_water(transaction, "a", "new")), 0U);
        return {};
    }));
}

TEST_P(ThroughputStore, HistoryHasWhatRan) {
    keep(test(1, kStoreNoon));
    keep(test(2, kStoreNoon + 1h));
    keep(result(1, kStoreNoon));
    CalendarRefusal refusal;
    refusal.wanted = kStoreNoon;
    refusal.from = "a";
    refusal.to = "b";
    refusal.what = "the link ab is in use";
    keep(refusal);
    keep(refusal);
    const auto history = *store_->history(kStoreNoon - 1h, kStoreNoon + 2h);
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[0].ended, kStoreNoon + 10s);
    EXPECT_FALSE(history[1].began);
    const auto refusals = store_->refusals(kStoreNoon, kStoreNoon + 1s, 10);
    ASSERT_TRUE(refusals) << refusals.error().text();
    EXPECT_EQ(refusals->size(), 2U);
    EXPECT_TRUE(store_->refusals(kStoreNoon + 1s, kStoreNoon + 1h, 10)->empty());
    ASSERT_TRUE(store_->prune(kStoreNoon + 30min, kStoreNoon + 30min));
    EXPECT_EQ(store_->history(Time{}, Time::max())->size(), 1U);
    EXPECT_TRUE(store_->refusals(Time{}, Time::max(), 10)->empty());
    EXPECT_FALSE(*store_->result(1));
}

}  // namespace
}  // namespace quipu::throughput
