#include "base/random.h"

#include <array>
#include <gtest/gtest.h>
#include <vector>

namespace quipu {
namespace {

TEST(Rng, SameSeedSameSequence) {
    Rng a(42);
    Rng b(42);
    Rng c(43);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(a.next(), b.next());
    EXPECT_NE(a.next(), c.next());
}

// First outputs of xoshiro256** after SplitMix64 of seed 0, as computed from the authors' reference code.
TEST(Rng, IsXoshiro256StarStar) {
    Rng rng(0);
    EXPECT_EQ(rng.next(), 0x99ec5f36cb75f2b4U);
    EXPECT_EQ(rng.next(), 0xbf6e1f784956452aU);
    EXPECT_EQ(rng.next(), 0x1a5f849d4933e6e0U);
}

TEST(Rng, BelowIsUniform) {
    Rng rng(9);
    std::array<int, 7> counts{};
    for (int i = 0; i < 70'000; ++i)
        ++counts[rng.below(7)];
    for (const int count : counts)
        EXPECT_NEAR(count, 10'000, 500);  // five standard deviations
    EXPECT_EQ(rng.below(1), 0U);
}

TEST(Rng, ExponentialHasMeanOne) {
    Rng rng(10);
    double sum = 0;
    for (int i = 0; i < 100'000; ++i) {
        const double value = rng.exponential();
        ASSERT_GE(value, 0);
        sum += value;
    }
    EXPECT_NEAR(sum / 100'000, 1, 0.02);
}

TEST(Rng, UniformStaysBelowOne) {
    Rng rng(11);
    for (int i = 0; i < 100'000; ++i) {
        const double value = rng.uniform();
        ASSERT_TRUE(value >= 0 && value < 1);
    }
}

TEST(Rng, FillsAnyLength) {
    Rng rng(12);
    for (std::size_t size = 0; size < 20; ++size) {
        std::vector<std::uint8_t> bytes(size);
        rng.fill(bytes);
    }
    EXPECT_NE(Rng::from_system().next(), Rng::from_system().next());
}

}  // namespace
}  // namespace quipu
