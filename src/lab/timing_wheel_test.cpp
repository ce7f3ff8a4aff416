#include "lab/timing_wheel.h"

#include <gtest/gtest.h>
#include <map>

#include "base/random.h"

namespace quipu::lab {
namespace {

Monotonic at(std::int64_t nanoseconds) {
    return Monotonic(Nanoseconds(nanoseconds));
}

TEST(TimingWheel, YieldsNothingBeforeItsTime) {
    TimingWheel<int> wheel;
    EXPECT_FALSE(wheel.next());
    wheel.insert(at(1'000'000), 1);
    EXPECT_FALSE(wheel.pop(at(999'999)));
    EXPECT_EQ(wheel.next(), at(1'000'000));
    EXPECT_EQ(wheel.pop(at(1'000'000)), 1);
    EXPECT_TRUE(wheel.empty());
    EXPECT_FALSE(wheel.pop(at(9'000'000'000)));
}

TEST(TimingWheel, EqualDeadlinesKeepTheirOrder) {
    TimingWheel<int> wheel;
    for (int i = 0; i < 1000; ++i)
        wheel.insert(at(5'000'000'000), i);
    for (int i = 0; i < 1000; ++i)
        EXPECT_EQ(wheel.pop(at(5'000'000'000)), i);
}

TEST(TimingWheel, TakesPastAndFarDeadlines) {
    TimingWheel<int> wheel;
    wheel.insert(at(std::numeric_limits<std::int64_t>::max()), 3);
    wheel.insert(at(86'400'000'000'000), 2);
    EXPECT_EQ(wheel.next(), at(86'400'000'000'000));
    wheel.insert(at(-5), 0);
    wheel.insert(at(7), 1);
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(wheel.pop(at(std::numeric_limits<std::int64_t>::max())), i);
}

// Against a sorted multimap, which is slow and surely right.
TEST(TimingWheel, AgreesWithASortedMap) {
    Rng rng(42);
    for (int round = 0; round < 30; ++round) {
        TimingWheel<int> wheel;
        std::multimap<Monotonic, int> model;
        std::int64_t now = static_cast<std::int64_t>(rng.below(1'000'000'000'000'000));
        const std::uint64_t spread = std::uint64_t{1} << (10 + rng.below(35));
        for (int i = 0; i < 3000; ++i) {
            const auto deadline = at(now + static_cast<std::int64_t>(rng.below(spread)));
            wheel.insert(deadline, i);
            model.emplace(deadline, i);
            if (rng.below(3) != 0) continue;
            now += static_cast<std::int64_t>(rng.below(spread / 4));
            while (auto item = wheel.pop(at(now))) {
                ASSERT_FALSE(model.empty());
                ASSERT_EQ(*item, model.begin()->second);
                model.erase(model.begin());
            }
            ASSERT_TRUE(model.empty() || model.begin()->first > at(now));
            ASSERT_EQ(wheel.size(), model.size());
            ASSERT_EQ(wheel.next(), model.empty() ? std::nullopt : std::optional(model.begin()->first));
        }
    }
}

}  // namespace
}  // namespace quipu::lab
