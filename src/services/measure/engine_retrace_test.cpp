#include "services/measure/engine_retrace.h"

#include <gtest/gtest.h>

namespace quipu::measure {
namespace {

using namespace std::chrono_literals;

constexpr Time kTold{std::chrono::sys_days{std::chrono::year{2011} / 11 / 21} + 12h};

TEST(Retrace, AnotherTtlIsAnOrderToTheSender) {
    Retrace retrace;
    EXPECT_FALSE(retrace.heard("santiago", "panama", 252, kTold));
    EXPECT_FALSE(retrace.heard("santiago", "panama", 252, kTold));
    EXPECT_FALSE(retrace.heard("santiago", "panama", -1, kTold));
    EXPECT_TRUE(retrace.heard("santiago", "panama", 250, kTold));
    EXPECT_FALSE(retrace.heard("santiago-2", "panama", 250, kTold));
    EXPECT_TRUE(retrace.heard("santiago-2", "panama", 251, kTold));
    EXPECT_FALSE(retrace.heard("santiago", "panama", 252, kTold + 10s)) << "it changes all the time";
    EXPECT_TRUE(retrace.heard("santiago", "panama", 252, kTold + 70s)) << "it has stayed so";
    EXPECT_FALSE(retrace.heard("santiago", "panama", 252, kTold + 200s));
    EXPECT_EQ(retrace.orders_for("santiago"), (std::vector<TraceOrder>{{"panama", 2}}));
    EXPECT_EQ(retrace.orders_for("santiago-2"), (std::vector<TraceOrder>{{"panama", 1}}));
    EXPECT_TRUE(retrace.orders_for("panama").empty());
}

}  // namespace
}  // namespace quipu::measure
