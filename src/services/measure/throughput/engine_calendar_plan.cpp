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
            std::string missing;
            for (const std::string* end : {&test.from, &test.to})
                if (std::ranges::find(points_, *end) == points_.end()) missing = *end;
            if (!missing.empty()) {
                release(test);
                test.state = TestState::expired;
                test.why = fmt::format("{} is no point that can test now", missing);
            } else {
                test.handed_out = true;
                step.assignments = true;
            }
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

Calendar::Step Calendar::revise(Time now) {
    Step step;
    std::vector<ThroughputTest*> others;
    for (auto& [id, test] : tests_) {
        if (!is_planned(test) || test.handed_out) continue;
        const ThroughputTest fresh = shaped(test.from, test.to, test.shape()).test;
        if (fresh.links == test.links && fresh.expected_octets == test.expected_octets) continue;
        release(test);
        others.push_back(&test);
    }
    // All of them have left their places: in the order of their starts each comes back to its own if it still can.
    std::ranges::sort(others, {}, [](const ThroughputTest* test) { return std::pair(test->start, test->id); });
    for (ThroughputTest* test : others) {
        Shaped again = shaped(test->from, test->to, test->shape());
        test->links = again.test.links;
        test->expected_octets = again.test.expected_octets;
        again.test = *test;
        const auto found = obstacle(again);
        std::optional<Time> start = test->start;
        if (found) {
            const Time last = test->period ? *test->period + rules_.interval : now + kHeldAhead;
            start = first_free(again, test->start, last);
            if (!start && test->period)
                start = first_free(again, std::max(*test->period, now + kNotice + kLead), test->start);
        }
        if (start) {
            if (found) test->why = fmt::format("moved from {}: {}", format_time(test->start), words_of(*found));
            place(*test, *start);
            take(*test);
        } else {
            CalendarRefusal refusal = *found;
            refusal.refused = now;
            refusal.what = words_of(refusal);
            test->state = TestState::expired;
            test->why = "its path has changed: " + refusal.what;
            step.refused.push_back(std::move(refusal));
        }
        step.changed.push_back(*test);
    }
    return step;
}

}  // namespace quipu::throughput
