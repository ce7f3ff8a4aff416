#include "services/measure/path/engine_tour.h"

#include <gtest/gtest.h>

namespace quipu::path {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::vector<Peer> peers(int count) {
    std::vector<Peer> out;
    for (int i = 0; i < count; ++i)
        out.push_back(
            {"site-" + std::to_string(i), {net::IpAddress::v4(0x0a000000U + static_cast<unsigned>(i)), 8760}});
    return out;
}

TEST(Tour, VisitsEveryPeerInItsTimeAndSpread) {
    Tour tour(Rng(1));
    const Monotonic start{};
    tour.assign(peers(3000), minutes(5), start);
    std::map<std::string, int> visits;
    int most_in_a_second = 0;
    for (int second = 0; second < 1800; ++second) {
        const Monotonic now = start + seconds(second);
        int in_second = 0;
        while (const auto peer = tour.due(now)) {
            ++visits[peer->site];
            ++in_second;
            tour.over(peer->site, true, now);
        }
        if (second >= 30) most_in_a_second = std::max(most_in_a_second, in_second);
    }
    EXPECT_EQ(visits.size(), 3000U);
    for (const auto& [site, count] : visits)
        ASSERT_TRUE(count >= 5 && count <= 7) << site << " " << count;
    EXPECT_LT(most_in_a_second, 200);
}

TEST(Tour, HurriesButNotTooMuch) {
    Tour tour(Rng(2));
    Monotonic now{seconds(100)};
    tour.assign(peers(1), minutes(5), now);
    tour.hurry("site-0", now);
    ASSERT_TRUE(tour.due(now));
    EXPECT_FALSE(tour.due(now));
    tour.hurry("site-0", now);  // while it is under way
    tour.over("site-0", true, now + seconds(1));
    EXPECT_FALSE(tour.due(now + seconds(4)));
    EXPECT_TRUE(tour.due(now + seconds(5)));
    tour.over("site-0", true, now + seconds(6));
    EXPECT_GT(tour.when(), now + minutes(4));
    tour.hurry("nobody", now);
}

TEST(Tour, ATargetThatWasNotReachedIsTriedAgainEverMorePatiently) {
    Tour tour(Rng(3));
    Monotonic now{};
    tour.assign(peers(1), minutes(5), now);
    std::vector<std::int64_t> waits;
    for (int i = 0; i < 7; ++i) {
        now = tour.when();
        ASSERT_TRUE(tour.due(now));
        tour.over("site-0", false, now);
        waits.push_back(std::chrono::duration_cast<seconds>(tour.when() - now).count());
    }
    EXPECT_EQ((std::vector<std::int64_t>(waits.begin(), waits.begin() + 5)),
              (std::vector<std::int64_t>{15, 30, 60, 120, 240}));
    EXPECT_LE(waits[6], 330);
}

TEST(Tour, OthersKeepTheirMomentWhenAPeerJoinsOrLeaves) {
    Tour tour(Rng(4));
    Monotonic now{};
    tour.assign(peers(2), minutes(5), now);
    now = now + seconds(30);
    while (const auto peer = tour.due(now))
        tour.over(peer->site, true, now);
    const Monotonic before = tour.when();
    tour.assign(peers(2), minutes(5), now);
    EXPECT_EQ(tour.when(), before);
    tour.assign(peers(3), minutes(5), now);
    EXPECT_LE(tour.when(), now + Tour::kFirstWithin);
    tour.assign({}, minutes(5), now);
    EXPECT_EQ(tour.when(), Monotonic::max());
}

}  // namespace
}  // namespace quipu::path
