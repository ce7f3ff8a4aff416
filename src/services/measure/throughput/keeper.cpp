#include "services/measure/throughput/keeper.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.h"
#include "events/events.h"
#include "services/measure/throughput/codec_iperf.h"
#include "services/measure/throughput/engine_changes.h"
#include "services/measure/throughput/outcome.h"

namespace quipu::throughput {
namespace {

constexpr LogEvent kMalformed{LogLevel::warning, "THROUGHPUT_RECORD_MALFORMED",
                              "An agent has sent a throughput record that can't be read",
                              "See that agent and hub are of the same version."};
constexpr LogEvent kStrangeRecord{LogLevel::warning, "THROUGHPUT_RECORD_STRANGE",
                                  "An agent has told of a test that is not its own"};

/// Enough for the longest window and what it is compared with, and for some of other shapes between them.
constexpr std::int64_t kResultsLookedAt = 120;

std::string pair_subject(std::string_view from, std::string_view to) {
    return fmt::format("pair:{}/{}", from, to);
}

std::optional<net::IpAddress> address_of(const MeshPoint& point, bool v6) {
    const auto at = std::ranges::find(point.addresses, v6, &net::IpAddress::is_v6);
    return at == point.addresses.end() ? std::nullopt : std::optional(*at);
}

}  // namespace

Keeper::Keeper(const Clock& clock, data::Database& database, data::Journal& journal, CalendarRules rules,
               PathOf path_of)
    : clock_(clock),
      database_(database),
      journal_(journal),
      rules_(std::move(rules)),
      store_(database),
      calendar_(rules_, std::move(path_of), Rng::from_system()) {}

Result<void> Keeper::load() {
    const std::scoped_lock lock(turn_);
    const Time now = clock_.now();
    const auto today = Time(std::chrono::floor<std::chrono::days>(now));
    const auto forgotten =
        calendar_.load(TRY(store_.tests(today - std::chrono::days(1), now + 2 * kHeldAhead)), TRY(store_.last_id()));
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        for (const ThroughputTest& test : forgotten)
            TRY(Store::forget(transaction, test.id));
        return {};
    }));
    publish();
    return {};
}

void Keeper::set_points(std::vector<MeshPoint> points) {
    const std::scoped_lock lock(turn_);
    if (points == points_) return;
    points_ = std::move(points);
    std::vector<std::string> able;
    std::map<std::string, std::string, std::less<>> problems;
    for (const MeshPoint& point : points_) {
        if (point.able())
            able.push_back(point.site);
        else
            problems.emplace(point.site, point.problem);
    }
    calendar_.set_points(std::move(able), std::move(problems));
}

std::vector<MeshPoint> Keeper::points() const {
    const std::scoped_lock lock(turn_);
    return points_;
}

// ---- changes

Result<bool> Keeper::advance() {
    const std::scoped_lock lock(turn_);
    return keep(calendar_.advance(clock_.now()));
}

Result<bool> Keeper::revise(const std::function<bool()>& change) {
    const std::scoped_lock lock(turn_);
    if (!change()) return false;
    return keep(calendar_.revise(clock_.now()));
}

/// What could not be written stays to be written next time, and nobody is told before.
Result<bool> Keeper::keep(Calendar::Step step) {
    for (ThroughputTest& test : step.changed) {
        if (test.state == TestState::expired) counters_.with([](auto& all) { ++all.expired; });
        unsaved_.insert_or_assign(test.id, std::move(test));
    }
    counters_.with([&](auto& all) { all.refused += step.refused.size(); });
    std::ranges::move(step.refused, std::back_inserter(untold_));
    if (!unsaved_.empty() || !untold_.empty()) {
        TRY(keep_unsaved(untold_));
        unsaved_.clear();
        untold_.clear();
    }
    return publish();
}

Result<void> Keeper::keep_unsaved(const std::vector<CalendarRefusal>& refused) {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        for (const auto& [id, test] : unsaved_)
            TRY(Store::keep(transaction, test));
        for (const CalendarRefusal& refusal : refused) {
            TRY(Store::keep(transaction, refusal));
            TRY(journal_.append(transaction, pair_subject(refusal.from, refusal.to),
                                events::ThroughputTestRefused{.from = refusal.from,
                                                              .to = refusal.to,
                                                              .wanted = refusal.wanted,
                                                              .reason = std::string(enum_name(refusal.reason)),
                                                              .object = refusal.object,
                                                              .what = refusal.what}));
        }
        return {};
    });
}

std::expected<ThroughputTest, CalendarRefusal> Keeper::check(const Wish& wish) const {
    const std::scoped_lock lock(turn_);
    return calendar_.check(wish, clock_.now());
}

Result<Keeper::Admission> Keeper::admit(const Wish& wish) {
    const std::scoped_lock lock(turn_);
    auto admitted = calendar_.admit(wish, clock_.now());
    Admission out;
    if (!admitted) {
        counters_.with([](auto& all) { ++all.refused; });
        out.refusal = std::move(admitted).error();
        TRY(keep_unsaved({*out.refusal}));
        unsaved_.clear();
        return out;
    }
    auto kept = database_.write([&](data::Transaction& transaction) { return Store::keep(transaction, *admitted); });
    if (!kept) {
        calendar_.forget(admitted->id);
        return std::unexpected(std::move(kept).error());
    }
    publish();
    out.test = std::move(*admitted);
    return out;
}

Result<ThroughputTest> Keeper::cancel(std::int64_t id) {
    const std::scoped_lock lock(turn_);
    const ThroughputTest* before = calendar_.find(id);
    if (before == nullptr) {
        if (const auto old = TRY(store_.test(id)))
            return fail(ErrorCode::conflict, fmt::format("the test is {}", enum_name(old->state)), "id");
    }
    ThroughputTest test = TRY(calendar_.cancel(id, clock_.now()));
    unsaved_.insert_or_assign(test.id, test);
    TRY(keep({}));
    return test;
}

// ---- what agents send

Result<void> Keeper::take(const agent::StreamBatch& batch) {
    const std::scoped_lock lock(turn_);
    KeeperCounters seen;
    std::vector<ThroughputTest> settled;
    const Time now = clock_.now();
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        seen = {};
        settled.clear();
        const std::uint64_t high = TRY(Store::high_water(transaction, batch.agent, batch.spool));
        const std::uint64_t last = batch.first_sequence + batch.payloads.size() - 1;
        for (std::size_t i = 0; i < batch.payloads.size(); ++i) {
            if (batch.first_sequence + i <= high) {
                ++seen.repeats;
                continue;
            }
            // What can't be read would be as wrong when it came again: it is counted and left out.
            const auto record = parse_end_record(batch.payloads[i]);
            if (!record) {
                ++seen.malformed;
                log(kMalformed, {{"agent", batch.agent}, {"error", record.error().text()}});
                continue;
            }
            auto test = TRY(Store::test(transaction, record->test));
            if (!test || batch.agent != (record->end == End::sender ? test->from : test->to)) {
                ++seen.malformed;
                log(kStrangeRecord, {{"agent", batch.agent}, {"test", record->test}});
                continue;
            }
            ++seen.records;
            ThroughputResult result = TRY(Store::result(transaction, record->test))
            .value_or(empty_result(*test));
            if (!put_in(result, *record)) continue;
            const TestState before = test->state, after = state_after(result);
            TRY(Store::keep(transaction, result));
            if (after == TestState::planned) continue;
            // What was called off has failed for that reason, whatever its ends say.
            const bool called_off = before == TestState::cancelled && after == TestState::failed;
            if (!called_off) {
                test->state = after;
                test->why = result.error;
            }
            // What is over leaves its place at once.
            if (is_over(result)) test->until = std::clamp(now, test->begins, test->until);
            TRY(Store::keep(transaction, *test));
            settled.push_back(*test);
            if (called_off) continue;
            if (before != TestState::done && after == TestState::done && test->origin == Origin::regular)
                TRY(tell_change(transaction, *test));
            if (before != after) ++(after == TestState::done ? seen.done : seen.failed);
            // Of a pair's regular tests that fail one after the other the first is news.
            if (after == TestState::failed && before != TestState::failed &&
                (test->origin == Origin::asked || TRY(Store::ended_well_before(transaction, *test))))
                TRY(journal_.append(transaction, pair_subject(test->from, test->to),
                                    events::ThroughputTestFailed{.test = test->id,
                                                                 .from = test->from,
                                                                 .to = test->to,
                                                                 .start = test->start,
                                                                 .why = result.error}));
        }
        if (last > high) TRY(Store::raise(transaction, batch.agent, batch.spool, last));
        return {};
    }));
    for (const ThroughputTest& test : settled)
        static_cast<void>(calendar_.settle(test.id, test.state, test.why, test.until));
    counters_.with([&](auto& all) {
        all.done += seen.done;
        all.failed += seen.failed;
        all.records += seen.records;
        all.repeats += seen.repeats;
        all.malformed += seen.malformed;
    });
    return {};
}

/// In the transaction that keeps the result: each change is told once.
Result<void> Keeper::tell_change(data::Transaction& transaction, const ThroughputTest& test) {
    const auto told = TRY(Store::last_change(transaction, test.from, test.to));
    if (told && test.start < told->since) return {};
    const auto change = change_decided_by_last(
        TRY(Store::regular_until(transaction, test, told ? told->since : Time{}, kResultsLookedAt)), told);
    if (!change) return {};
    TRY(Store::keep(transaction, test.from, test.to, *change));
    const auto changed = [&](auto what) {
        what.from = test.from;
        what.to = test.to;
        what.before_bps = change->before_bps;
        what.after_bps = change->after_bps;
        what.since = change->since;
        what.test = test.id;
        return journal_.append(transaction, pair_subject(test.from, test.to), what);
    };
    return change->after_bps > change->before_bps ? changed(events::ThroughputRose{})
                                                  : changed(events::ThroughputFell{});
}

// ---- what agents are told

bool Keeper::publish() {
    auto fresh = std::make_shared<Assignments>();
    const auto point = [this](const std::string& site) {
        const auto at = std::ranges::find(points_, site, &MeshPoint::site);
        return at == points_.end() ? nullptr : &*at;
    };
    for (const ThroughputTest& test : calendar_.handed_out(clock_.now())) {
        const MeshPoint* from = point(test.from);
        const MeshPoint* to = point(test.to);
        if (from == nullptr || to == nullptr) continue;
        // Over the first family that both have, IPv4 first, as their delay is measured.
        for (const bool v6 : {false, true}) {
            const auto source = address_of(*from, v6), target = address_of(*to, v6);
            if (!source || !target) continue;
            AssignedTest work{.id = test.id,
                              .end = End::sender,
                              .site = test.to,
                              .address = *source,
                              .peer = *target,
                              .port = to->port,
                              .start = test.start,
                              .begins = test.begins,
                              .until = test.until,
                              .protocol = test.protocol,
                              .duration_us = test.duration_us,
                              .streams = test.streams,
                              .rate_bps = test.rate_bps};
            (*fresh)[test.from].tests.push_back(work);
            work.end = End::receiver;
            work.site = test.from;
            std::swap(work.address, work.peer);
            (*fresh)[test.to].tests.push_back(std::move(work));
            break;
        }
    }
    return assignments_.with([&](auto& current) {
        const auto same = [](const auto& a, const auto& b) {
            return a.first == b.first && a.second.tests == b.second.tests;
        };
        const bool changed = !current || !std::ranges::equal(*current, *fresh, same);
        current = std::move(fresh);
        return changed;
    });
}

Assignment Keeper::assignment_of(const std::string& site) const {
    const auto all = assignments_.with([](const auto& current) { return current; });
    if (!all) return {};
    const auto at = all->find(site);
    return at == all->end() ? Assignment{} : at->second;
}

KeeperCounters Keeper::counters() const {
    return counters_.with([](const auto& all) { return all; });
}

}  // namespace quipu::throughput
