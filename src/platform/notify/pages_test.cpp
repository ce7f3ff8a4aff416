#include "platform/notify/pages.h"

#include <gtest/gtest.h>

namespace quipu::notify {
namespace {

TEST(Pages, AreWhereThePortalHasThem) {
    const auto page = [](std::string_view about) { return page_of("https://portal.example", about); };
    EXPECT_EQ(page("link:santiago-panama"), "https://portal.example/links/santiago-panama");
    EXPECT_EQ(page("links:santiago-panama"), "https://portal.example/links/santiago-panama");
    EXPECT_EQ(page("pair:santiago/panama"), "https://portal.example/measure/santiago/panama");
    EXPECT_EQ(page("case:41"), "https://portal.example/cases/41");
    EXPECT_EQ(page("article:mtu"), "https://portal.example/knowledge/mtu");
    EXPECT_EQ(page("prefix:200.0.206.0/24"), "https://portal.example/prefixes/200.0.206.0/24");
    EXPECT_EQ(page("person:ana?x=1"), "https://portal.example/people/ana%3Fx%3D1");
    EXPECT_EQ(page("service:mail"), "https://portal.example/services");
    EXPECT_EQ(page("maintenance:7"), "https://portal.example/maintenance/7");
}

TEST(Pages, WhatIsNotKnownHasNone) {
    for (const char* about : {"", "nothing", "whatever:1", "case:", "report:5"})
        EXPECT_EQ(page_of("https://portal.example", about), "") << about;
    EXPECT_EQ(page_of("", "case:41"), "");
}

}  // namespace
}  // namespace quipu::notify
