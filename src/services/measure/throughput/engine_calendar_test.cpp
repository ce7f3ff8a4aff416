#include "services/measure/throughput/engine_calendar.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "services/measure/throughput/proof.h"
#include "services/measure/throughput/refusal_words.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;

constexpr Time kMorning{std::chrono::sys_days{std::chrono::year{2026} / 11 / 29} + 6h};
constexpr Time kSeven = kMorning + 1h;
constexpr Bandwidth kGigabit{1'000'000'000};

/// A chain a - b - c - d, each link named by its ends.
std::optional<KnownPath> chain(std::string_view from, std::string_view to) {
    KnownPath out;
    const char first = std::min(from[0], to[0]), last = std::max(from[0], to[0]);
    if (first < 'a' || last > 'd') return std::nullopt;
    for (char at = first; at < last; ++at)
        out.links.push_back({{at, static_cast<char>(at + 1)}, kGigabit});
    return out;
}

CalendarRules asked_only(double share = 1) {
    return {.regular = false, .shape = {}, .share = share, .pairs = {}};
}

Wish wish(std::string from, std::string to, std::optional<Time> at = {}, Nanoseconds duration = 10s) {
    return {.from = std::move(from), .to = std::move(to), .at = at, .shape = {.duration = duration}, .asked_by = "ana"};
}

Calendar calendar_of(CalendarRules rules, std::uint64_t seed = 1) {
    Calendar out(std::move(rules), chain, Rng(seed));
    out.set_points({"a", "b", "c", "d"});
    return out;
}

std::vector<HistoryEntry> history_of(const Calendar& calendar) {
    std::vector<HistoryEntry> out;
    for (const auto& [id, test] : calendar.tests())
        out.push_back({test, {}, {}});
    return out;
}

TEST(Calendar, ATestTakesItsPlace) {
    Calendar calendar = calendar_of(asked_only());
    const auto test = calendar.admit(wish("a", "c", kMorning + 1h), kMorning);
    ASSERT_TRUE(test) << test.error().what;
    EXPECT_EQ(test->id, 1);
    EXPECT_EQ(test->begins, kMorning + 1h - kLead);
    EXPECT_EQ(test->until, kMorning + 1h + 10s + kGrace);
    EXPECT_EQ(test->links, (std::vector<std::string>{"ab", "bc"}));
    EXPECT_EQ(test->expected_octets, 1'250'000'000);
    EXPECT_FALSE(test->handed_out);
    EXPECT_EQ(calendar.used("ab", kMorning), 1'250'000'000);
    EXPECT_EQ(calendar.used("cd", kMorning), 0);
}

TEST(Calendar, ARefusalNamesWhatStandsAgainstIt) {
    Calendar calendar = calendar_of(asked_only());
    ASSERT_TRUE(calendar.admit(wish("a", "c", kMorning + 1h), kMorning));
    const auto end = calendar.check(wish("c", "d", kMorning + 1h + 5s), kMorning);
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().reason, RefusalReason::end_busy);
    EXPECT_EQ(end.error().object, "c");
    EXPECT_EQ(end.error().next_free, kMorning + 1h + 10s + kGrace + kLead);
    EXPECT_EQ(end.error().what, "c is in use by test 1 (a to c) from 2026-11-29T06:59:58Z to 2026-11-29T07:00:18Z");
    EXPECT_EQ(advice_of(end.error()), "the next free start is 2026-11-29T07:00:20Z");
    const auto link = calendar.check(wish("b", "d", kMorning + 1h), kMorning);
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().reason, RefusalReason::link_busy);
    EXPECT_EQ(link.error().object, "bc");
    EXPECT_EQ(link.error().other, 1);
    // What shares neither is free.
    ASSERT_TRUE(calendar.admit(wish("d", "x", kMorning + 2h), kMorning));
    const auto alone = calendar.check(wish("a", "b", kMorning + 2h), kMorning);
    ASSERT_FALSE(alone);
    EXPECT_EQ(alone.error().reason, RefusalReason::path_busy);
    const auto soon = calendar.check(wish("a", "b", kMorning), kMorning);
    ASSERT_FALSE(soon);
    EXPECT_EQ(soon.error().reason, RefusalReason::too_early);
    EXPECT_EQ(soon.error().next_free, kMorning + kNotice + kLead);
    EXPECT_EQ(calendar.check(wish("a", "b", kMorning + kHeldAhead), kMorning).error().reason, RefusalReason::too_late);
}

TEST(Calendar, ALinkCarriesNoMoreThanItsShareOfTheDay) {
    // Of a gigabit's 10.8 TB a day 0.1 %: eight tests of ten seconds.
    Calendar calendar = calendar_of(asked_only(0.001));
    for (int i = 0; i < 8; ++i)
        ASSERT_TRUE(calendar.admit(wish("a", "b"), kMorning));
    const auto ninth = calendar.admit(wish("a", "b"), kMorning);
    ASSERT_TRUE(ninth);
    EXPECT_EQ(date_of(ninth->start), date_of(kMorning + 24h)) << "it waits for the next day";
    const auto refused = calendar.check(wish("a", "c", kMorning + 3h), kMorning);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, RefusalReason::link_share);
    EXPECT_EQ(refused.error().object, "ab");
    EXPECT_EQ(
        refused.error().what,
        "the link ab carries 10 GB of tests on 2026-11-29; this one may bring 1.2 GB, and a day's limit is 10.8 GB");
    EXPECT_EQ(refused.error().next_free->time_since_epoch() % 24h, ninth->until.time_since_epoch() % 24h + kLead);
    const auto never = calendar.check(wish("c", "d", {}, 5min), kMorning);
    ASSERT_FALSE(never);
    EXPECT_EQ(never.error().reason, RefusalReason::too_much);
    EXPECT_FALSE(never.error().next_free);
    Wish slow = wish("c", "d", {}, 5min);
    slow.shape.protocol = Protocol::udp;
    slow.shape.rate = {10'000'000};
    EXPECT_TRUE(calendar.check(slow, kMorning));
}

TEST(Calendar, ACancelledPlaceIsFreeUnlessItsEndsWereTold) {
    Calendar calendar = calendar_of(asked_only());
    ASSERT_TRUE(calendar.admit(wish("a", "b", kMorning + 1h), kMorning));
    ASSERT_TRUE(calendar.cancel(1, kMorning));
    EXPECT_EQ(calendar.used("ab", kMorning), 0);
    ASSERT_TRUE(calendar.admit(wish("a", "b", kMorning + 1h), kMorning));
    ASSERT_TRUE(calendar.advance(kMorning + 50min).assignments);
    EXPECT_EQ(calendar.handed_out(kMorning + 50min).size(), 1U);
    ASSERT_TRUE(calendar.cancel(2, kMorning + 50min));
    EXPECT_TRUE(calendar.handed_out(kMorning + 50min).empty());
    EXPECT_FALSE(calendar.check(wish("a", "b", kMorning + 1h), kMorning + 50min));
    EXPECT_EQ(calendar.cancel(2, kMorning + 50min).error().code, ErrorCode::conflict);
    EXPECT_EQ(calendar.cancel(9, kMorning).error().code, ErrorCode::not_found);
    ASSERT_TRUE(calendar.admit(wish("c", "d", kMorning + 1h), kMorning + 50min));
    EXPECT_EQ(calendar.cancel(3, kMorning + 1h).error().code, ErrorCode::conflict) << "it has begun";
}

TEST(Calendar, WhatIsNotHeardOfExpires) {
    Calendar calendar = calendar_of(asked_only());
    const auto test = calendar.admit(wish("a", "b"), kMorning);
    ASSERT_TRUE(test);
    EXPECT_TRUE(test->handed_out);
    EXPECT_TRUE(calendar.advance(test->until).changed.empty());
    const auto step = calendar.advance(test->until + kResultWait);
    ASSERT_EQ(step.changed.size(), 1U);
    EXPECT_EQ(step.changed[0].state, TestState::expired);
    EXPECT_EQ(calendar.settle(1, TestState::done, "")->state, TestState::done) << "a late result counts all the same";
    // Whose both ends have ended leaves its place at once.
    const auto quick = calendar.admit(wish("a", "b", kMorning + 30min), kMorning + 20min);
    ASSERT_TRUE(quick);
    EXPECT_FALSE(calendar.check(wish("a", "b", kMorning + 30min + 15s), kMorning + 20min));
    static_cast<void>(calendar.settle(quick->id, TestState::done, "", kMorning + 30min + 11s));
    EXPECT_TRUE(calendar.check(wish("a", "b", kMorning + 30min + 15s), kMorning + 20min));
}

TEST(Calendar, ATestWaitsForAnEndThatIsAway) {
    Calendar calendar = calendar_of(asked_only());
    ASSERT_TRUE(calendar.admit(wish("c", "d", kMorning + 1h), kMorning));
    ASSERT_TRUE(calendar.admit(wish("a", "b", kMorning + 1h), kMorning));
    calendar.set_points({"a"}, {{"b", "its agent is away"}});
    EXPECT_TRUE(calendar.advance(kMorning + 50min).changed.empty()) << "an agent that restarts is back in time";
    EXPECT_TRUE(calendar.handed_out(kMorning + 50min).empty());
    calendar.set_points({"a", "c", "d"}, {{"b", "its agent is away"}});
    EXPECT_TRUE(calendar.advance(kMorning + 1h - 4s).assignments);
    EXPECT_EQ(calendar.handed_out(kMorning + 1h - 4s).size(), 1U);
    const auto gone = calendar.advance(kMorning + 1h - kLead - kNotice);
    ASSERT_EQ(gone.changed.size(), 1U);
    EXPECT_EQ(gone.changed[0].state, TestState::expired);
    EXPECT_EQ(gone.changed[0].why, "b can't test: its agent is away");
    EXPECT_EQ(calendar.used("ab", kMorning), 0);
}

TEST(Calendar, ARegularTestWhoseEndIsAwayIsTriedAgainInItsInterval) {
    Calendar calendar = calendar_of({.shape = {}, .share = 1, .pairs = {{"a", "b"}}});
    const auto planned = calendar.advance(kSeven).changed;
    const auto first = std::ranges::find_if(planned, [](const auto& test) { return !test.handed_out; });
    ASSERT_NE(first, planned.end());
    calendar.set_points({"a"});
    Time now = first->begins - kNotice;
    const auto away = calendar.advance(now);
    const auto moved = std::ranges::find(away.changed, first->id, &ThroughputTest::id);
    ASSERT_NE(moved, away.changed.end());
    if (now + kTryAgain < *first->period + 6h) {
        EXPECT_EQ(moved->state, TestState::planned);
        EXPECT_GE(moved->start, now + kTryAgain);
        EXPECT_TRUE(moved->why.ends_with("b is no point that can test now")) << moved->why;
    }
    // Away to the end of the interval, it is given up; so is what nobody could be told of in time.
    for (int i = 0; i < 20 && calendar.find(first->id)->state == TestState::planned; ++i) {
        now = calendar.find(first->id)->begins + 1s;
        static_cast<void>(calendar.advance(now));
    }
    EXPECT_EQ(calendar.find(first->id)->state, TestState::expired);
    EXPECT_LT(now, *first->period + 6h);
    Calendar slept = calendar_of(asked_only());
    ASSERT_TRUE(slept.admit(wish("a", "b", kMorning + 1h), kMorning));
    const auto late = slept.advance(kMorning + 2h).changed;
    ASSERT_EQ(late.size(), 1U);
    EXPECT_EQ(late[0].why, "its ends could not be told in time");
}

TEST(Calendar, RegularTestsAreOneForEachPairAndInterval) {
    Calendar calendar = calendar_of({.shape = {}, .share = 1, .pairs = {}});
    const auto step = calendar.advance(kSeven);
    EXPECT_TRUE(step.refused.empty());
    // 12 pairs, four whole intervals, and what is left of the one that began at six.
    std::map<std::tuple<std::string, std::string, Time>, int> seen;
    int on_the_minute = 0;
    for (const ThroughputTest& test : step.changed) {
        ++seen[{test.from, test.to, *test.period}];
        EXPECT_GE(test.start, *test.period);
        EXPECT_LT(test.start, *test.period + 6h);
        on_the_minute += test.start.time_since_epoch() % 1min == 0s ? 1 : 0;
    }
    for (const auto& [key, count] : seen)
        EXPECT_EQ(count, 1);
    EXPECT_GE(step.changed.size(), 48U);
    EXPECT_LE(step.changed.size(), 60U);
    EXPECT_GT(on_the_minute, 40);
    EXPECT_TRUE(prove(history_of(calendar)).kept);
    for (const ThroughputTest& test : calendar.advance(kSeven + 2min).changed)
        EXPECT_TRUE(test.handed_out) << "nothing is planned twice";
    // Another seed, other minutes.
    Calendar other = calendar_of({.shape = {}, .share = 1, .pairs = {}}, 2);
    EXPECT_NE(other.advance(kSeven).changed.at(0).start, step.changed.at(0).start);
    Calendar some = calendar_of({.shape = {}, .share = 1, .pairs = {{"a", "b"}}});
    for (const ThroughputTest& test : some.advance(kSeven).changed)
        EXPECT_EQ(test.from + test.to, "ab");
}

TEST(Calendar, AMeshThatDoesNotFitIsToldOnce) {
    Calendar calendar = calendar_of({.shape = {}, .share = 0.001, .pairs = {}});
    const auto step = calendar.advance(kSeven);
    ASSERT_FALSE(step.refused.empty());
    EXPECT_EQ(step.refused[0].reason, RefusalReason::link_share);
    EXPECT_NE(step.refused[0].what, "");
    EXPECT_TRUE(calendar.advance(kSeven + 2min).refused.empty());
}

TEST(Calendar, AfterARestartItIsTheSame) {
    Calendar before = calendar_of({.shape = {}, .share = 1, .pairs = {}});
    static_cast<void>(before.advance(kSeven));
    ASSERT_TRUE(before.admit(wish("a", "d"), kSeven));
    std::vector<ThroughputTest> kept;
    for (const auto& [id, test] : before.tests())
        kept.push_back(test);
    Calendar after = calendar_of({.shape = {}, .share = 1, .pairs = {}}, 99);
    EXPECT_TRUE(after.load(kept, 0).empty());
    EXPECT_EQ(after.used("bc", kSeven), before.used("bc", kSeven));
    for (const ThroughputTest& test : after.advance(kSeven + 10s).changed)
        EXPECT_EQ(test.period, kMorning) << "only what had been passed by is drawn again";
    EXPECT_FALSE(after.check(wish("a", "d", kSeven + kNotice + kLead), kSeven));
    // Other rules: regular tests that they would not make are forgotten, those of people stay.
    Calendar longer = calendar_of({.interval = 12h, .shape = {.duration = 20s}, .share = 1, .pairs = {}});
    const auto forgotten = longer.load(kept, 0);
    const auto handed_out = std::ranges::count(kept, true, &ThroughputTest::handed_out);
    EXPECT_EQ(forgotten.size(), kept.size() - static_cast<std::size_t>(handed_out));
}

TEST(Calendar, TestsMoveWithTheirPaths) {
    bool roundabout = false;
    // c to d is direct, until it goes over a and b.
    Calendar calendar(
        asked_only(),
        [&](std::string_view from, std::string_view to) -> std::optional<KnownPath> {
            if (roundabout && from == "c" && to == "d")
                return KnownPath{.links = {{"ab", kGigabit}, {"x", kGigabit}}, .traced = true};
            return chain(from, to);
        },
        Rng(1));
    calendar.set_points({"a", "b", "c", "d"});
    ASSERT_TRUE(calendar.admit(wish("a", "b", kMorning + 1h), kMorning));
    ASSERT_TRUE(calendar.admit(wish("c", "d", kMorning + 1h), kMorning));
    EXPECT_TRUE(calendar.revise(kMorning).empty());
    roundabout = true;
    const auto step = calendar.revise(kMorning);
    ASSERT_EQ(step.changed.size(), 1U);
    EXPECT_EQ(step.changed[0].id, 2);
    EXPECT_EQ(step.changed[0].start, kMorning + 1h + 20s);
    EXPECT_TRUE(step.changed[0].why.starts_with(
        "moved from 2026-11-29T07:00:00Z: the link ab on its path, as it was traced, is"))
        << step.changed[0].why;
    EXPECT_TRUE(step.changed[0].traced);
    EXPECT_EQ(calendar.used("cd", kMorning), 0);
    EXPECT_TRUE(prove(history_of(calendar)).kept);
    // Told to its ends already, it is called off instead, and holds what it had.
    roundabout = false;
    static_cast<void>(calendar.revise(kMorning));
    ASSERT_TRUE(calendar.admit(wish("a", "b", kMorning + 2h), kMorning));
    ASSERT_TRUE(calendar.admit(wish("c", "d", kMorning + 2h), kMorning));
    const Time told = kMorning + 110min;
    static_cast<void>(calendar.advance(told));
    EXPECT_EQ(calendar.handed_out(told).size(), 2U);
    roundabout = true;
    const auto late = calendar.revise(told);
    ASSERT_EQ(late.changed.size(), 1U);
    EXPECT_TRUE(late.assignments);
    EXPECT_EQ(late.changed[0].id, 4);
    EXPECT_TRUE(late.changed[0].why.starts_with("called off, for its path has changed: the link ab on its path"));
    ASSERT_EQ(calendar.handed_out(told).size(), 1U);
    EXPECT_EQ(calendar.handed_out(told)[0].id, 3);
    EXPECT_FALSE(calendar.check(wish("c", "d", kMorning + 2h), told));
    EXPECT_TRUE(prove(history_of(calendar)).kept);
}

TEST(Proof, FindsWhatOverlaps) {
    ThroughputTest first{.id = 1,
                         .from = "a",
                         .to = "b",
                         .start = kMorning,
                         .begins = kMorning,
                         .until = kMorning + 20s,
                         .links = std::vector<std::string>{"ab"},
                         .period = {},
                         .asked_by = {},
                         .why = {}};
    ThroughputTest second = first;
    second.id = 2;
    second.from = "c";
    second.to = "d";
    second.begins = kMorning + 10s;
    second.until = kMorning + 30s;
    const auto overlaps = [](std::vector<HistoryEntry> history) { return prove(history).overlaps; };
    ASSERT_EQ(overlaps({{first, {}, {}}, {second, {}, {}}}).size(), 1U);
    EXPECT_EQ(overlaps({{first, {}, {}}, {second, {}, {}}})[0].object, "ab");
    second.links = {"cd"};
    EXPECT_TRUE(overlaps({{first, {}, {}}, {second, {}, {}}}).empty());
    second.links.reset();
    EXPECT_EQ(overlaps({{first, {}, {}}, {second, {}, {}}})[0].kind, "unknown-path");
    second.links = {"cd"};
    second.to = "a";
    EXPECT_EQ(overlaps({{first, {}, {}}, {second, {}, {}}})[0].kind, "point");
    second.begins = first.until;
    EXPECT_TRUE(overlaps({{first, {}, {}}, {second, {}, {}}}).empty());
    // The calendar kept them apart, their programs did not.
    const auto ran = overlaps({{first, kMorning, kMorning + 25s}, {second, kMorning + 21s, kMorning + 30s}});
    ASSERT_EQ(ran.size(), 1U);
    EXPECT_TRUE(ran[0].measured);
}

/// Random meshes, wishes, cancellations, changes of paths, restarts: never do two tests that hold a place share a point
/// or a link.
TEST(CalendarProperty, NoTwoTestsEverMeet) {
    std::size_t admitted = 0, refused = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        Rng rng(seed);
        const std::uint64_t sites = 3 + rng.below(8);
        std::uint64_t shape = rng.next();
        // A path is a run of links by chance, the same until the shape changes; now and then nobody knows it.
        const PathOf path = [&](std::string_view from, std::string_view to) -> std::optional<KnownPath> {
            Rng own(shape ^ (static_cast<std::uint64_t>(from[1]) << 8U) ^ static_cast<std::uint64_t>(to[1]));
            if (own.below(20) == 0) return std::nullopt;
            KnownPath out;
            for (std::uint64_t i = 0, n = 1 + own.below(3); i < n; ++i) {
                const auto number = own.below(2 * sites);
                if (std::ranges::none_of(out.links,
                                         [&](const auto& link) { return link.id == std::to_string(number); }))
                    out.links.push_back(
                        {std::to_string(number), {100'000'000 * static_cast<std::int64_t>(1 + number % 5)}});
            }
            return out;
        };
        const CalendarRules rules{.shape = {}, .share = 0.02, .pairs = {}};
        auto calendar = std::make_unique<Calendar>(rules, path, Rng(seed + 1000));
        std::vector<std::string> points;
        for (std::uint64_t i = 0; i < sites; ++i)
            points.push_back(std::string("s") + static_cast<char>('a' + i));
        calendar->set_points(points);
        Time now = kMorning;
        std::map<std::int64_t, ThroughputTest> history;
        const auto note = [&] {
            for (const auto& [id, test] : calendar->tests())
                history.insert_or_assign(id, test);
        };
        for (int i = 0; i < 150; ++i) {
            now += std::chrono::seconds(rng.below(600));
            static_cast<void>(calendar->advance(now));
            const std::string from = points[rng.below(sites)], to = points[rng.below(sites)];
            if (from != to) {
                Wish wanted = wish(from, to, {}, std::chrono::seconds(1 + rng.below(60)));
                if (rng.below(2) == 0) wanted.at = now + std::chrono::seconds(rng.below(7200));
                const auto got = calendar->admit(wanted, now);
                ++(got ? admitted : refused);
                if (!got) {
                    EXPECT_FALSE(got.error().what.empty());
                    // What is offered is free.
                    if (got.error().next_free) {
                        wanted.at = got.error().next_free;
                        EXPECT_TRUE(calendar->check(wanted, now)) << got.error().what;
                    }
                }
            }
            note();
            if (rng.below(4) == 0 && !history.empty())
                static_cast<void>(calendar->cancel(static_cast<std::int64_t>(1 + rng.below(history.size())), now));
            // Only what its ends were told of can have run.
            const auto told = history.find(static_cast<std::int64_t>(1 + rng.below(history.size() + 1)));
            if (told != history.end() && told->second.handed_out)
                static_cast<void>(
                    calendar->settle(told->first, rng.below(2) == 0 ? TestState::done : TestState::failed, ""));
            note();
            if (rng.below(25) == 0) {
                shape = rng.next();
                static_cast<void>(calendar->revise(now));
                note();
            }
            if (rng.below(25) == 0) {
                std::vector<ThroughputTest> kept;
                for (const auto& [id, test] : calendar->tests())
                    kept.push_back(test);
                calendar = std::make_unique<Calendar>(rules, path, Rng(rng.next()));
                for (const ThroughputTest& gone : calendar->load(kept, static_cast<std::int64_t>(history.size())))
                    history.erase(gone.id);
                calendar->set_points(points);
            }
        }
        std::vector<HistoryEntry> entries;
        for (const auto& [id, test] : history)
            entries.push_back({test, {}, {}});
        const CalendarProof proof = prove(entries);
        EXPECT_TRUE(proof.kept) << "seed " << seed << ": tests "
                                << (proof.overlaps.empty() ? 0 : proof.overlaps[0].first) << " and "
                                << (proof.overlaps.empty() ? 0 : proof.overlaps[0].second);
        EXPECT_GT(proof.compared, 0);
    }
    EXPECT_GT(admitted, 1000U);
    EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace quipu::throughput
