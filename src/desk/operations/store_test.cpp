#include "desk/operations/store.h"

#include <gtest/gtest.h>

#include "data/test_database.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;
using data::Transaction;

constexpr Time kNoon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 28} + 12h};

class OperationsStore : public data::BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (IsSkipped()) return;
        const auto made = database_->migrate(kOperationsMigrations);
        ASSERT_TRUE(made) << made.error().text();
        store_.emplace(*database_);
    }
    Outage keep(Outage outage, std::optional<Time> begin = {}) {
        const auto kept = database_->write([&](Transaction& transaction) -> Result<void> {
            TRY(store_->keep(transaction, outage));
            if (begin) TRY(store_->begin_down(transaction, outage, *begin));
            return {};
        });
        EXPECT_TRUE(kept) << kept.error().text();
        return outage;
    }
    std::optional<Store> store_;
};
INSTANTIATE_TEST_SUITE_P(Both, OperationsStore, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(OperationsStore, KeepsOutagesAndWhenTheyWereDown) {
    Outage first = keep({.cause = "link:a", .object = "a", .began = kNoon}, kNoon);
    const Outage second = keep({.cause = "link:b", .object = "b", .began = kNoon + 1h}, kNoon + 1h);
    EXPECT_EQ(first.id, 1);
    EXPECT_EQ(second.id, 2);
    ASSERT_TRUE(database_->write(
        [&](Transaction& transaction) { return store_->end_down(transaction, first.id, kNoon + 10min); }));
    first.state = OutageState::closed;
    first.ended = kNoon + 10min;
    keep(first);
    EXPECT_EQ(store_->outages({})->size(), 2U);
    EXPECT_EQ(store_->outages({})->at(0).id, 2);
    EXPECT_EQ(store_->outages({.state = OutageState::closed})->at(0).id, 1);
    EXPECT_EQ(store_->outages({.object = "b"})->size(), 1U);
    EXPECT_EQ(store_->outages({.since = kNoon + 30min})->size(), 1U);
    EXPECT_EQ(store_->outages({.until = kNoon + 30min})->size(), 1U);
    EXPECT_EQ(store_->outages({.before = 2})->size(), 1U);
    EXPECT_EQ((*store_->outage_of("link:a"))->ended, kNoon + 10min);
    EXPECT_FALSE(*store_->outage_of("link:c"));
    EXPECT_EQ(*store_->down_seconds(1, kNoon + 2h), 600);
    EXPECT_EQ(*store_->down_seconds(2, kNoon + 2h), 3600);
    const auto downs = *store_->downs({kNoon + 5min, kNoon + 3h}, kNoon + 2h);
    ASSERT_EQ(downs.size(), 2U);
    EXPECT_EQ(downs[1].time, (Interval{kNoon + 1h, kNoon + 2h}));
    EXPECT_EQ(store_->downs({kNoon + 20min, kNoon + 30min}, kNoon + 2h)->size(), 0U);
}

TEST_P(OperationsStore, ChangesAWindowOnlyFromTheVersionThatWasRead) {
    Window window{.title = "Work", .links = {"a"}, .begin = kNoon, .end = kNoon + 1h};
    ASSERT_TRUE(store_->add(window));
    EXPECT_EQ(window.id, 1);
    window.version = 2;
    window.end = kNoon + 2h;
    ASSERT_TRUE(store_->replace(window, 1));
    const auto again = store_->replace(window, 1);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::precondition_failed);
    EXPECT_EQ((*store_->window(1))->end, kNoon + 2h);
    EXPECT_EQ(store_->windows({kNoon + 90min, kNoon + 3h})->size(), 1U);
    EXPECT_EQ(store_->windows({kNoon + 2h, kNoon + 3h})->size(), 0U);
    for (int twice = 0; twice < 2; ++twice)
        ASSERT_TRUE(
            database_->write([&](Transaction& transaction) { return store_->mark_told(transaction, 1, 3600); }));
    EXPECT_EQ(*store_->told(1), std::set<std::int64_t>{3600});
}

TEST_P(OperationsStore, KeepsRotasOverridesAndFeeds) {
    Rota rota{.id = "noc", .name = "NOC", .people = {"ana"}};
    ASSERT_TRUE(store_->add(rota));
    EXPECT_EQ(store_->add(rota).error().code, ErrorCode::conflict);
    Override over{.rota = "noc", .person = "bia", .begin = kNoon, .end = kNoon + 1h};
    ASSERT_TRUE(store_->add(over));
    EXPECT_EQ(over.id, 1);
    EXPECT_EQ(store_->overrides("noc")->size(), 1U);
    EXPECT_EQ(store_->overrides("other")->size(), 0U);
    EXPECT_TRUE(*store_->remove_override(1));
    EXPECT_FALSE(*store_->remove_override(1));
    ASSERT_TRUE(store_->add(over));
    rota.version = 2;
    ASSERT_TRUE(store_->replace(rota, 1));
    EXPECT_EQ(store_->remove_rota("noc", 1).error().code, ErrorCode::precondition_failed);
    ASSERT_TRUE(store_->remove_rota("noc", 2));
    EXPECT_EQ(store_->rotas()->size(), 0U);

    ASSERT_TRUE(store_->add(Feed{.id = "f", .made_by = "person:ana", .made = kNoon}, "hash"));
    EXPECT_EQ((*store_->feed_of("hash"))->id, "f");
    EXPECT_FALSE(*store_->feed_of("other"));
    EXPECT_EQ(store_->feeds("person:ana")->size(), 1U);
    EXPECT_EQ(store_->feeds("person:bia")->size(), 0U);
    ASSERT_TRUE(store_->remove_feed("f"));
    EXPECT_FALSE(*store_->feed("f"));
}

}  // namespace
}  // namespace quipu::operations
