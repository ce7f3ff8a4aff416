#include "services/measure/engine_retrace.h"

#include <gtest/gtest.h>

namespace quipu::measure {
namespace {

TEST(Retrace, AnotherTtlIsAnOrderToTheSender) {
    Retrace retrace;
    EXPECT_FALSE(retrace.heard("santiago", "panama", 252));
    EXPECT_FALSE(retrace.heard("santiago", "panama", 252));
    EXPECT_FALSE(retrace.heard("santiago", "panama", -1));
    EXPECT_TRUE(retrace.heard("santiago", "panama", 250));
    EXPECT_FALSE(retrace.heard("santiago-2", "panama", 250));
    EXPECT_TRUE(retrace.heard("santiago-2", "panama", 251));
    EXPECT_TRUE(retrace.heard("santiago", "panama", 252));
    EXPECT_EQ(retrace.orders_for("santiago"), (std::vector<TraceOrder>{{"panama", 2}}));
    EXPECT_EQ(retrace.orders_for("santiago-2"), (std::vector<TraceOrder>{{"panama", 1}}));
    EXPECT_TRUE(retrace.orders_for("panama").empty());
}

}  // namespace
}  // namespace quipu::measure
