#include "base/histogram.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "base/random.h"

namespace quipu {
namespace {

std::int64_t any_value(Rng& rng) {
    return static_cast<std::int64_t>(rng.next() >> (1 + rng.below(63)));
}

TEST(Histogram, BucketsAreNarrowAndInOrder) {
    Rng rng(1);
    for (int i = 0; i < 100'000; ++i) {
        const std::int64_t value = any_value(rng);
        const std::uint32_t index = Histogram::index_of(value);
        ASSERT_LE(Histogram::lower_bound(index), value);
        if (value < std::numeric_limits<std::int64_t>::max()) ASSERT_LE(index, Histogram::index_of(value + 1));
        const auto error = std::abs(static_cast<double>(Histogram::middle(index) - value));
        ASSERT_LE(error, 0.01 * static_cast<double>(value)) << value;
        ASSERT_EQ(Histogram::index_of(Histogram::lower_bound(index)), index);
        ASSERT_EQ(Histogram::index_of(Histogram::middle(index)), index);
    }
    EXPECT_EQ(Histogram::index_of(-5), 0U);
    EXPECT_EQ(Histogram::middle(Histogram::index_of(127)), 127);
    EXPECT_EQ(Histogram::index_of(std::numeric_limits<std::int64_t>::max()), 3711U);
}

TEST(Histogram, QuantilesAreWithinOnePercentOfNearestRank) {
    Rng rng(2);
    for (int round = 0; round < 50; ++round) {
        Histogram histogram;
        std::vector<std::int64_t> values(1 + rng.below(2000));
        for (auto& value : values)
            histogram.add(value = any_value(rng));
        std::ranges::sort(values);
        for (const double q : {0.0, 0.01, 0.25, 0.5, 0.95, 0.99, 1.0}) {
            const auto rank = std::max(1.0, std::ceil(q * static_cast<double>(values.size())));
            const auto exact = static_cast<double>(values[static_cast<std::size_t>(rank) - 1]);
            ASSERT_NEAR(static_cast<double>(histogram.quantile(q)), exact, 0.01 * exact);
        }
    }
}

TEST(Histogram, MergesExactly) {
    Rng rng(3);
    Histogram whole;
    Histogram parts[3];
    for (int i = 0; i < 5000; ++i) {
        const std::int64_t value = any_value(rng);
        const std::uint64_t count = rng.below(4);
        whole.add(value, count);
        parts[rng.below(3)].add(value, count);
    }
    Histogram merged;
    for (const auto& part : parts)
        merged.merge(part);
    EXPECT_EQ(merged, whole);
}

TEST(Histogram, EmptyAnswersZero) {
    Histogram histogram;
    EXPECT_TRUE(histogram.empty());
    EXPECT_EQ(histogram.quantile(0.5), 0);
    EXPECT_EQ(histogram.mean(), 0);
    histogram.add(5, 0);
    EXPECT_TRUE(histogram.empty());
    histogram.add(100, 3);
    EXPECT_EQ(histogram.mean(), 100);
    EXPECT_EQ(histogram.quantile(std::nan("")), 100);
    histogram.clear();
    EXPECT_EQ(histogram, Histogram());
}

TEST(Histogram, TravelsAsBytes) {
    Rng rng(4);
    for (int round = 0; round < 100; ++round) {
        Histogram histogram;
        for (auto n = rng.below(200); n > 0; --n)
            histogram.add(any_value(rng), 1 + (rng.next() >> (8 + rng.below(56))));
        ByteWriter out;
        histogram.write(out);
        ByteReader in(out.span());
        const auto again = Histogram::parse(in);
        ASSERT_TRUE(again) << again.error().text();
        EXPECT_EQ(*again, histogram);
        EXPECT_TRUE(in.at_end());
        for (std::size_t cut = 0; cut < out.size(); ++cut) {
            ByteReader shorter(out.span().first(cut));
            EXPECT_FALSE(Histogram::parse(shorter));
        }
    }
}

TEST(Histogram, RefusesLies) {
    const auto parse = [](std::initializer_list<std::uint64_t> numbers) {
        ByteWriter out;
        for (const auto number : numbers)
            out.varint(number);
        ByteReader in(out.span());
        return Histogram::parse(in);
    };
    EXPECT_TRUE(parse({0}));
    EXPECT_TRUE(parse({2, 5, 1, 3, 1}));
    EXPECT_FALSE(parse({1'000'000, 1, 1}));
    EXPECT_FALSE(parse({3, 1, 1}));
    EXPECT_FALSE(parse({2, 5, 1, 0, 1}));  // the same bucket twice
    EXPECT_FALSE(parse({1, 3712, 1}));     // beyond the last bucket
    EXPECT_FALSE(parse({2, 3711, 1, 1, 1}));
    EXPECT_FALSE(parse({1, 5, 0}));                            // an empty bucket
    EXPECT_FALSE(parse({2, 5, ~std::uint64_t{0}, 1, 1}));      // counts overflow
    EXPECT_FALSE(parse({2, 5, 1, ~std::uint64_t{0} - 3, 1}));  // index overflow
}

}  // namespace
}  // namespace quipu
