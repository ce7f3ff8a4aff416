// Where loss begins, of probes that are drawn: seldom the wrong segment, often the right one.

#include "services/measure/compare/engine_loss.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu::compare {
namespace {

TEST(Loss, MoreIsWhatChanceMakesSeldom) {
    EXPECT_TRUE(is_more({300, 15}, {300, 0}));
    EXPECT_FALSE(is_more({300, 3}, {300, 0}));
    EXPECT_FALSE(is_more({300, 15}, {300, 12}));
    EXPECT_FALSE(is_more({300, 12}, {300, 15}));
    EXPECT_FALSE(is_more({0, 0}, {300, 0}));
    EXPECT_FALSE(is_more({300, 15}, {0, 0}));
    EXPECT_TRUE(is_more({300, 300}, {300, 270}));

    Rng rng(11);
    const auto drawn = [&](double loss) {
        Tally out{.sent = 300};
        for (int i = 0; i < 300; ++i)
            out.lost += rng.uniform() < loss ? 1 : 0;
        return out;
    };
    for (const double loss : {0.01, 0.05, 0.3}) {
        int wrong = 0;
        for (int i = 0; i < 2000; ++i)
            wrong += is_more(drawn(loss), drawn(loss)) ? 1 : 0;
        EXPECT_LE(wrong, 30) << loss;  // 20 expected
    }
}

/// Eight hops, the loss begins before hop `begins`, and some routers answer as they like.
TEST(Loss, IsPlacedOrNotButSeldomWrong) {
    Rng rng(5);
    for (const double loss : {0.03, 0.05, 0.1}) {
        int right = 0, wrong = 0;
        for (int round = 0; round < 500; ++round) {
            const std::size_t begins = rng.below(8);
            std::vector<Tally> hops;
            for (std::size_t hop = 0; hop < 8; ++hop) {
                const double limits = hop < 7 && rng.uniform() < 0.2 ? 0.6 : 0;
                Tally& tally = hops.emplace_back(Tally{.sent = 300});
                for (int i = 0; i < 300; ++i)
                    tally.lost += rng.uniform() < limits || (hop >= begins && rng.uniform() < loss) ? 1 : 0;
            }
            const auto place = place_loss(hops, {200, static_cast<std::int64_t>(200 * loss)}).place;
            if (!place) continue;
            // What is named holds where it begins.
            const bool after = place->after && *place->after >= begins;
            (after || place->before < begins ? wrong : right) += 1;
        }
        EXPECT_LE(wrong, 25) << loss;
        EXPECT_GE(right, loss < 0.05 ? 250 : 425) << loss;
    }
}

TEST(Loss, OfTwoPlacesTheOneThatLosesMost) {
    const PlacedLoss placed = place_loss({{300, 0}, {300, 20}, {300, 18}, {300, 80}}, {200, 50});
    ASSERT_TRUE(placed.place);
    EXPECT_EQ(*placed.place, (PlacedLoss::Place{.after = 2, .before = 3}));
    EXPECT_NEAR(*placed.arises[1], 20.0 / 300, 1e-9);
    EXPECT_EQ(*placed.arises[2], 0);
    EXPECT_NEAR(*placed.arises[3], 1 - 220.0 / 280, 1e-9);
}

TEST(Loss, ATargetThatLosesMoreThanThePacketsIsBelievedWithARouterBesideIt) {
    EXPECT_FALSE(place_loss({{300, 0}, {300, 0}, {300, 34}}, {200, 10}).place) << "it may limit its answers";
    const auto place = place_loss({{300, 0}, {300, 33}, {300, 34}}, {200, 10}).place;
    ASSERT_TRUE(place);
    EXPECT_EQ(*place, (PlacedLoss::Place{.after = 0, .before = 1}));
}

TEST(Loss, OfNothingIsNowhere) {
    EXPECT_FALSE(place_loss({}, {200, 10}).place);
    EXPECT_FALSE(place_loss({{0, 0}, {0, 0}}, {200, 10}).place);
    EXPECT_FALSE(place_loss({{300, 0}, {300, 0}}, {0, 0}).place);
}

}  // namespace
}  // namespace quipu::compare
