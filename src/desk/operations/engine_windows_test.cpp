#include "desk/operations/engine_windows.h"

#include <gtest/gtest.h>

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;

constexpr Time kBegin{std::chrono::sys_days{std::chrono::year{2026} / 12 / 10} + 3h};
const std::vector<Ends> kEnds = {{"lima-santiago", "lima", "santiago"}, {"bogota-panama", "bogota", "panama"}};

Window window() {
    return {.id = 7, .title = "New amplifiers", .links = {"lima-santiago"}, .begin = kBegin, .end = kBegin + 2h};
}

TEST(Windows, AnnounceThemselvesOnceAtEachTime) {
    const Window work = window();
    EXPECT_EQ(notice_due(work, {}, kBegin - 240h - 1s), std::nullopt);
    EXPECT_EQ(notice_due(work, {}, kBegin - 240h), 864'000);
    EXPECT_EQ(notice_due(work, {864'000}, kBegin - 100h), std::nullopt);
    EXPECT_EQ(notice_due(work, {864'000}, kBegin - 48h), 172'800);
    EXPECT_EQ(notice_due(work, {864'000, 172'800}, kBegin - 30min), 3600);
    EXPECT_EQ(notice_due(work, {864'000, 172'800, 3600}, kBegin - 30min), std::nullopt);
    EXPECT_EQ(notice_due(work, {}, kBegin + 1s), std::nullopt);
}

// One that is planned at short notice is announced once, not three times.
TEST(Windows, OvertakenAnnouncementsAreNotMade) {
    EXPECT_EQ(notice_due(window(), {}, kBegin - 20min), 3600);
    EXPECT_EQ(notice_due(window(), {3600}, kBegin - 10min), std::nullopt);
}

TEST(Windows, ExplainWhatTheyAnnounce) {
    Window at_site = window();
    at_site.links = {};
    at_site.sites = {"bogota"};
    at_site.id = 8;
    const std::vector<Window> windows{window(), at_site};
    const auto explained = [&](Part part, std::string_view object, Nanoseconds at) -> std::int64_t {
        const Window* found = explanation(windows, part, object, kBegin + at, kEnds);
        return found == nullptr ? 0 : found->id;
    };
    EXPECT_EQ(explained(Part::link, "lima-santiago", 0s), 7);
    EXPECT_EQ(explained(Part::link, "lima-santiago", -1min), 7);
    EXPECT_EQ(explained(Part::link, "lima-santiago", -10min), 0);
    EXPECT_EQ(explained(Part::link, "lima-santiago", 2h), 0);
    EXPECT_EQ(explained(Part::link, "bogota-panama", 1h), 8);
    EXPECT_EQ(explained(Part::point, "bogota", 1h), 8);
    EXPECT_EQ(explained(Part::site, "lima", 1h), 0);
    EXPECT_EQ(length(planned_for(windows, Part::link, "bogota-panama", kEnds)), 2h + kEarly);
}

TEST(Windows, AreComparedWithWhatWasSeen) {
    Window work = window();
    work.sites = {"bogota"};
    work.expected = ExpectedEffect{.pairs_rerouted = 5, .affected = {"raap", "reuna"}};
    Outage outage{.id = 3, .cause = "link:lima-santiago", .part = Part::link, .object = "lima-santiago"};
    outage.began = kBegin + 5min;
    outage.ended = kBegin + 2h + 10min;
    outage.organisations = {"raap", "reuna"};
    outage.pairs = {{.from = "lima", .to = "santiago"}, {.from = "santiago", .to = "lima"}};
    Outage other{.id = 4, .cause = "link:other", .part = Part::link, .object = "other"};
    other.began = kBegin + 6min;
    const auto report = report_of(work, std::vector{outage, other}, kEnds, kBegin + 3h);
    EXPECT_EQ(report.actual_begin, outage.began);
    EXPECT_EQ(report.late_s, 600);
    EXPECT_EQ(report.early_s, 0);
    EXPECT_EQ(report.unexpected, std::vector<std::string>{"link:other"});
    EXPECT_EQ(report.unaffected, std::vector<std::string>{"site:bogota"});
    EXPECT_EQ(report.pairs_expected, 5);
    EXPECT_EQ(report.pairs_seen, 1);
    EXPECT_EQ(report.outages, std::vector<std::int64_t>{3});
}

}  // namespace
}  // namespace quipu::operations
