#include "data/journal.h"

#include <condition_variable>
#include <gmock/gmock.h>
#include <mutex>
#include <thread>

#include "data/test_database.h"

namespace quipu::data {
namespace {

struct LinkWentDown {
    static constexpr std::string_view kType = "LinkWentDown";
    std::string link;
    std::int64_t number = 0;
    static constexpr auto describe() {
        return fields(field<&LinkWentDown::link>("link", "The link").required(),
                      field<&LinkWentDown::number>("number", "Which time"));
    }
};

/// What a subscriber was given, in order; a test waits for a count, not for a time.
class Received {
  public:
    Result<void> take(const Event& event) {
        {
            const std::scoped_lock lock(mutex_);
            ids_.push_back(event.id);
        }
        came_.notify_all();
        return {};
    }
    std::vector<std::int64_t> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        came_.wait(lock, [&] { return ids_.size() >= count; });
        return ids_;
    }
    [[nodiscard]] auto deliver() {
        return [this](const Event& event) { return take(event); };
    }

  private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<std::int64_t> ids_;
};

std::vector<std::int64_t> from_to(std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> out;
    for (; from <= to; ++from)
        out.push_back(from);
    return out;
}

class JournalTest : public BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (!database_) return;
        const auto migrated = database_->migrate(kJournalMigrations);
        ASSERT_TRUE(migrated) << migrated.error().text();
        journal_ = std::make_unique<Journal>(*database_, clock_);
    }
    void append(std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i)
            ASSERT_TRUE(journal_->append("link:a-b", LinkWentDown{"a-b", i}, "agent:a"));
    }
    [[nodiscard]] std::vector<std::int64_t> ids(const EventFilter& filter) const {
        std::vector<std::int64_t> out;
        const auto events = journal_->events(filter);
        EXPECT_TRUE(events) << events.error().text();
        if (events)
            for (const Event& event : *events)
                out.push_back(event.id);
        return out;
    }

    ManualClock clock_{Time(std::chrono::seconds(1'320'000'000))};
    std::unique_ptr<Journal> journal_;
};

INSTANTIATE_TEST_SUITE_P(Databases, JournalTest, testing::Values(Dialect::sqlite, Dialect::postgresql),
                         BothDatabases::name);

TEST_P(JournalTest, AnEventComesBackWhole) {
    append(1);
    const auto events = journal_->events({});
    ASSERT_TRUE(events);
    ASSERT_EQ(events->size(), 1U);
    const Event& event = events->front();
    EXPECT_EQ(event.id, 1);
    EXPECT_EQ(event.time, clock_.now());
    EXPECT_EQ(event.type, "LinkWentDown");
    EXPECT_EQ(event.subject, "link:a-b");
    EXPECT_EQ(event.actor, "agent:a");
    EXPECT_EQ(to_json(event.body), R"({"link":"a-b","number":0})");
}

TEST_P(JournalTest, AnEventLivesAndDiesWithItsTransaction) {
    const auto failed = database_->write([&](Transaction& transaction) -> Result<void> {
        TRY(journal_->append(transaction, "link:a-b", LinkWentDown{"a-b", 1}));
        return fail(ErrorCode::conflict, "no");
    });
    EXPECT_FALSE(failed);
    EXPECT_TRUE(ids({}).empty());
    append(2);
    EXPECT_EQ(ids({}), from_to(1, 2));
}

TEST_P(JournalTest, Filters) {
    append(3);
    clock_.advance(std::chrono::hours(1));
    ASSERT_TRUE(journal_->append("link:c-d", LinkWentDown{"c-d", 9}));
    append(1);
    EXPECT_EQ(ids({.after = 2}), from_to(3, 5));
    EXPECT_EQ(ids({.before = 3}), from_to(1, 2));
    EXPECT_EQ(ids({.since = clock_.now()}), from_to(4, 5));
    EXPECT_EQ(ids({.until = clock_.now()}), from_to(1, 3));
    EXPECT_EQ(ids({.subject = "link:c-d"}), from_to(4, 4));
    EXPECT_EQ(ids({.type = "LinkCameUp"}), from_to(1, 0));
    EXPECT_EQ(ids({.limit = 2, .newest_first = true}), (std::vector<std::int64_t>{5, 4}));
    EXPECT_EQ(ids({.after = 1, .before = 5, .type = "LinkWentDown", .subject = "link:a-b", .limit = 1}), from_to(2, 2));
}

TEST_P(JournalTest, NumbersHaveNoGapsAndRiseWithTheCommits) {
    const auto other_database = open();
    Journal other(*other_database, clock_);
    std::vector<std::thread> threads;
    for (Journal* journal : {journal_.get(), journal_.get(), &other})
        threads.emplace_back([journal] {
            for (int i = 0; i < 30; ++i) {
                // Some fail after they had a number.
                const bool fails = i % 3 == 0;
                EXPECT_TRUE(journal->append("link:x", LinkWentDown{"x", i}));
                if (fails)
                    EXPECT_FALSE(
                        journal->append("link:x", LinkWentDown{std::string("a\0b", 3), i}, std::string("\0", 1)));
            }
        });
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(ids({.limit = 1000}), from_to(1, 90));
}

TEST_P(JournalTest, ASubscriptionResumesWhereItStopped) {
    append(3);
    {
        Received received;
        const auto subscription = journal_->subscribe("desk", true, received.deliver());
        ASSERT_TRUE(subscription);
        EXPECT_EQ(received.wait_for(3), from_to(1, 3));
        append(2);
        EXPECT_EQ(received.wait_for(5), from_to(1, 5));
        EXPECT_EQ(journal_->subscribe("desk", true, received.deliver()).error().code, ErrorCode::conflict);
    }
    append(2);
    journal_ = std::make_unique<Journal>(*database_, clock_);  // as after a restart
    Received received;
    const auto subscription = journal_->subscribe("desk", true, received.deliver());
    ASSERT_TRUE(subscription);
    EXPECT_EQ(received.wait_for(2), from_to(6, 7));
}

TEST_P(JournalTest, ANewSubscriptionStartsAtTheEnd) {
    append(3);
    Received received;
    const auto subscription = journal_->subscribe("late", false, received.deliver());
    ASSERT_TRUE(subscription);
    EXPECT_EQ((*subscription)->position(), 3);
    append(1);
    EXPECT_EQ(received.wait_for(1), from_to(4, 4));
}

TEST_P(JournalTest, ARefusedEventIsOfferedAgainInOrder) {
    append(3);
    Received received;
    std::atomic<int> refusals = 2;
    const auto subscription = journal_->subscribe("slow", true, [&](const Event& event) -> Result<void> {
        if (event.id == 2 && refusals-- > 0) return fail(ErrorCode::unavailable, "not now");
        return received.take(event);
    });
    ASSERT_TRUE(subscription);
    EXPECT_EQ(received.wait_for(3), from_to(1, 3));
}

TEST_P(JournalTest, WhatAnotherProgramAppendsIsSeen) {
    Received received;
    const auto subscription = journal_->subscribe("desk", true, received.deliver());
    ASSERT_TRUE(subscription);
    const auto other_database = open();
    Journal other(*other_database, clock_);
    ASSERT_TRUE(other.append("link:x", LinkWentDown{"x", 1}));
    EXPECT_EQ(received.wait_for(1), from_to(1, 1));
}

TEST_P(JournalTest, ListenersAreWokenUntilTheyGo) {
    std::atomic<int> woken = 0;
    auto handle = journal_->on_append([&] { ++woken; });
    append(1);
    EXPECT_GE(woken, 1);
    handle.reset();
    const int before = woken;
    append(1);
    EXPECT_EQ(woken, before);
}

}  // namespace
}  // namespace quipu::data
