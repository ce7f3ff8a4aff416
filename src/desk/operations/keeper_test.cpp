#include "desk/operations/keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "desk/operations/availability.h"
#include "desk/operations/rooms.h"
#include "desk/operations/test_told.h"
#include "registry/test_registry.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;
using What = Finding::What;

constexpr std::string_view kPeople = R"(
[[organisations]]
id = "cable"
name = "Cable"
type = "provider"
[[people]]
id = "noc-reuna"
name = "NOC"
language = "es"
roles = [{ organisation = "reuna", role = "noc" }]
[[people]]
id = "tech-clara"
name = "Technicians"
roles = [{ organisation = "clara", role = "technical" }]
)";

class OperationsKeeper : public registry::RegistryTest {
  protected:
    void SetUp() override {
        RegistryTest::SetUp();
        ASSERT_TRUE(database_->migrate(kOperationsMigrations));
        must_import(registry::kSmallNetwork, "2011-07-06");
        must_import(kPeople, "2011-07-06");
        store_.emplace(*database_);
        keeper_.emplace(*database_, *journal_, *store_, *registry_, nullptr, &told_);
    }
    Time now() { return clock_.now(); }
    void take(What what, Nanoseconds ago = 40s) {
        Finding finding{.what = what,
                        .cause = "link:santiago-panama",
                        .part = Part::link,
                        .object = "santiago-panama",
                        .when = now() - ago,
                        .suspects = {{Part::link, "santiago-panama", 1}}};
        finding.pairs = {{.from = "santiago", .to = "panama", .lost = 12, .before = {"santiago", "panama"}},
                         {.from = "panama", .to = "santiago", .lost = 11, .before = {"panama", "santiago"}}};
        const auto done = keeper_->take(finding, now());
        ASSERT_TRUE(done) << done.error().text();
    }
    void tend() {
        const auto done = keeper_->tend(now());
        ASSERT_TRUE(done) << done.error().text();
    }
    Outage outage() { return **store_->outage_of("link:santiago-panama"); }
    std::vector<std::string> told() {
        std::vector<std::string> out;
        for (const auto& notice : told_.notices)
            out.push_back(notice.key);
        return out;
    }
    Window plan(Nanoseconds from, Nanoseconds to) {
        Window window{.title = "New amplifiers",
                      .organisation = "clara",
                      .links = {"santiago-panama"},
                      .begin = now() + from,
                      .end = now() + to};
        window.expected = *effect_of(registry_->now(), window.links, window.sites);
        EXPECT_TRUE(store_->add(window));
        return window;
    }

    Told told_;
    std::optional<Store> store_;
    std::optional<Keeper> keeper_;
};

TEST_F(OperationsKeeper, KeepsAnOutageFromItsBeginningToItsEnd) {
    take(What::failed);
    EXPECT_EQ(outage().state, OutageState::open);
    EXPECT_EQ(outage().severity, Severity::critical);
    EXPECT_EQ(outage().pairs_cut, 1);
    EXPECT_EQ(outage().organisations, (std::vector<std::string>{"clara", "reuna"}));
    ASSERT_EQ(told(), std::vector<std::string>{"outage:1/began"});
    const auto& notice = told_.notices[0];
    ASSERT_EQ(notice.to.size(), 2U);
    EXPECT_EQ(notice.to[0].id, "clara");
    EXPECT_EQ(notice.to[0].role, "technical");
    EXPECT_EQ(notice.to[1].id, "reuna");
    EXPECT_EQ(notice.to[1].role, "noc");
    EXPECT_EQ(told_.texts.render(notice.text, mail::Language::es, notice.values)->subject,
              "Enlace Santiago–Panama City caído");

    clock_.advance(5min);
    take(What::works, 10s);
    EXPECT_EQ(outage().state, OutageState::recovering);
    clock_.advance(30s);
    take(What::failed_again, 10s);
    EXPECT_EQ(outage().state, OutageState::open);
    EXPECT_EQ(outage().flaps, 1);
    clock_.advance(1min);
    take(What::works, 10s);
    clock_.advance(3min);
    take(What::over, 3min + 10s);
    EXPECT_EQ(outage().state, OutageState::closed);
    EXPECT_EQ(outage().down_s, 5 * 60 + 30 + 60);
    EXPECT_EQ(told(), (std::vector<std::string>{"outage:1/began", "outage:1/over"}));
    EXPECT_EQ(journal_->events({.type = "OutageBegan"})->size(), 1U);
    EXPECT_EQ(journal_->events({.type = "OutageEnded"})->size(), 1U);
}

// The same finding again, as after a crash, changes nothing.
TEST_F(OperationsKeeper, TakesAFindingTwice) {
    take(What::failed);
    take(What::failed);
    EXPECT_EQ(store_->outages({})->size(), 1U);
    EXPECT_EQ(outage().flaps, 0);
    take(What::over);
    take(What::over);
    EXPECT_EQ(told().size(), 2U);
}

TEST_F(OperationsKeeper, AWindowExplainsWhatItAnnounces) {
    plan(-5min, 1h);
    take(What::failed);
    EXPECT_EQ(outage().maintenance, 1);
    EXPECT_EQ(told(), std::vector<std::string>{});
    take(What::over);
    EXPECT_EQ(told(), std::vector<std::string>{});
    clock_.advance(2h);
    tend();
    const auto window = **store_->window(1);
    ASSERT_TRUE(window.report);
    EXPECT_EQ(window.report->outages, std::vector<std::int64_t>{1});
    EXPECT_EQ(window.report->pairs_seen, 1);
    EXPECT_EQ(window.report->pairs_expected, 1);
}

TEST_F(OperationsKeeper, WhatOutlastsItsWindowIsACase) {
    plan(-5min, 30min);
    take(What::failed);
    clock_.advance(20min);
    tend();
    EXPECT_EQ(told().size(), 0U);
    clock_.advance(20min);
    tend();
    tend();
    EXPECT_EQ(told(), std::vector<std::string>{"outage:1/began"});
    EXPECT_TRUE(outage().overran);
}

TEST_F(OperationsKeeper, AnnouncesWindowsAndTheirEnd) {
    const Window window = plan(11 * 24h, 11 * 24h + 2h);
    tend();
    EXPECT_EQ(told().size(), 0U);
    clock_.advance(2 * 24h);
    tend();
    tend();
    ASSERT_EQ(told(), std::vector<std::string>{"maintenance:1/864000"});
    EXPECT_EQ(told_.notices[0].organisations, (std::vector<std::string>{"clara", "reuna"}));
    ASSERT_TRUE(keeper_->tell_cancelled(window));
    EXPECT_EQ(told().back(), "maintenance:1/cancelled");
}

TEST_F(OperationsKeeper, AvailabilityFollowsTheOutages) {
    take(What::failed, 0s);
    clock_.advance(6h);
    take(What::over, 0s);
    clock_.advance(24h);
    const Rooms rooms{clock_, *store_, *keeper_, *registry_};
    const auto period = *parse_period("2011-11");
    const auto links = availability(rooms, By::link, period, now());
    ASSERT_TRUE(links) << links.error().text();
    ASSERT_EQ(links->size(), 1U);
    EXPECT_EQ(links->at(0).down_s, 6 * 3600);
    EXPECT_EQ(links->at(0).outages, 1);
    EXPECT_EQ(links->at(0).mttr_s, 6 * 3600);
    // From the first of the month until now: 14.5 days and 30 hours.
    EXPECT_EQ(links->at(0).in_service_s, (14 * 24 + 12 + 30) * 3600);
    const auto sites = availability(rooms, By::site, period, now());
    ASSERT_TRUE(sites) << sites.error().text();
    std::int64_t down = 0;
    for (const auto& site : *sites)
        down += site.down_s;
    EXPECT_EQ(down, 6 * 3600);  // of the two, one is the network and the other cut off from it
    EXPECT_TRUE(availability(rooms, By::organisation, period, now()));
}

}  // namespace
}  // namespace quipu::operations
