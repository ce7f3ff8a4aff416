#include "platform/address_limits.h"

#include <gtest/gtest.h>

namespace quipu::platform {
namespace {

using namespace std::chrono_literals;

constexpr Monotonic kBegin{};

TEST(AddressLimits, ABurstThenOneEveryFewSeconds) {
    AddressLimits limits({.burst = 3, .refill = 6s});
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(limits.begin("192.0.2.1", kBegin).wait);
    const auto refused = limits.begin("192.0.2.1", kBegin);
    ASSERT_TRUE(refused.wait);
    EXPECT_EQ(*refused.wait, 6s);
    EXPECT_FALSE(limits.begin("192.0.2.1", kBegin + 6s).wait);
    EXPECT_TRUE(limits.begin("192.0.2.1", kBegin + 6s).wait);
}

TEST(AddressLimits, OthersAreUnharmed) {
    AddressLimits limits({.burst = 2});
    for (int i = 0; i < 100; ++i)
        (void)limits.begin("192.0.2.1", kBegin);
    EXPECT_FALSE(limits.begin("192.0.2.2", kBegin).wait);
}

TEST(AddressLimits, SuccessGivesTheAttemptBack) {
    AddressLimits limits({.burst = 1});
    for (int i = 0; i < 10; ++i) {
        ASSERT_FALSE(limits.begin("192.0.2.1", kBegin).wait) << i;
        limits.succeeded("192.0.2.1", kBegin);
    }
}

TEST(AddressLimits, ARowOfRefusalsIsToldOnceAtEachEnd) {
    AddressLimits limits({.burst = 1, .refill = 6s});
    (void)limits.begin("192.0.2.1", kBegin);
    int began = 0;
    for (int i = 0; i < 10'000; ++i)
        began += limits.begin("192.0.2.1", kBegin + 1ms * (i / 10)).began ? 1 : 0;
    EXPECT_EQ(began, 1);
    EXPECT_TRUE(limits.sweep(kBegin + 30s).empty());
    const auto ended = limits.sweep(kBegin + 2min);
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended.front().refused, 10'000U);
    EXPECT_TRUE(limits.sweep(kBegin + 5min).empty());
    EXPECT_EQ(limits.size(), 0U) << "who is quiet is forgotten";
}

TEST(AddressLimits, MemoryIsBounded) {
    AddressLimits limits({.burst = 5, .at_most = 100});
    for (int i = 0; i < 10'000; ++i)
        (void)limits.begin(std::to_string(i), kBegin);
    EXPECT_LE(limits.size(), 101U);
}

TEST(Source, OnePersonHoldsAWholeIpv6Network) {
    EXPECT_EQ(source_of(*net::IpAddress::parse("2001:db8::1")), source_of(*net::IpAddress::parse("2001:db8::ffff:2")));
    EXPECT_NE(source_of(*net::IpAddress::parse("2001:db8::1")), source_of(*net::IpAddress::parse("2001:db8:0:1::1")));
    EXPECT_NE(source_of(*net::IpAddress::parse("192.0.2.1")), source_of(*net::IpAddress::parse("192.0.2.2")));
}

}  // namespace
}  // namespace quipu::platform
