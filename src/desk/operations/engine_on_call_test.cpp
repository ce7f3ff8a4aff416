#include "desk/operations/engine_on_call.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;

Rota rota_of(std::string zone) {
    return {.id = "noc",
            .name = "NOC",
            .people = {"ana", "bia", "carlos"},
            .zone = std::move(zone),
            .first = Date(std::chrono::year(2026), std::chrono::month(3), std::chrono::day(2)),
            .days = 7,
            .handover = "09:00"};
}

Time at(std::string_view text) {
    return *parse_time(text);
}

// Chile puts its clocks back on 5 April 2026: the turn over that night is an hour longer, and the hand-over stays at
// nine in the morning.
TEST(OnCall, HandsOverAtLocalTime) {
    const Zone zone = *Zone::load("America/Santiago");
    const auto shifts =
        *shifts_of(rota_of("America/Santiago"), zone, {}, at("2026-03-30T00:00:00Z"), at("2026-04-14T00:00:00Z"));
    ASSERT_EQ(shifts.size(), 4U);
    EXPECT_EQ(shifts[1].begin, at("2026-03-30T12:00:00Z"));
    EXPECT_EQ(shifts[2].begin, at("2026-04-06T13:00:00Z"));
    EXPECT_EQ(shifts[3].begin, at("2026-04-13T13:00:00Z"));
    EXPECT_EQ(shifts[1].end - shifts[1].begin, 7 * 24h + 1h);
    EXPECT_EQ(shifts[1].person, "bia");
    EXPECT_EQ(shifts[2].person, "carlos");
    EXPECT_EQ(shifts[3].person, "ana");
}

TEST(OnCall, NobodyIsOnCallBeforeTheFirstDay) {
    const auto shifts = *shifts_of(rota_of("UTC"), Zone(), {}, at("2026-01-01T00:00:00Z"), at("2026-03-03T00:00:00Z"));
    ASSERT_EQ(shifts.size(), 1U);
    EXPECT_EQ(shifts[0].begin, at("2026-03-02T09:00:00Z"));
    EXPECT_EQ(shifts[0].person, "ana");
}

// Whatever is overridden, every moment belongs to just one person, and the latest override to whom it names.
TEST(OnCall, OverridesLeaveNoGap) {
    Rng rng(7);
    const Time since = at("2026-05-01T00:00:00Z"), until = at("2026-06-01T00:00:00Z");
    for (int round = 0; round < 200; ++round) {
        std::vector<Override> overrides;
        for (std::int64_t i = 1; i <= static_cast<std::int64_t>(rng.below(8)); ++i) {
            const Time begin = since + std::chrono::minutes(rng.below(30 * 1440));
            overrides.push_back({.id = i,
                                 .rota = "noc",
                                 .person = fmt::format("extra-{}", i),
                                 .begin = begin,
                                 .end = begin + std::chrono::minutes(1 + rng.below(5 * 1440))});
        }
        const auto shifts = *shifts_of(rota_of("UTC"), Zone(), overrides, since, until);
        for (std::size_t i = 1; i < shifts.size(); ++i)
            ASSERT_EQ(shifts[i - 1].end, shifts[i].begin);
        ASSERT_LE(shifts.front().begin, since);
        ASSERT_GE(shifts.back().end, until);
        for (int look = 0; look < 50; ++look) {
            const Time moment = since + std::chrono::minutes(rng.below(30 * 1440));
            const auto shift =
                std::ranges::find_if(shifts, [&](const Shift& one) { return one.begin <= moment && moment < one.end; });
            ASSERT_NE(shift, shifts.end());
            const Override* last = nullptr;
            for (const Override& over : overrides)
                if (over.begin <= moment && moment < over.end) last = &over;
            EXPECT_EQ(shift->overridden, last != nullptr);
            if (last != nullptr) EXPECT_EQ(shift->person, last->person);
        }
    }
}

TEST(OnCall, ReadsTheHandOver) {
    EXPECT_EQ(*parse_handover("09:30"), 9h + 30min);
    for (const char* wrong : {"", "9:00", "24:00", "12:60", "ab:cd", "09:000", "09-00"})
        EXPECT_FALSE(parse_handover(wrong)) << wrong;
}

}  // namespace
}  // namespace quipu::operations
