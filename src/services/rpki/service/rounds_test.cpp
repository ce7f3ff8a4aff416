#include "services/rpki/service/rounds.h"

#include <gmock/gmock.h>

#include "services/rpki/service/test_rounds.h"

namespace quipu::rpki {
namespace {

using namespace std::chrono_literals;

class RoundsTest : public RoundsOfTest {
  protected:
    void write_slurm(const std::string& text) { std::ofstream(folder_ / "slurm.json") << text; }
};
INSTANTIATE_TEST_SUITE_P(, RoundsTest, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(RoundsTest, ARoundServesWhatItFinds) {
    live(true);
    EXPECT_EQ(rounds_->state(), nullptr);
    round();
    const auto state = rounds_->state();
    EXPECT_EQ(served(), 2 * kEach);
    EXPECT_EQ(state->validated, clock_.now());
    ASSERT_EQ(state->tree->anchors.size(), 1U);
    EXPECT_EQ(state->tree->anchors[0].name, "lab");
    EXPECT_TRUE(rtr_->state().serving);
    EXPECT_EQ(rtr_->state().vrps, 2 * kEach);
}

TEST_P(RoundsTest, SessionAndSerialOutliveARestart) {
    live(true);
    round();
    publish(kEach, kEach - 1);
    round();
    const RtrState before = rtr_->state();
    EXPECT_EQ(before.vrps, 2 * kEach - 1);
    live(true);
    EXPECT_TRUE(rtr_->state().serving) << "at once, before any validation";
    EXPECT_EQ(rtr_->state().vrps, 2 * kEach - 1);
    round();
    EXPECT_EQ(rtr_->state().session, before.session);
    EXPECT_EQ(rtr_->state().serial, before.serial) << "nothing has changed";
    publish(kEach, kEach - 2);
    round();
    EXPECT_EQ(rtr_->state().serial, before.serial + 1);
    EXPECT_EQ(rtr_->state().session, before.session);
}

TEST_P(RoundsTest, AFirstRoundAfterARestartPassesTheGuardToo) {
    live(true);
    round();
    publish(kEach, 0);
    live(true);
    round();
    EXPECT_TRUE(rounds_->state()->held);
    EXPECT_EQ(rtr_->state().vrps, 2 * kEach);
    // Held over another restart, with the number and the time of its beginning.
    const HeldChange held = *rounds_->state()->held;
    clock_.advance(10min);
    live(true);
    EXPECT_EQ(rounds_->release(held.id, "person:nora").error().code, ErrorCode::unavailable) << "not validated yet";
    round();
    ASSERT_TRUE(rounds_->state()->held);
    EXPECT_EQ(rounds_->state()->held->id, held.id);
    EXPECT_EQ(rounds_->state()->held->since, held.since);
    EXPECT_EQ(rounds_->release(held.id + 1, "person:nora").error().code, ErrorCode::conflict);
    must(rounds_->release(held.id, "person:nora"));
    EXPECT_EQ(rtr_->state().vrps, kEach) << "routers have it when the call returns";
}

TEST_P(RoundsTest, WhatNoValidationConfirmsIsServedNoMore) {
    settings_.rtr.most_age = 24h;
    live(true);
    round();
    clock_.advance(23h);
    EXPECT_TRUE(rtr_->state().serving);
    // A round that can't be made confirms nothing.
    std::filesystem::rename(settings_.tals, settings_.tals + ".away");
    EXPECT_FALSE(rounds_->round());
    clock_.advance(1h + 1s);
    EXPECT_FALSE(rtr_->state().serving);
    std::filesystem::rename(settings_.tals + ".away", settings_.tals);
    round();
    EXPECT_TRUE(rtr_->state().serving);
}

TEST_P(RoundsTest, ABrokenFileOfExceptionsKeepsItsLastGoodVersion) {
    settings_.slurm = {folder_ / "slurm.json"};
    write_slurm(R"({"slurmVersion": 1,
 "validationOutputFilters": {"prefixFilters": [{"prefix": "10.2.0.0/16"}], "bgpsecFilters": []},
 "locallyAddedAssertions": {"prefixAssertions": [], "bgpsecAssertions": []}})");
    live();
    round();
    EXPECT_EQ(served(), kEach);
    EXPECT_FALSE(rounds_->state()->held) << "what the operator takes away is never held";
    write_slurm("{");
    round();
    EXPECT_EQ(served(), kEach);
    ASSERT_EQ(rounds_->slurm().size(), 1U);
    EXPECT_FALSE(rounds_->slurm()[0].error.empty());
    EXPECT_EQ(rounds_->slurm()[0].filters, 1);
    // Over a restart too.
    live();
    round();
    EXPECT_EQ(served(), kEach);
}

TEST_P(RoundsTest, AnEmptiedCacheTakesNothingFromRouters) {
    live();
    round();
    std::filesystem::remove_all(settings_.offline);
    std::filesystem::create_directories(settings_.offline);
    clock_.advance(10min);
    round();
    const auto& totals = rounds_->state()->tree->totals;
    EXPECT_EQ(served(), 2 * kEach);
    EXPECT_EQ(totals.points_valid, 0U);
}

}  // namespace
}  // namespace quipu::rpki
