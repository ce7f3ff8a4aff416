#include "services/measure/path_history.h"

#include <gtest/gtest.h>

#include "data/test_database.h"
#include "services/measure/path/codec_record.h"
#include "services/measure/path/ways.h"
#include "services/measure/path_names.h"

namespace quipu::measure {
namespace {

using std::chrono::minutes;

class Paths : public data::BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (IsSkipped() || !database_) return;
        ASSERT_TRUE(database_->migrate(data::kJournalMigrations));
        ASSERT_TRUE(database_->migrate(kPathMigrations));
        journal_ = std::make_unique<data::Journal>(*database_, clock_);
        begin();
    }
    void begin() {
        history_ = std::make_unique<PathHistory>(*database_, *journal_);
        const auto loaded = history_->load();
        ASSERT_TRUE(loaded) << loaded.error().text();
    }
    static Time at(int minute) { return *parse_time("2011-11-21T12:00:00Z") + minutes(minute); }

    /// "10.0.0.1 * 10.0.2.1", "…" at the end: not reached.
    static std::vector<std::uint8_t> traced(int minute, const std::string& hops, std::string to = "panama") {
        path::TracedPath out{.to = std::move(to)};
        out.record.time = at(minute);
        out.record.reached = true;
        std::istringstream in(hops);
        for (std::string word; in >> word;) {
            if (word == "…") {
                out.record.reached = false;
                break;
            }
            path::Hop hop{.sent = 1};
            if (word != "*") hop.addresses.push_back(*net::IpAddress::parse(word));
            out.record.hops.push_back(std::move(hop));
        }
        ByteWriter bytes;
        path::write_path(bytes, out);
        return bytes.take();
    }
    void take(const std::vector<std::vector<std::uint8_t>>& payloads, const std::string& from = "santiago") {
        agent::StreamBatch batch{
            .agent = from, .spool = "s", .stream = "measure.path", .first_sequence = 1, .payloads = {}};
        for (const auto& payload : payloads)
            batch.payloads.emplace_back(payload);
        const auto taken = history_->take(batch, at(100'000));
        ASSERT_TRUE(taken) << taken.error().text();
    }
    /// "0-5 10.0.0.1 10.0.2.1" a stay, the latest first.
    std::vector<std::string> stays() {
        std::vector<std::string> out;
        const auto spans = history_->spans("santiago", "panama", at(-1000), at(100'000), 100);
        EXPECT_TRUE(spans) << spans.error().text();
        for (const auto& span : *spans) {
            const auto minute = [](Time time) {
                return std::to_string(std::chrono::duration_cast<minutes>(time - at(0)).count());
            };
            std::string text = minute(span.since) + "-" + (span.until ? minute(*span.until) : "");
            for (const auto& address : path::addresses_of(span.way.hops))
                text += " " + address;
            out.push_back(std::move(text));
        }
        return out;
    }
    std::size_t changes() {
        const auto all = journal_->events({});
        return static_cast<std::size_t>(
            std::ranges::count_if(*all, [](const auto& event) { return event.type == "PathChanged"; }));
    }

    ManualClock clock_{*parse_time("2011-11-21T12:00:00Z")};
    std::unique_ptr<data::Journal> journal_;
    std::unique_ptr<PathHistory> history_;
};

TEST_P(Paths, ASilentHopIsNoChangeAndIsLearned) {
    take({traced(0, "10.0.0.1 * 10.0.2.1"), traced(5, "10.0.0.1 10.0.1.1 10.0.2.1"), traced(10, "* 10.0.1.1 10.0.2.1"),
          traced(15, "* * *"), traced(20, "10.0.0.1 …")});
    EXPECT_EQ(stays(), std::vector<std::string>{"0- 10.0.0.1 10.0.1.1 10.0.2.1"});
    EXPECT_EQ(changes(), 0U);
}

TEST_P(Paths, ChangesAreToldOnceAndAReturnIsTheSameWay) {
    const std::vector<std::vector<std::uint8_t>> batch{traced(0, "10.0.0.1 10.0.2.1"), traced(5, "10.0.0.9 10.0.2.1"),
                                                       traced(10, "10.0.0.1 10.0.2.1")};
    take(batch);
    const std::vector<std::string> expected{"10- 10.0.0.1 10.0.2.1", "5-10 10.0.0.9 10.0.2.1", "0-5 10.0.0.1 10.0.2.1"};
    EXPECT_EQ(stays(), expected);
    const std::string id = history_->current("santiago", "panama");
    take(batch);  // delivered twice
    begin();      // and once more to a hub that was started anew
    take(batch);
    EXPECT_EQ(stays(), expected);
    EXPECT_EQ(changes(), 2U);
    EXPECT_EQ(history_->current("santiago", "panama"), id);
    const auto times = history_->times("santiago", "panama", at(-10), at(60));
    ASSERT_TRUE(times);
    EXPECT_EQ(times->at(at(-1)), "");
    EXPECT_EQ(times->at(at(0)), id);
    EXPECT_NE(times->at(at(5)), id);
    EXPECT_EQ(times->at(at(30)), id);
    const auto way = history_->way(id, 10);
    ASSERT_TRUE(way && *way);
    EXPECT_EQ((*way)->spans.size(), 2U);
}

// Two sites behind the same routers take ways of one name; what each has measured stays its own.
TEST_P(Paths, PairsShareANameAndNothingElse) {
    const auto slow = [](std::int64_t rtt) {
        path::TracedPath out{.to = "panama"};
        out.record.time = at(0);
        out.record.reached = true;
        out.record.hops.push_back(
            {.addresses = {*net::IpAddress::parse("10.0.2.1")}, .sent = 1, .received = 1, .rtt_min_us = rtt});
        ByteWriter bytes;
        path::write_path(bytes, out);
        return bytes.take();
    };
    take({slow(1000)}, "santiago");
    take({slow(7000)}, "lima");
    EXPECT_EQ(history_->current("santiago", "panama"), history_->current("lima", "panama"));
    const auto rtt = [&](std::string_view from) {
        return history_->spans(from, "panama", at(-1), at(1), 1)->front().way.hops[0].rtt_min_us;
    };
    EXPECT_EQ(rtt("santiago"), 1000);
    EXPECT_EQ(rtt("lima"), 7000);
    const auto way = history_->way(history_->current("lima", "panama"), 10);
    ASSERT_TRUE(way && *way);
    EXPECT_EQ((*way)->spans.size(), 2U);
}

TEST_P(Paths, ABrokenTraceReplacesNoWholeOne) {
    take({traced(0, "10.0.0.1 10.0.2.1"), traced(5, "10.0.0.9 …"), traced(6, "10.0.0.1 …")});
    EXPECT_EQ(stays().size(), 1U);
    take({traced(10, "10.0.0.1 10.0.1.1 …", "lima")});
    EXPECT_FALSE(history_->current("santiago", "lima").empty());
    take({traced(15, "10.0.0.1 10.0.1.1 10.0.3.1", "lima")});
    const auto spans = history_->spans("santiago", "lima", at(0), at(60), 10);
    ASSERT_TRUE(spans);
    EXPECT_TRUE(spans->front().way.reached);
}

TEST_P(Paths, WhatCannotBeReadIsLeftOut) {
    auto broken = traced(0, "10.0.0.1 10.0.2.1");
    broken.resize(10);
    take({broken, traced(200'000, "10.0.0.7 10.0.2.1"), traced(1, "10.0.0.1 10.0.2.1")});
    EXPECT_EQ(stays(), std::vector<std::string>{"1- 10.0.0.1 10.0.2.1"});
    EXPECT_EQ(history_->malformed(), 2U);
}

TEST_P(Paths, WhenItWasSeenLastIsKept) {
    take({traced(0, "10.0.0.1 10.0.2.1"), traced(5, "10.0.0.1 10.0.2.1"), traced(20, "10.0.0.1 10.0.2.1"),
          traced(25, "10.0.0.1 10.0.2.1")});
    const auto last = [&] { return history_->spans("santiago", "panama", at(0), at(60), 10)->front().last; };
    EXPECT_EQ(last(), at(25));
    begin();
    EXPECT_EQ(last(), at(20));
}

TEST_P(Paths, WhoPlansByThemHearsOfChanges) {
    const auto before = history_->revision();
    take({traced(0, "10.0.0.1 * 10.0.2.1")});
    const auto first = history_->revision();
    EXPECT_GT(first, before);
    take({traced(5, "10.0.0.1 * 10.0.2.1")});
    EXPECT_EQ(history_->revision(), first) << "the same way tells nothing new";
    take({traced(10, "10.0.0.1 10.0.1.1 10.0.2.1"), traced(11, "10.0.0.1 * 10.0.2.1")});
    EXPECT_GT(history_->revision(), first) << "a router that was silent";
    const auto way = history_->way_now("santiago", "panama");
    ASSERT_TRUE(way);
    const SitesByAddress sites{{*net::IpAddress::parse("10.0.1.1"), "lima"},
                               {*net::IpAddress::parse("10.0.2.1"), "panama"}};
    EXPECT_EQ(sites_between(*way, sites), (std::vector<std::string>{"", "lima"}));
    EXPECT_FALSE(history_->way_now("panama", "santiago"));
    path::PathRecord cut = *way;
    cut.reached = false;
    cut.hops.pop_back();
    EXPECT_EQ(sites_between(cut, sites), (std::vector<std::string>{"", "lima", ""})) << "what comes then nobody knows";
}

TEST_P(Paths, AllStaysAreReadInPieces) {
    take({traced(0, "10.0.0.1 10.0.2.1"), traced(5, "10.0.0.9 10.0.2.1"), traced(0, "10.0.0.1 10.0.3.1", "lima")});
    take({traced(0, "10.0.0.1 10.0.2.1")}, "lima");
    std::vector<std::string> seen;
    std::optional<PathSpan> after;
    for (;;) {
        const auto some = history_->all_spans("", "", at(-1), at(60), after, 1);
        ASSERT_TRUE(some) << some.error().text();
        if (some->empty()) break;
        after = some->back();
        seen.push_back(after->from + "/" + after->to);
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"lima/panama", "santiago/lima", "santiago/panama", "santiago/panama"}));
    EXPECT_EQ(history_->all_spans("santiago", "panama", at(10), at(60), {}, 9)->size(), 1U)
        << "what was over is left out";
}

TEST_P(Paths, WhatIsLongOverIsForgotten) {
    take({traced(0, "10.0.0.1 10.0.2.1"), traced(5, "10.0.0.9 10.0.2.1"), traced(10, "10.0.0.8 10.0.2.1")});
    const auto old = history_->spans("santiago", "panama", at(0), at(5), 1)->front().way.id;
    ASSERT_TRUE(history_->forget_before(at(7)));
    EXPECT_EQ(stays(), (std::vector<std::string>{"10- 10.0.0.8 10.0.2.1", "5-10 10.0.0.9 10.0.2.1"}));
    EXPECT_FALSE(history_->way(old, 1)->has_value());
    ASSERT_TRUE(history_->forget_before(at(1'000)));
    EXPECT_EQ(stays(), std::vector<std::string>{"10- 10.0.0.8 10.0.2.1"}) << "what is so now stays";
}

INSTANTIATE_TEST_SUITE_P(Both, Paths, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

}  // namespace
}  // namespace quipu::measure
