#include "platform/access/engine_limits.h"

#include <gmock/gmock.h>

namespace quipu::access {
namespace {

using namespace std::chrono_literals;

constexpr Monotonic kBegin{};

TEST(AccountLocks, OneAddressAloneNeverLocks) {
    AccountLocks locks({.from_one_source = 5, .to_lock = 20});
    for (int i = 0; i < 10'000; ++i)
        EXPECT_FALSE(locks.failed("ana", "192.0.2.1", kBegin + 1s * i));
    EXPECT_FALSE(locks.locked("ana", kBegin + 10'000s));
}

TEST(AccountLocks, SeveralAddressesLockForAWhile) {
    AccountLocks locks({.from_one_source = 5, .to_lock = 20, .locked_for = 15min});
    int locked = 0;
    for (int i = 0; i < 20; ++i)
        locked += locks.failed("ana", "192.0.2." + std::to_string(i % 4), kBegin) ? 1 : 0;
    EXPECT_EQ(locked, 1);
    EXPECT_EQ(locks.locked("ana", kBegin + 5min), 10min);
    EXPECT_FALSE(locks.locked("ana", kBegin + 15min));
    EXPECT_FALSE(locks.locked("eva", kBegin));
}

TEST(AccountLocks, SuccessAndTimeForget) {
    AccountLocks locks({.from_one_source = 5, .to_lock = 6, .memory = 1h});
    for (int i = 0; i < 5; ++i)
        EXPECT_FALSE(locks.failed("ana", "192.0.2.1", kBegin));
    EXPECT_FALSE(locks.succeeded("ana", kBegin)) << "it was not locked yet";
    EXPECT_FALSE(locks.failed("ana", "192.0.2.2", kBegin));
    for (int i = 0; i < 4; ++i)
        EXPECT_FALSE(locks.failed("ana", "192.0.2.2", kBegin));
    EXPECT_FALSE(locks.failed("ana", "192.0.2.3", kBegin + 2h)) << "the failures of yesterday are not counted";
}

TEST(AccountLocks, ALockOfBeforeARestartHoldsItsTime) {
    AccountLocks locks({.from_one_source = 5, .to_lock = 6, .memory = 1h});
    locks.restore("ana", kBegin + 3min);
    EXPECT_EQ(locks.locked("ana", kBegin + 1min), 2min);
    locks.sweep(kBegin + 2min);
    EXPECT_TRUE(locks.locked("ana", kBegin + 2min));
    EXPECT_FALSE(locks.locked("ana", kBegin + 3min));
    EXPECT_FALSE(locks.failed("ana", "192.0.2.1", kBegin + 4min)) << "it counts anew";
    locks.restore("eva", kBegin + 10min);
    EXPECT_TRUE(locks.succeeded("eva", kBegin + 4min));
    EXPECT_FALSE(locks.locked("eva", kBegin + 4min));
}

}  // namespace
}  // namespace quipu::access
