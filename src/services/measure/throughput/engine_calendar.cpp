#include "services/measure/throughput/engine_calendar.h"

#include <algorithm>
#include <fmt/format.h>

#include "services/measure/throughput/refusal_words.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kLongestPlace = kLead + kLongest + kGrace;
// What is over stays so long: the day's octets are counted from it.
constexpr Nanoseconds kRemembered = 48h;

std::int64_t day_of(Time time) {
    return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

Time whole_second_after(Time time) {
    return std::chrono::ceil<std::chrono::seconds>(time);
}

Time start_of_period(Time time, Nanoseconds interval) {
    return Time(time.time_since_epoch() / interval * interval);
}

std::int64_t octets_in(Bandwidth rate, Nanoseconds time) {
    const double octets = static_cast<double>(rate.bits_per_second) / 8 * std::chrono::duration<double>(time).count();
    return static_cast<std::int64_t>(std::min(octets, 9e17));
}

/// Whether the test has, or has had, what it takes.
bool counts(const ThroughputTest& test) {
    switch (test.state) {
        case TestState::planned:
        case TestState::done:
        case TestState::failed: return true;
        case TestState::cancelled:
        case TestState::expired: return test.handed_out;
    }
    return false;
}

std::vector<std::string> resources_of(const ThroughputTest& test) {
    std::vector<std::string> out = {"all", "site:" + test.from, "site:" + test.to};
    if (!test.links) out.emplace_back("alone");
    for (const std::string& link : test.links.value_or(std::vector<std::string>{}))
        out.push_back("link:" + link);
    return out;
}

CalendarRefusal refusal_of(const ThroughputTest& test, RefusalReason reason, std::string object) {
    return {.wanted = test.start,
            .from = test.from,
            .to = test.to,
            .origin = test.origin,
            .reason = reason,
            .what = {},
            .object = std::move(object),
            .other_from = {},
            .other_to = {},
            .traced = test.traced,
            .expected_octets = test.expected_octets};
}

}  // namespace

Calendar::Calendar(CalendarRules rules, PathOf path_of, Rng rng)
    : rules_(std::move(rules)), path_of_(std::move(path_of)), rng_(rng) {}

// ---- what is there

std::vector<ThroughputTest> Calendar::load(std::vector<ThroughputTest> tests, std::int64_t last_id) {
    std::vector<ThroughputTest> forgotten;
    last_id_ = last_id;
    for (ThroughputTest& test : tests) {
        last_id_ = std::max(last_id_, test.id);
        if (test.state == TestState::planned && !test.handed_out && test.origin == Origin::regular &&
            !still_regular(test)) {
            forgotten.push_back(std::move(test));
            continue;
        }
        if (counts(test)) take(test);
        if (test.period) planned_.emplace(test.from, test.to, *test.period);
        tests_.insert_or_assign(test.id, std::move(test));
    }
    return forgotten;
}

bool Calendar::still_regular(const ThroughputTest& test) const {
    return rules_.regular && test.period && wanted_pair(test.from, test.to) && test.shape() == rules_.shape &&
           start_of_period(*test.period, rules_.interval) == *test.period &&
           test.start < *test.period + rules_.interval;
}

void Calendar::set_points(std::vector<std::string> points, std::map<std::string, std::string, std::less<>> problems) {
    points_ = std::move(points);
    problems_ = std::move(problems);
    plan_next_ = {};
}

const ThroughputTest* Calendar::find(std::int64_t id) const {
    const auto at = tests_.find(id);
    return at == tests_.end() ? nullptr : &at->second;
}

std::int64_t Calendar::used(std::string_view link, Time day) const {
    const auto at = used_.find({std::string(link), day_of(day)});
    return at == used_.end() ? 0 : at->second;
}

void Calendar::take(const ThroughputTest& test) {
    for (const std::string& resource : resources_of(test))
        taken_[resource].emplace(test.begins, test.id);
    for (const std::string& link : test.links.value_or(std::vector<std::string>{}))
        used_[{link, day_of(test.start)}] += test.expected_octets;
}

void Calendar::release(const ThroughputTest& test) {
    for (const std::string& resource : resources_of(test)) {
        const auto at = taken_.find(resource);
        if (at == taken_.end()) continue;
        const auto [first, last] = at->second.equal_range(test.begins);
        for (auto entry = first; entry != last; ++entry)
            if (entry->second == test.id) {
                at->second.erase(entry);
                break;
            }
        if (at->second.empty()) taken_.erase(at);
    }
    for (const std::string& link : test.links.value_or(std::vector<std::string>{})) {
        const auto at = used_.find({link, day_of(test.start)});
        if (at == used_.end()) continue;
        at->second -= test.expected_octets;
        if (at->second <= 0) used_.erase(at);
    }
}

// ---- whether a test finds a place

Calendar::Shaped Calendar::shaped(std::string from, std::string to, const TestShape& shape) const {
    Shaped out;
    auto path = path_of_(from, to);
    out.test.from = std::move(from);
    out.test.to = std::move(to);
    out.test.protocol = shape.protocol;
    out.test.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(shape.duration).count();
    out.test.streams = shape.streams;
    out.test.rate_bps = shape.rate.bits_per_second;
    Bandwidth most = shape.rate;
    if (path) {
        out.path = std::move(path->links);
        out.test.traced = path->traced;
        out.test.links.emplace();
        for (const PathLink& link : out.path) {
            out.test.links->push_back(link.id);
            if (most.bits_per_second == 0 || (shape.protocol == Protocol::tcp && link.capacity < most))
                most = link.capacity;
        }
    }
    out.test.expected_octets = octets_in(most, shape.duration);
    return out;
}

void Calendar::place(ThroughputTest& test, Time start) {
    test.start = start;
    test.begins = start - kLead;
    test.until = start + test.duration() + kGrace;
}

std::int64_t Calendar::limit(const PathLink& link) const {
    return static_cast<std::int64_t>(static_cast<double>(octets_in(link.capacity, 24h)) * rules_.share);
}

std::optional<CalendarRefusal> Calendar::taken(const ThroughputTest& test, const std::string& resource,
                                               RefusalReason reason) const {
    const auto at = taken_.find(resource);
    if (at == taken_.end()) return std::nullopt;
    // No place is longer than kLongestPlace: what began before that is over.
    for (auto entry = at->second.lower_bound(test.begins - kLongestPlace);
         entry != at->second.end() && entry->first < test.until; ++entry) {
        const ThroughputTest& other = tests_.at(entry->second);
        if (other.until <= test.begins || other.id == test.id) continue;
        const auto colon = resource.find(':');
        CalendarRefusal out =
            refusal_of(test, reason, colon == std::string::npos ? std::string() : resource.substr(colon + 1));
        out.other = other.id;
        out.other_from = other.from;
        out.other_to = other.to;
        out.other_begins = other.begins;
        out.other_until = other.until;
        return out;
    }
    return std::nullopt;
}

std::optional<CalendarRefusal> Calendar::over_share(const Shaped& shaped) const {
    for (const PathLink& link : shaped.path) {
        const std::int64_t most = limit(link), before = used(link.id, shaped.test.start);
        if (shaped.test.expected_octets <= most - before) continue;
        const bool alone = shaped.test.expected_octets > most;
        CalendarRefusal out =
            refusal_of(shaped.test, alone ? RefusalReason::too_much : RefusalReason::link_share, link.id);
        out.used_octets = before;
        out.limit_octets = most;
        return out;
    }
    return std::nullopt;
}

std::optional<CalendarRefusal> Calendar::obstacle(const Shaped& shaped) const {
    const ThroughputTest& test = shaped.test;
    for (const std::string* site : {&test.from, &test.to})
        if (auto found = taken(test, "site:" + *site, RefusalReason::end_busy)) return found;
    for (const PathLink& link : shaped.path)
        if (auto found = taken(test, "link:" + link.id, RefusalReason::link_busy)) return found;
    if (auto found = taken(test, test.links ? "alone" : "all", RefusalReason::path_busy)) return found;
    return over_share(shaped);
}

std::optional<Time> Calendar::first_free(Shaped shaped, Time from, Time until) const {
    for (Time start = whole_second_after(from); start < until;) {
        place(shaped.test, start);
        const auto found = obstacle(shaped);
        if (!found) return start;
        if (found->reason == RefusalReason::too_much) return std::nullopt;
        start = found->reason == RefusalReason::link_share
                    ? Time(std::chrono::floor<std::chrono::days>(start) + std::chrono::days(1))
                    : whole_second_after(*found->other_until + kLead);
    }
    return std::nullopt;
}

std::expected<Calendar::Shaped, CalendarRefusal> Calendar::placed(const Wish& wish, Time now) const {
    Shaped out = shaped(wish.from, wish.to, wish.shape);
    out.test.origin = Origin::asked;
    out.test.asked_by = wish.asked_by;
    const Time earliest = whole_second_after(now + kNotice + kLead);
    const auto refuse = [&](CalendarRefusal refusal) -> std::unexpected<CalendarRefusal> {
        if (refusal.reason != RefusalReason::too_much)
            refusal.next_free =
                first_free(out, std::clamp(refusal.wanted, earliest, now + kHeldAhead), now + kHeldAhead);
        refusal.refused = now;
        refusal.what = words_of(refusal);
        return std::unexpected(std::move(refusal));
    };
    if (!wish.at) {
        const auto start = first_free(out, earliest, now + kHeldAhead);
        place(out.test, start.value_or(earliest));
        if (start) return out;
        return refuse(*obstacle(out));
    }
    place(out.test, whole_second_after(*wish.at));
    if (out.test.start < earliest) return refuse(refusal_of(out.test, RefusalReason::too_early, {}));
    if (out.test.start >= now + kHeldAhead) return refuse(refusal_of(out.test, RefusalReason::too_late, {}));
    if (auto found = obstacle(out)) return refuse(std::move(*found));
    return out;
}

std::expected<ThroughputTest, CalendarRefusal> Calendar::check(const Wish& wish, Time now) const {
    auto found = placed(wish, now);
    if (!found) return std::unexpected(std::move(found).error());
    return std::move(found->test);
}

std::expected<ThroughputTest, CalendarRefusal> Calendar::admit(const Wish& wish, Time now) {
    auto found = placed(wish, now);
    if (!found) return std::unexpected(std::move(found).error());
    ThroughputTest& test = found->test;
    test.id = ++last_id_;
    test.handed_out = test.begins - now <= kHandOut;
    take(test);
    return tests_.insert_or_assign(test.id, test).first->second;
}

Result<ThroughputTest> Calendar::cancel(std::int64_t id, Time now) {
    const auto at = tests_.find(id);
    if (at == tests_.end())
        return fail(ErrorCode::not_found, fmt::format("there is no coming test {}", id), "id",
                    "see /api/v1/measure/calendar");
    ThroughputTest& test = at->second;
    if (test.state != TestState::planned)
        return fail(ErrorCode::conflict, fmt::format("the test is {}", enum_name(test.state)), "id");
    if (test.begins <= now)
        return fail(ErrorCode::conflict, fmt::format("the test has begun; it ends by {}", format_time(test.until)),
                    "id");
    if (!test.handed_out) release(test);
    test.state = TestState::cancelled;
    return test;
}

void Calendar::forget(std::int64_t id) {
    const auto at = tests_.find(id);
    if (at == tests_.end()) return;
    if (counts(at->second)) release(at->second);
    tests_.erase(at);
}

std::optional<ThroughputTest> Calendar::settle(std::int64_t id, TestState state, std::string why,
                                               std::optional<Time> over) {
    const auto at = tests_.find(id);
    if (at == tests_.end()) return std::nullopt;
    ThroughputTest& test = at->second;
    // A result that came late, or of a test that was given up: what has run counts again.
    const bool counted = counts(test);
    test.state = state;
    test.why = std::move(why);
    if (over) test.until = std::clamp(*over, test.begins, test.until);
    if (!counted) take(test);
    return test;
}

std::vector<ThroughputTest> Calendar::handed_out(Time now) const {
    std::vector<ThroughputTest> out;
    for (const auto& [id, test] : tests_) {
        const bool comes =
            test.state == TestState::planned || test.state == TestState::done || test.state == TestState::failed;
        // Until its place is over, whatever was heard of it: who still runs it may end in peace.
        if (comes && test.handed_out && test.until > now) out.push_back(test);
    }
    return out;
}

void Calendar::forget_old(Time now) {
    std::erase_if(tests_, [&](auto& entry) {
        if (now - entry.second.until < kRemembered) return false;
        if (counts(entry.second)) release(entry.second);
        return true;
    });
    std::erase_if(planned_, [&](const auto& key) { return now - std::get<2>(key) > kRemembered + rules_.interval; });
}

}  // namespace quipu::throughput
