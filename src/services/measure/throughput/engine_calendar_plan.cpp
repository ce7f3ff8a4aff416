// What time and the network do to the calendar: regular tests are planned, places handed out, given up and moved.

#include <algorithm>
#include <fmt/format.h>

#include "services/measure/throughput/engine_calendar.h"
#include "services/measure/throughput/refusal_words.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;

bool is_planned(const ThroughputTest& test) {
    return test.state == TestState::planned;
}

}  // namespace

bool Calendar::wanted_pair(const std::string& from, const std::string& to) const {
    return rules_.pairs.empty() || std::ranges::find(rules_.pairs, std::pair(from, to)) != rules_.pairs.end();
}

Calendar::Step Calendar::advance(Time now) {
    Step step;
    forget_old(now);
    for (auto& [id, test] : tests_) {
        if (!is_planned(test)) continue;
        if (test.handed_out) {
            if (now < test.until + kResultWait) continue;
            test.state = TestState::expired;
            test.why = "neither end has told a result";
            step.changed.push_back(test);
        } else if (test.begins - now <= kHandOut) {
            if (const std::string why = why_not_handed_out(test, now); !why.empty()) {
                wait_or_move(test, why, now, step);
                continue;
            }
            test.handed_out = true;
            step.assignments = true;
            step.changed.push_back(test);
        }
    }
    if (!rules_.regular || now < plan_next_) return step;
    plan_next_ = now + 1min;
    const Time first = Time(now.time_since_epoch() / rules_.interval * rules_.interval);
    for (Time period = first; period < now + kPlannedAhead; period += rules_.interval)
        for (const std::string& from : points_)
            for (const std::string& to : points_)
                if (from != to && wanted_pair(from, to)) plan_pair(from, to, period, now, step);
    return step;
}

std::string Calendar::why_not_handed_out(const ThroughputTest& test, Time now) const {
    for (const std::string* end : {&test.from, &test.to}) {
        if (std::ranges::find(points_, *end) != points_.end()) continue;
        const auto problem = problems_.find(*end);
        return problem == problems_.end() ? fmt::format("{} is no point that can test now", *end)
                                          : fmt::format("{} can't test: {}", *end, problem->second);
    }
    return test.begins < now ? "its ends could not be told in time" : "";
}

void Calendar::wait_or_move(ThroughputTest& test, const std::string& why, Time now, Step& step) {
    // An agent that restarts is back in seconds: as long as its ends can still hear of it in time, the test waits.
    if (test.begins - now > kNotice) return;
    release(test);
    const std::string moved = fmt::format("moved from {}: {}", format_time(test.start), why);
    // Who asked for a test wanted it then; a regular one is for its interval.
    if (test.period && find_place(test, now + kTryAgain, *test.period + rules_.interval)) {
        test.why = moved;
    } else {
        test.state = TestState::expired;
        test.why = why;
    }
    step.changed.push_back(test);
}

bool Calendar::find_place(ThroughputTest& test, Time from, Time until) {
    Shaped again = shaped(test.from, test.to, test.shape());
    again.test.id = test.id;
    const auto start = first_free(again, from, until);
    if (!start) return false;
    use_path_of(again.test, test);
    place(test, *start);
    take(test);
    return true;
}

void Calendar::use_path_of(const ThroughputTest& fresh, ThroughputTest& test) {
    test.links = fresh.links;
    test.traced = fresh.traced;
    test.expected_octets = fresh.expected_octets;
}

/// BWCTL's manner: a minute by chance, so that tests keep no step with anything else that happens on the hour; from
/// there on the first free place of the interval. A minute that has passed when the point comes is passed by.
void Calendar::plan_pair(const std::string& from, const std::string& to, Time period, Time now, Step& step) {
    if (!planned_.emplace(from, to, period).second) return;
    const auto minutes = static_cast<std::uint64_t>(std::max<std::int64_t>(rules_.interval / 1min, 1));
    const Time drawn = period + std::chrono::minutes(rng_.below(minutes));
    if (drawn < now + kNotice + kLead) return;
    Shaped test = shaped(from, to, rules_.shape);
    test.test.origin = Origin::regular;
    test.test.period = period;
    auto start = first_free(test, drawn, period + rules_.interval);
    if (!start) start = first_free(test, std::max(period, now + kNotice + kLead), drawn);
    if (!start) {
        place(test.test, drawn);
        CalendarRefusal refusal = *obstacle(test);
        refusal.refused = now;
        refusal.what = words_of(refusal);
        step.refused.push_back(std::move(refusal));
        return;
    }
    place(test.test, *start);
    test.test.id = ++last_id_;
    test.test.handed_out = test.test.begins - now <= kHandOut;
    step.assignments = step.assignments || test.test.handed_out;
    take(test.test);
    step.changed.push_back(test.test);
    tests_.insert_or_assign(test.test.id, std::move(test.test));
}

void Calendar::keep_or_call_off(ThroughputTest& test, Step& step) {
    Shaped now_crossing = shaped(test.from, test.to, test.shape());
    const ThroughputTest fresh = now_crossing.test;
    now_crossing.test = test;
    use_path_of(fresh, now_crossing.test);
    if (const auto found = obstacle(now_crossing)) {
        // Its ends are told to leave it; one that can't be told holds its place all the same.
        test.state = TestState::cancelled;
        test.why = "called off, for its path has changed: " + words_of(*found);
        step.assignments = true;
    } else {
        use_path_of(fresh, test);
    }
    take(test);
    step.changed.push_back(test);
}

Calendar::Step Calendar::revise(Time now) {
    Step step;
    std::vector<ThroughputTest*> others;
    for (auto& [id, test] : tests_) {
        if (!is_planned(test) || test.until <= now) continue;
        const ThroughputTest fresh = shaped(test.from, test.to, test.shape()).test;
        if (fresh.links == test.links && fresh.traced == test.traced && fresh.expected_octets == test.expected_octets)
            continue;
        release(test);
        if (!test.handed_out) {
            others.push_back(&test);
            continue;
        }
        keep_or_call_off(test, step);
    }
    // All of them have left their places: in the order of their starts each comes back to its own if it still can.
    std::ranges::sort(others, {}, [](const ThroughputTest* test) { return std::pair(test->start, test->id); });
    for (ThroughputTest* test : others) {
        Shaped again = shaped(test->from, test->to, test->shape());
        use_path_of(again.test, *test);
        again.test = *test;
        const auto found = obstacle(again);
        if (!found) {
            take(*test);
            step.changed.push_back(*test);
            continue;
        }
        CalendarRefusal refusal = *found;
        refusal.refused = now;
        refusal.what = words_of(refusal);
        const std::string moved = fmt::format("moved from {}: {}", format_time(test->start), refusal.what);
        const Time start = test->start, last = test->period ? *test->period + rules_.interval : now + kHeldAhead;
        if (find_place(*test, start, last) ||
            (test->period && find_place(*test, std::max(*test->period, now + kNotice + kLead), start))) {
            test->why = moved;
        } else {
            test->state = TestState::expired;
            test->why = "its path has changed: " + refusal.what;
            step.refused.push_back(std::move(refusal));
        }
        step.changed.push_back(*test);
    }
    return step;
}

}  // namespace quipu::throughput
