#include "services/measure/engine_sender.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/random.h"

namespace quipu::measure {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kStart = *parse_time("2011-11-21T12:00:00Z");

SenderSession session(std::string to, std::uint64_t seed, Time sent_until = kStart) {
    return {std::move(to), {.seed = seed, .spacing = Spacing::poisson, .per_minute = 90}, sent_until};
}

// Whenever it is called, what is sent and what is skipped together are the schedule, each packet once.
TEST(Sender, SendsOrSkipsEveryPacketOnce) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Rng rng(seed);
        SenderEngine engine;
        engine.assign({session("a", 1), session("b", 2), session("c", 3)}, kStart);
        std::map<std::string, std::set<std::int64_t>> seen;
        std::vector<SkipRange> skips;
        Time now = kStart;
        while (now < kStart + 5 * kMinute) {
            now += milliseconds(rng.below(rng.uniform() < 0.05 ? 8000 : 300));
            std::vector<SenderEngine::Due> due;
            engine.collect(now, rng.below(20), due);
            for (const auto& d : due) {
                const auto& s = engine.sessions()[d.session];
                ASSERT_TRUE(seen[s.to].insert(s.schedule.unwrap(d.sequence, now)).second);
            }
            for (auto& range : engine.take_skips())
                skips.push_back(std::move(range));
        }
        std::vector<SenderEngine::Due> rest;
        engine.collect(now, 100'000, rest);
        for (const auto& d : rest)
            ASSERT_TRUE(seen[engine.sessions()[d.session].to]
                            .insert(engine.sessions()[d.session].schedule.unwrap(d.sequence, now))
                            .second);
        for (auto& range : engine.take_skips())
            skips.push_back(std::move(range));
        std::uint64_t skipped = 0;
        for (const auto& range : skips)
            for (std::int64_t i = range.first; i <= range.last; ++i, ++skipped)
                ASSERT_TRUE(seen[range.to].insert(i).second);
        ASSERT_EQ(skipped, engine.skipped());
        for (const auto& s : engine.sessions()) {
            const auto& all = seen[s.to];
            ASSERT_EQ(*all.begin(), s.schedule.index_at(kStart));
            ASSERT_EQ(*all.rbegin() - *all.begin() + 1, static_cast<std::int64_t>(all.size()));
            ASSERT_EQ(*all.rbegin() + 1, s.schedule.index_at(now + Nanoseconds(1)));
        }
    }
}

TEST(Sender, TellsWhatWasNotSentWhileItWasAway) {
    SenderEngine engine;
    const SenderSession away = session("a", 1, kStart - 2 * kMinute);
    engine.assign({away, session("b", 2, kStart)}, kStart);
    const std::vector<SkipRange> expected{
        {.to = "a", .per_minute = 90, .first = (minute_of(kStart) - 2) * 90, .last = minute_of(kStart) * 90 - 1}};
    EXPECT_EQ(engine.take_skips(), expected);
    EXPECT_TRUE(engine.take_skips().empty());
}

TEST(Sender, ASessionThatStaysSkipsNothing) {
    SenderEngine engine;
    engine.assign({session("a", 1)}, kStart);
    const Time first = engine.next();
    engine.assign({session("b", 2, kStart + seconds(50)), session("a", 1)}, kStart + seconds(50));
    EXPECT_TRUE(engine.take_skips().empty());
    EXPECT_EQ(engine.next(), first);
}

TEST(Sender, GoesOnAfterTheClockWasSet) {
    SenderEngine engine;
    engine.assign({session("a", 1)}, kStart);
    engine.step_to(kStart + 2 * kMinute);
    const auto skips = engine.take_skips();
    ASSERT_EQ(skips.size(), 1U);
    EXPECT_EQ(skips[0].last - skips[0].first + 1, 180);
    engine.step_to(kStart);
    EXPECT_TRUE(engine.take_skips().empty());
    EXPECT_LT(engine.next(), kStart + seconds(30));
}

TEST(Sender, WithoutSessionsNothingIsDue) {
    SenderEngine engine;
    std::vector<SenderEngine::Due> due;
    engine.collect(kStart, 10, due);
    EXPECT_TRUE(due.empty());
    EXPECT_EQ(engine.next(), Time::max());
}

}  // namespace
}  // namespace quipu::measure
