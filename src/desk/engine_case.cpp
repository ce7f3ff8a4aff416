#include "desk/engine_case.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::desk {
namespace {

using namespace std::chrono_literals;

struct Step {
    State from;
    std::vector<State> to;
};
using Machine = std::vector<Step>;

// What is mended is watched before it is closed.
const Machine kOperations = {
    {State::new_, {State::working, State::watching, State::closed}},
    {State::working, {State::watching, State::closed}},
    {State::watching, {State::working, State::closed}},
    {State::closed, {State::working}},
};
// Who asked has the last word: solved until they say that it is not.
const Machine kAsked = {
    {State::new_, {State::working, State::waiting, State::solved, State::closed}},
    {State::working, {State::waiting, State::solved, State::closed}},
    {State::waiting, {State::working, State::solved, State::closed}},
    {State::solved, {State::working, State::closed}},
    {State::closed, {State::working}},
};
const Machine kSecurity = {
    {State::new_, {State::working, State::contained, State::closed}},
    {State::working, {State::waiting, State::contained, State::solved, State::closed}},
    {State::waiting, {State::working, State::contained, State::closed}},
    {State::contained, {State::working, State::waiting, State::solved, State::closed}},
    {State::solved, {State::working, State::closed}},
    {State::closed, {State::working}},
};

const Machine& machine_of(Queue queue) {
    switch (queue) {
        case Queue::operations: return kOperations;
        case Queue::security: return kSecurity;
        case Queue::performance:
        case Queue::help: break;
    }
    return kAsked;
}

/// Whoever takes an alarm has answered it; a person who asks is answered in words.
bool taking_answers(Queue queue) {
    return queue == Queue::operations || queue == Queue::security;
}

}  // namespace

// ---- what is promised

Promises::Promises() {
    const auto queue = [&](Queue which, const std::array<Promise, 4>& promises) {
        all_[static_cast<std::size_t>(which)] = promises;
    };
    queue(Queue::operations, {{{4h, 72h, true}, {2h, 24h, true}, {30min, 8h, true}, {15min, 4h, true}}});
    queue(Queue::performance, {{{2h, 90h}, {2h, 45h}, {2h, 27h}, {1h, 9h}}});
    queue(Queue::help, {{{9h, 90h}, {4h, 27h}, {2h, 18h}, {1h, 9h}}});
    queue(Queue::security, {{{9h, 90h}, {4h, 45h}, {1h, 24h, true}, {30min, 8h, true}}});
}

const Promise& Promises::of(Queue queue, Priority priority) const {
    return all_[static_cast<std::size_t>(queue)][static_cast<std::size_t>(priority)];
}

void Promises::set(Queue queue, Priority priority, const Promise& promise) {
    all_[static_cast<std::size_t>(queue)][static_cast<std::size_t>(priority)] = promise;
}

std::string in_words(const Promise& promise) {
    const auto span = [&](Nanoseconds time) {
        return time == Nanoseconds(0) ? std::string("at any time") : "within " + format_duration(time);
    };
    return fmt::format("answered {}, solved {}{}", span(promise.answer), span(promise.solution),
                       promise.around_the_clock ? ", day and night" : " of working time");
}

// ---- the state machine

std::span<const State> steps_from(Queue queue, State from) {
    const Machine& machine = machine_of(queue);
    const auto at = std::ranges::find(machine, from, &Step::from);
    return at == machine.end() ? std::span<const State>() : std::span<const State>(at->to);
}

std::vector<State> states_of(Queue queue) {
    std::vector<State> out;
    for (const Step& step : machine_of(queue))
        out.push_back(step.from);
    return out;
}

const Calendar& CaseEngine::calendar(const Progress& progress) const {
    return promises_.of(progress.queue, progress.priority).around_the_clock ? always_ : business_;
}

Progress CaseEngine::open(Queue queue, Priority priority, Time now) const {
    Progress out{.queue = queue, .state = State::new_, .priority = priority};
    const Promise& promise = promises_.of(queue, priority);
    out.answer.promised = promise.answer;
    out.solution.promised = promise.solution;
    run(out.answer, calendar(out), now);
    run(out.solution, calendar(out), now);
    return out;
}

Result<void> CaseEngine::move(Progress& progress, State to, Time now) const {
    if (to == progress.state) return {};
    const auto steps = steps_from(progress.queue, progress.state);
    if (std::ranges::find(steps, to) == steps.end()) {
        std::string possible;
        for (const State state : steps)
            possible += (possible.empty() ? "" : ", ") + std::string(enum_name(state));
        return fail(ErrorCode::conflict,
                    fmt::format("a case of the queue {} can't go from {} to {}", enum_name(progress.queue),
                                enum_name(progress.state), enum_name(to)),
                    "state", possible.empty() ? "it can't be moved" : "it can go to " + possible);
    }
    if (!is_open(progress.state)) ++progress.reopened;
    // Whoever moves it on has dealt with it; only taking what somebody asked is no answer yet.
    if (to != State::working || taking_answers(progress.queue)) answer(progress, now);
    enter(progress, to, now);
    return {};
}

void CaseEngine::answer(Progress& progress, Time now) const {
    if (!progress.answer.done) finish(progress.answer, calendar(progress), now);
}

void CaseEngine::hear(Progress& progress, Time now) const {
    if (progress.state == State::waiting) return enter(progress, State::working, now);
    if (!is_open(progress.state) && progress.state != State::merged) reopen(progress, now);
}

void CaseEngine::close(Progress& progress, Time now) const {
    if (!is_open(progress.state) && progress.state != State::solved) return;
    answer(progress, now);
    enter(progress, State::closed, now);
}

void CaseEngine::reopen(Progress& progress, Time now) const {
    if (is_open(progress.state) || progress.state == State::merged) return;
    ++progress.reopened;
    enter(progress, State::working, now);
}

void CaseEngine::merge(Progress& progress, Time now) const {
    enter(progress, State::merged, now);
}

void CaseEngine::enter(Progress& progress, State to, Time now) const {
    const Calendar& time = calendar(progress);
    switch (to) {
        case State::waiting: pause(progress.solution, time, now); break;
        case State::watching:
        case State::solved: finish(progress.solution, time, now); break;
        case State::closed:
        case State::merged:
            finish(progress.answer, time, now);
            finish(progress.solution, time, now);
            break;
        case State::new_:
        case State::working:
        case State::contained: run(progress.solution, time, now); break;
    }
    progress.state = to;
    if (to == State::closed || to == State::merged)
        progress.closed = now;
    else
        progress.closed.reset();
}

void CaseEngine::change(Progress& progress, Queue queue, Priority priority, Time now) const {
    const Calendar before = calendar(progress);
    progress.queue = queue;
    progress.priority = priority;
    const auto steps = states_of(queue);
    if (progress.state != State::merged && std::ranges::find(steps, progress.state) == steps.end())
        enter(progress, State::working, now);
    const Promise& promise = promises_.of(queue, priority);
    const auto rewind = [&](Watch& watch, Nanoseconds promised) {
        const bool running = watch.since.has_value();
        if (running) pause(watch, before, now);
        if (watch.done) return;
        if (promised != watch.promised) watch.step = 0;
        watch.promised = promised;
        if (running) run(watch, calendar(progress), now);
    };
    rewind(progress.answer, promise.answer);
    rewind(progress.solution, promise.solution);
}

// ---- clocks

void CaseEngine::run(Watch& watch, const Calendar& calendar, Time now) const {
    if (watch.since) return;
    watch.done.reset();
    watch.late = false;
    watch.since = now;
    watch.due.reset();
    if (watch.promised > Nanoseconds(0)) watch.due = calendar.after(now, watch.promised - watch.used);
}

void CaseEngine::pause(Watch& watch, const Calendar& calendar, Time now) const {
    if (!watch.since) return;
    watch.used += calendar.between(*watch.since, now);
    watch.since.reset();
    watch.due.reset();
}

void CaseEngine::finish(Watch& watch, const Calendar& calendar, Time now) const {
    if (watch.done) return;
    pause(watch, calendar, now);
    watch.done = now;
    watch.late = watch.promised > Nanoseconds(0) && watch.used > watch.promised;
}

std::optional<Time> CaseEngine::time_of_step(const Watch& watch, const Calendar& calendar, std::int64_t step) const {
    if (!watch.since || watch.promised == Nanoseconds(0)) return std::nullopt;
    const Nanoseconds at = step == 1 ? watch.promised / 4 * 3 : watch.promised * (step - 1);
    return calendar.after(*watch.since, at - watch.used);
}

std::optional<Time> CaseEngine::next_look(const Progress& progress) const {
    std::optional<Time> out;
    for (const Watch* watch : {&progress.answer, &progress.solution}) {
        if (watch->step >= 3) continue;
        const auto at = time_of_step(*watch, calendar(progress), watch->step + 1);
        if (at && (!out || *at < *out)) out = at;
    }
    return out;
}

std::vector<Escalation> CaseEngine::look(Progress& progress, Time now) const {
    std::vector<Escalation> out;
    const auto each = [&](Watch& watch, ClockName name) {
        const std::int64_t before = watch.step;
        while (watch.step < 3) {
            const auto at = time_of_step(watch, calendar(progress), watch.step + 1);
            if (!at || *at > now) break;
            ++watch.step;
        }
        // Steps that were missed while nobody looked are one.
        if (watch.step > before) out.push_back({name, watch.step});
    };
    each(progress.answer, ClockName::answer);
    each(progress.solution, ClockName::solution);
    return out;
}

ServiceClock CaseEngine::shown(const Watch& watch, Time now) {
    return {.due = watch.due,
            .done = watch.done,
            .paused = !watch.since && !watch.done && watch.promised > Nanoseconds(0),
            .late = watch.done ? watch.late
                               : (watch.due && *watch.due < now) ||
                                     (watch.promised > Nanoseconds(0) && watch.used > watch.promised)};
}

}  // namespace quipu::desk
