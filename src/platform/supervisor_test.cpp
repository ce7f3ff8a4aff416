#include "platform/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quipu::platform {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class SupervisorTest : public testing::Test {
  protected:
    void make(std::vector<Supervisor::Member> members) {
        auto made = Supervisor::create(std::move(members), Rng(1), now());
        ASSERT_TRUE(made);
        supervisor_.emplace(std::move(*made));
    }
    Supervisor::Now now() { return {clock_.monotonic(), clock_.now()}; }
    /// Does what is asked for until nothing is; services in `failing` fail to start.
    std::vector<std::string> settle() {
        std::vector<std::string> done;
        while (const auto action = supervisor_->next(now())) {
            if (action->what == Supervisor::Action::What::stop) {
                done.push_back("stop " + action->service);
                supervisor_->stopped(action->service, now());
            } else {
                const bool fails = std::ranges::find(failing_, action->service) != failing_.end();
                done.push_back((fails ? "fail " : "start ") + action->service);
                supervisor_->started(action->service,
                                     fails ? Result<void>(fail(ErrorCode::io, "no rope")) : Result<void>(), now());
            }
        }
        return done;
    }
    ServiceStatus status(std::string_view name) {
        for (const ServiceStatus& each : supervisor_->services())
            if (each.name == name) return each;
        return {};
    }
    Nanoseconds until_wake() { return *supervisor_->wake() - clock_.monotonic(); }

    ManualClock clock_{*parse_time("2011-11-08T09:00:00Z")};
    std::optional<Supervisor> supervisor_;
    std::vector<std::string> failing_;
};

TEST_F(SupervisorTest, StartsInTheOrderOfNeedsAndStopsInReverse) {
    make({{"measure", {"agents", "registry"}}, {"agents", {"registry"}}, {"registry", {}}});
    EXPECT_THAT(settle(), ElementsAre("start registry", "start agents", "start measure"));
    EXPECT_EQ(status("measure").state, ServiceState::running);
    EXPECT_EQ(supervisor_->wake(), std::nullopt);
    supervisor_->shut_down(now());
    EXPECT_THAT(settle(), ElementsAre("stop measure", "stop agents", "stop registry"));
    EXPECT_EQ(status("registry").state, ServiceState::stopped);
}

TEST_F(SupervisorTest, AFailureToStartStopsOnlyThoseThatNeedIt) {
    make({{"registry", {}}, {"agents", {"registry"}}, {"lab", {}}});
    failing_ = {"registry"};
    EXPECT_THAT(settle(), ElementsAre("fail registry", "stop registry", "start lab"));
    EXPECT_EQ(status("registry").state, ServiceState::failed);
    EXPECT_EQ(status("registry").reason, "no rope");
    EXPECT_EQ(status("agents").state, ServiceState::starting);
    EXPECT_EQ(status("agents").reason, "waits for registry");
    EXPECT_EQ(status("lab").state, ServiceState::running);

    failing_.clear();
    clock_.advance(until_wake());
    EXPECT_THAT(settle(), ElementsAre("start registry", "start agents"));
    EXPECT_EQ(status("registry").restarts, 1);
    EXPECT_EQ(status("agents").restarts, 0);
}

TEST_F(SupervisorTest, PausesDoubleUpToFiveMinutesGiveOrTakeAFifth) {
    make({{"lab", {}}});
    failing_ = {"lab"};
    Nanoseconds expected = 1s;
    for (int i = 0; i < 40; ++i) {
        settle();
        const auto pause = until_wake();
        EXPECT_GE(pause, expected * 8 / 10);
        EXPECT_LE(pause, expected * 12 / 10);
        clock_.advance(pause - 1ns);
        EXPECT_THAT(settle(), ElementsAre());
        clock_.advance(1ns);
        expected = std::min<Nanoseconds>(expected * 2, 5min);
    }
}

TEST_F(SupervisorTest, PausesBeginAnewAfterATimeWithoutFault) {
    make({{"lab", {}}});
    settle();
    for (int i = 0; i < 6; ++i) {
        EXPECT_TRUE(supervisor_->failed("lab", {ErrorCode::io, "cut"}, now()));
        settle();
        clock_.advance(until_wake());
        settle();
    }
    clock_.advance(10min);
    EXPECT_TRUE(supervisor_->failed("lab", {ErrorCode::io, "cut"}, now()));
    settle();
    EXPECT_LE(until_wake(), 1200ms);
}

TEST_F(SupervisorTest, WhatNeedsAFailedServiceIsStoppedBeforeItAndStartedAfterIt) {
    make({{"registry", {}}, {"agents", {"registry"}}, {"measure", {"agents"}}, {"lab", {}}});
    settle();
    EXPECT_TRUE(supervisor_->failed("registry", {ErrorCode::corrupt, "knotted"}, now()));
    EXPECT_FALSE(supervisor_->failed("registry", {ErrorCode::corrupt, "again"}, now()));
    EXPECT_THAT(settle(), ElementsAre("stop measure", "stop agents", "stop registry"));
    EXPECT_EQ(status("lab").state, ServiceState::running);
    clock_.advance(2s);
    EXPECT_THAT(settle(), ElementsAre("start registry", "start agents", "start measure"));
}

TEST_F(SupervisorTest, ASteppedClockChangesNoPause) {
    make({{"lab", {}}});
    failing_ = {"lab"};
    settle();
    const auto before = until_wake();
    clock_.step(-1h);
    EXPECT_EQ(until_wake(), before);
}

TEST_F(SupervisorTest, RefusesCirclesAndUnknownNeeds) {
    EXPECT_FALSE(Supervisor::create({{"a", {"b"}}, {"b", {"a"}}}, Rng(1), now()));
    EXPECT_FALSE(Supervisor::create({{"a", {"b"}}}, Rng(1), now()));
}

TEST_F(SupervisorTest, AServiceThatStartsDuringShutDownIsStopped) {
    make({{"lab", {}}});
    ASSERT_TRUE(supervisor_->next(now()));
    supervisor_->shut_down(now());
    supervisor_->started("lab", {}, now());
    EXPECT_THAT(settle(), ElementsAre("stop lab"));
}

}  // namespace
}  // namespace quipu::platform
