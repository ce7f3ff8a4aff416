#include "desk/operations/engine_availability.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;

// Intervals as sets of small whole numbers, to compare with.
constexpr std::int64_t kRange = 60;
std::vector<Interval> chance(Rng& rng) {
    std::vector<Interval> out;
    for (std::uint64_t i = rng.below(7); i > 0; --i) {
        const auto begin = static_cast<std::int64_t>(rng.below(kRange));
        out.push_back({Time(Nanoseconds(begin)), Time(Nanoseconds(begin + static_cast<std::int64_t>(rng.below(20))))});
    }
    return out;
}
std::vector<bool> bits(const std::vector<Interval>& intervals) {
    std::vector<bool> out(kRange + 20);
    for (const Interval& one : intervals)
        for (auto at = one.begin; at < one.end; at += 1ns)
            out[static_cast<std::size_t>(at.time_since_epoch().count())] = true;
    return out;
}

TEST(Intervals, AreExact) {
    Rng rng(1);
    for (int round = 0; round < 5000; ++round) {
        const auto raw_a = chance(rng), raw_b = chance(rng);
        const Intervals a = normal(raw_a), b = normal(raw_b);
        const auto in_a = bits(raw_a), in_b = bits(raw_b);
        ASSERT_EQ(bits(a), in_a);
        const auto expect = [&](const Intervals& got, auto what) {
            const auto in_got = bits(got);
            std::int64_t count = 0;
            for (std::size_t i = 0; i < in_got.size(); ++i) {
                ASSERT_EQ(in_got[i], what(in_a[i], in_b[i]));
                count += in_got[i] ? 1 : 0;
            }
            ASSERT_EQ(length(got).count(), count);
            ASSERT_EQ(normal(got), got);
        };
        expect(both(a, b), [](bool x, bool y) { return x && y; });
        expect(either(a, b), [](bool x, bool y) { return x || y; });
        expect(minus(a, b), [](bool x, bool y) { return x && !y; });
        // What is down is planned or it is not, and nothing is lost between them.
        ASSERT_EQ(length(minus(a, b)) + length(both(a, b)), length(a));
    }
}

Intervals of(std::initializer_list<std::pair<Nanoseconds, Nanoseconds>> list) {
    Intervals out;
    for (const auto& [begin, end] : list)
        out.push_back({Time(begin), Time(end)});
    return out;
}

TEST(Availability, LeavesPlannedWorkOut) {
    // 100 h in service; down 2 h unplanned, 3 h of which 2 h lie in a window, and 1 h outside of service.
    const auto figure = availability_of(of({{0h, 100h}}), of({{10h, 12h}, {20h, 23h}, {100h, 101h}}), of({{20h, 22h}}));
    EXPECT_EQ(figure.down_s, 3 * 3600);
    EXPECT_EQ(figure.planned_s, 2 * 3600);
    EXPECT_EQ(figure.in_service_s, 100 * 3600);
    EXPECT_DOUBLE_EQ(figure.availability, 95.0 / 98);
    EXPECT_DOUBLE_EQ(figure.measured, 0.95);
    EXPECT_EQ(figure.outages, 2);
    EXPECT_EQ(figure.mttr_s, 5400);
    EXPECT_EQ(figure.mtbf_s, 95 * 3600 / 2);
}

TEST(Availability, IsWholeWithoutOutagesAndWithoutService) {
    EXPECT_EQ(availability_of(of({{0h, 1h}}), {}, {}).availability, 1);
    EXPECT_EQ(availability_of({}, of({{0h, 1h}}), {}).availability, 1);
    EXPECT_FALSE(availability_of(of({{0h, 1h}}), {}, {}).mttr_s);
}

TEST(Availability, KnowsMonthsAndYears) {
    const auto text = [](Time time) { return format_time(time); };
    EXPECT_EQ(text(parse_period("2026-11")->end), "2026-12-01T00:00:00Z");
    EXPECT_EQ(text(parse_period("2026-12")->end), "2027-01-01T00:00:00Z");
    EXPECT_EQ(text(parse_period("2028")->begin), "2028-01-01T00:00:00Z");
    EXPECT_EQ(length({*parse_period("2028")}), 366 * 24h);
    for (const char* wrong : {"", "2026-13", "2026-00", "26-11", "2026-1", "2026-11-01", "abcd"})
        EXPECT_FALSE(parse_period(wrong)) << wrong;
}

}  // namespace
}  // namespace quipu::operations
