#include "services/rpki/origin/guard.h"

#include <gtest/gtest.h>

#include "services/rpki/origin/validity.h"

namespace quipu::rpki {
namespace {

/// A hundred VRPs under "big" (10.N.0.0/16, AS N+1) and ten under "small" (172.16.N.0/24, AS 500).
std::shared_ptr<AnchoredPayloads> all_vrps() {
    auto out = std::make_shared<AnchoredPayloads>();
    out->anchor_names = {"big", "small"};
    for (std::uint32_t i = 0; i < 110; ++i) {
        const std::uint32_t address = i < 100 ? 10U << 24U | i << 16U : 172U << 24U | 16U << 16U | (i - 100) << 8U;
        const int length = i < 100 ? 16 : 24;
        out->set.vrps.push_back(
            vrp_of(*net::Prefix::create(net::IpAddress::v4(address), length), i < 100 ? i + 1 : 500, length));
        out->vrp_anchors.push_back(i < 100 ? 0 : 1);
    }
    return out;
}
/// The same without the VRPs from..to-1.
std::shared_ptr<AnchoredPayloads> without(std::size_t from, std::size_t to) {
    auto out = all_vrps();
    const auto cut = [&](auto& list) {
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(from), list.begin() + static_cast<std::ptrdiff_t>(to));
    };
    cut(out->set.vrps);
    cut(out->vrp_anchors);
    return out;
}

class GuardTest : public testing::Test {
  protected:
    const Members members_{std::vector<Members::Member>{
        {.id = "reuna", .name = "REUNA", .prefixes = {*net::Prefix::parse("10.0.0.0/15")}, .as_numbers = {3}},
        {.id = "rnp", .name = "RNP", .prefixes = {}, .as_numbers = {500}}}};
    ManualClock clock_{*parse_time("2024-05-01T00:00:00Z")};
    Guard guard_{GuardSettings{}};

    Guard::Outcome offer(std::shared_ptr<const AnchoredPayloads> set) {
        return guard_.offer(std::move(set), members_, clock_.now());
    }
};

TEST_F(GuardTest, TheFirstAndTheSmallPass) {
    EXPECT_EQ(offer(all_vrps()), Guard::Outcome::passed);
    const auto fewer = without(50, 55);
    EXPECT_EQ(offer(fewer), Guard::Outcome::passed);
    EXPECT_EQ(guard_.served(), fewer);
    EXPECT_EQ(offer(all_vrps()), Guard::Outcome::passed);
}

TEST_F(GuardTest, HoldsWhatTakesTooMuchOfTheWhole) {
    const auto whole = all_vrps();
    offer(whole);
    EXPECT_EQ(offer(without(50, 65)), Guard::Outcome::held);
    EXPECT_EQ(guard_.served(), whole);
    ASSERT_TRUE(guard_.held());
    EXPECT_EQ(guard_.held()->id, 1);
    EXPECT_EQ(guard_.held()->lost, 15);
    ASSERT_EQ(guard_.held()->losses.size(), 2U);
    EXPECT_EQ(guard_.held()->losses[0].scope, GuardScope::whole);
    EXPECT_TRUE(guard_.held()->losses[0].too_much);
    EXPECT_EQ(guard_.held()->losses[0].examples.at(0), "10.50.0.0/16-16 AS51");
    EXPECT_EQ(guard_.held()->losses[1].name, "big");
    EXPECT_FALSE(guard_.held()->losses[1].too_much);
    // Later runs: still the same change.
    clock_.advance(std::chrono::minutes(10));
    EXPECT_EQ(offer(without(50, 70)), Guard::Outcome::still_held);
    EXPECT_EQ(guard_.held()->id, 1);
    EXPECT_EQ(guard_.held()->lost, 20);
    // It comes back by itself.
    EXPECT_EQ(offer(all_vrps()), Guard::Outcome::passed);
    EXPECT_FALSE(guard_.held());
    EXPECT_EQ(offer(without(50, 65)), Guard::Outcome::held);
    EXPECT_EQ(guard_.held()->id, 2);
}

TEST_F(GuardTest, HoldsWhatTakesTooMuchOfATrustAnchorOrAMember) {
    offer(all_vrps());
    EXPECT_EQ(offer(without(100, 103)), Guard::Outcome::held);  // 3 of small's 10, of all 2.7 %
    EXPECT_EQ(guard_.held()->losses[0].scope, GuardScope::anchor);
    EXPECT_EQ(guard_.held()->losses[0].name, "small");
    EXPECT_DOUBLE_EQ(guard_.held()->losses[0].percent, 30);
    EXPECT_EQ(offer(all_vrps()), Guard::Outcome::passed);

    // REUNA has two by prefix and one by AS.
    EXPECT_EQ(offer(without(1, 2)), Guard::Outcome::passed);
    EXPECT_EQ(offer(all_vrps()), Guard::Outcome::passed);
    EXPECT_EQ(offer(without(1, 3)), Guard::Outcome::held);
    EXPECT_EQ(guard_.held()->losses[0].scope, GuardScope::member);
    EXPECT_EQ(guard_.held()->losses[0].name, "reuna");
    EXPECT_EQ(guard_.held()->losses[0].before, 3);
}

TEST_F(GuardTest, APersonReleasesWhatIsHeld) {
    offer(all_vrps());
    EXPECT_EQ(guard_.release(1).error().code, ErrorCode::conflict);
    const auto fewer = without(0, 50);
    offer(fewer);
    EXPECT_EQ(guard_.release(2).error().code, ErrorCode::conflict);
    EXPECT_TRUE(guard_.release(1));
    EXPECT_EQ(guard_.served(), fewer);
    EXPECT_FALSE(guard_.held());
    EXPECT_EQ(offer(without(0, 50)), Guard::Outcome::passed);
}

TEST_F(GuardTest, TimeReleasesWhatIsHeld) {
    guard_.configure({.release_after = std::chrono::hours(1)});
    offer(all_vrps());
    const auto fewer = without(0, 50);
    offer(fewer);
    EXPECT_EQ(guard_.held()->release_at, clock_.now() + std::chrono::hours(1));
    clock_.advance(std::chrono::minutes(59));
    EXPECT_FALSE(guard_.tick(clock_.now()));
    EXPECT_EQ(offer(without(0, 51)), Guard::Outcome::still_held);
    clock_.advance(std::chrono::minutes(1));
    EXPECT_TRUE(guard_.tick(clock_.now()));
    EXPECT_EQ(guard_.served()->set.vrps.size(), 59U);
    EXPECT_FALSE(guard_.tick(clock_.now()));
}

TEST_F(GuardTest, AHeldChangeOutlivesARestart) {
    const auto whole = all_vrps();
    offer(whole);
    offer(without(0, 50));
    const HeldChange held = *guard_.held();
    const Time since = clock_.now();
    Guard again{GuardSettings{}};
    again.restore(whole, held, 0);
    EXPECT_EQ(again.release(1).error().code, ErrorCode::unavailable);
    clock_.advance(std::chrono::hours(2));
    EXPECT_EQ(again.offer(without(0, 50), members_, clock_.now()), Guard::Outcome::still_held);
    EXPECT_EQ(again.held()->id, 1);
    EXPECT_EQ(again.held()->since, since);
    EXPECT_TRUE(again.release(1));
}

TEST_F(GuardTest, AVrpThatMovesToAnotherTrustAnchorIsNotLost) {
    offer(all_vrps());
    auto moved = all_vrps();
    std::ranges::fill(moved->vrp_anchors, std::uint16_t{1});
    EXPECT_EQ(offer(moved), Guard::Outcome::passed);
}

TEST_F(GuardTest, FewLostVrpsHoldNothing) {
    guard_.configure({.at_least = 4});
    offer(all_vrps());
    EXPECT_EQ(offer(without(100, 103)), Guard::Outcome::passed);
    EXPECT_EQ(offer(all_vrps()), Guard::Outcome::passed);
    EXPECT_EQ(offer(without(100, 104)), Guard::Outcome::held);
}

}  // namespace
}  // namespace quipu::rpki
