#include "services/measure/live.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace quipu::measure {
namespace {

// A record is there 65 s after its minute began; twice that without one, and nothing is known.
constexpr Nanoseconds kStale = std::chrono::seconds(150);
// The other direction's record of a minute comes if it came lately.
constexpr Nanoseconds kOtherComes = std::chrono::minutes(2);
// A running minute replaces the last one in the picture only when it says about as much, or says that nothing comes.
constexpr std::int64_t kEnoughPackets = 30;
constexpr std::int64_t kEnoughSilence = 10;

}  // namespace

void weigh(Pair& pair, std::optional<std::int64_t> floor_us, const Profiles& profiles) {
    pair.floor_us = floor_us;
    pair.above_floor_us = above_us(pair, floor_us);
    pair.quality = pair.state == PairState::unknown
                       ? Quality{}
                       : judge(profiles, pair, {.floor_us = floor_us, .usual_us = pair.baseline_us});
}

void Live::set_mesh(const std::vector<MeshPoint>& mesh) {
    std::set<std::string> wanted;
    for (const auto& from : mesh)
        for (const auto& to : mesh)
            if (from.site != to.site) wanted.insert(pair_key(from.site, to.site));
    state_.with([&](State& state) {
        for (auto& [key, one] : state.pairs)
            one.in_mesh = wanted.contains(key);
        for (const auto& key : wanted) {
            One& one = state.pairs[key];
            if (!std::exchange(one.in_mesh, true)) one.version = ++state.version;
        }
    });
}

void Live::set_floors(Floors floors) {
    state_.with([&](State& state) { state.floors = std::move(floors); });
}

void Live::set_past(const std::string& key, std::optional<std::int64_t> usual_delay_ns,
                    std::optional<std::int64_t> best_ttl) {
    state_.with([&](State& state) {
        One& one = state.pairs[key];
        if (usual_delay_ns) one.detector.set_usual(*usual_delay_ns);
        if (best_ttl) one.best_ttl = std::max(one.best_ttl, *best_ttl);
    });
}

std::vector<Told> Live::add(const StoredMinute& minute, std::optional<bool> clock_wrong) {
    const Columns columns = columns_of(minute.record);
    const Figures figures = figures_of(minute.record, kMinute);
    std::vector<Told> out;
    state_.with([&](State& state) {
        One& one = state.pairs[minute.record.key];
        const bool whole = columns.scheduled >= per_minute_;
        Sample sample{.minute = minute.record.time,
                      .sent = figures.sent,
                      .received = columns.received,
                      .median = columns.delay_median,
                      .clock_error = columns.clock_error,
                      .ttl = columns.ttl,
                      .loss_run = columns.loss_run,
                      .sender_absent = columns.absent != 0,
                      .settling = !whole || one.joined};
        if (clock_wrong) {
            sample.clock_wrong = *clock_wrong;
            for (const PairEvent& event : one.detector.add(sample))
                out.push_back({minute.from, minute.to, event});
        } else {
            one.waiting.push_back(sample);
            judge_waiting(state, minute.from, minute.to, out);
        }
        if (one.minute && one.minute->time > figures.time) return;
        // What a session that began late in its minute lost at first may still be routing that settles.
        one.joined = columns.scheduled < per_minute_ / 2;
        one.minute = figures;
        one.absent = columns.absent != 0;
        one.best_ttl = std::max(one.best_ttl, columns.ttl);
        if (one.running && one.running->time <= figures.time) one.running.reset();
        one.version = ++state.version;
        state.last_record = std::max(state.last_record.value_or(minute.record.time), minute.record.time);
        if (!clock_wrong) judge_waiting(state, minute.to, minute.from, out);
    });
    return out;
}

/// A minute waits for the other direction's, but no longer than until the next one of its own comes: that tells whether
/// the clocks were right, and that the sender was there until its end or has said what it did not send.
void Live::judge_waiting(State& state, std::string_view from, std::string_view to, std::vector<Told>& out) const {
    const auto at = state.pairs.find(pair_key(from, to));
    if (at == state.pairs.end()) return;
    One& one = at->second;
    const auto back = state.pairs.find(pair_key(to, from));
    const std::optional<Time> other =
        back != state.pairs.end() && back->second.minute ? back->second.minute->time : std::nullopt;
    while (!one.waiting.empty()) {
        Sample sample = one.waiting.front();
        const bool to_come = other && *other < sample.minute && sample.minute - *other <= kOtherComes;
        if (to_come && one.waiting.size() == 1) return;
        one.waiting.pop_front();
        if (!one.waiting.empty()) sample.sender_absent = sample.sender_absent || one.waiting.front().sender_absent;
        sample.clock_wrong = contradicted_ && contradicted_(from, to, sample.minute);
        for (const PairEvent& event : one.detector.add(sample))
            out.push_back({std::string(from), std::string(to), event});
    }
}

void Live::set_wrong_clocks(std::set<std::string, std::less<>> sites) {
    state_.with([&](State& state) {
        if (state.wrong_clocks == sites) return;
        for (auto& [key, one] : state.pairs) {
            const auto [from, to] = ends_of(key);
            const bool changed = state.wrong_clocks.contains(from) != sites.contains(from) ||
                                 state.wrong_clocks.contains(to) != sites.contains(to);
            if (changed) one.version = ++state.version;
        }
        state.wrong_clocks = std::move(sites);
    });
}

void Live::clock_corrected(std::string_view site, std::int64_t by) {
    state_.with([&](State& state) {
        for (auto& [key, one] : state.pairs) {
            const auto [from, to] = ends_of(key);
            if (to == site) one.detector.shift(by);
            if (from == site) one.detector.shift(-by);
        }
    });
}

void Live::name_wrong_clocks(const State& state, Pair& pair) {
    for (const auto& site : {pair.from, pair.to})
        if (state.wrong_clocks.contains(site)) pair.clock_fault.push_back(site);
}

void Live::way_changed(std::string_view from, std::string_view to, Time minute) {
    state_.with([&](State& state) {
        const auto at = state.pairs.find(pair_key(from, to));
        if (at != state.pairs.end()) at->second.detector.note_way(minute);
    });
}

void Live::learn_hour(const std::string& key, Time hour, double median) {
    state_.with([&](State& state) { state.pairs[key].detector.learn_hour(hour, median); });
}

void Live::replace(const StoredMinute& minute) {
    state_.with([&](State& state) {
        const auto at = state.pairs.find(minute.record.key);
        if (at == state.pairs.end()) return;
        const Figures figures = figures_of(minute.record, kMinute);
        for (Sample& sample : at->second.waiting)
            if (sample.minute == minute.record.time) sample.sent = figures.sent;
        if (!at->second.minute || at->second.minute->time != minute.record.time) return;
        at->second.minute = figures;
        at->second.version = ++state.version;
    });
}

void Live::add_running(const std::string& from, const std::string& to, const MinuteRecord& record, std::int64_t skipped,
                       bool absent) {
    state_.with([&](State& state) {
        One& one = state.pairs[pair_key(from, to)];
        if (one.minute && one.minute->time >= record.minute) return;
        // What was skipped in this minute may still be to come by the schedule: no more is taken off than is missing.
        one.running = figures_of(record, std::min<std::int64_t>(skipped, record.scheduled - record.received));
        one.absent = absent && record.received == 0;
        if (shown(one) == &*one.running) one.version = ++state.version;
    });
}

const Figures* Live::shown(const One& one) {
    if (!one.running) return one.minute ? &*one.minute : nullptr;
    if (!one.minute || *one.running->time - *one.minute->time >= kStale) return &*one.running;
    const bool enough =
        one.running->sent >= kEnoughPackets || (one.running->sent >= kEnoughSilence && one.running->received == 0);
    return enough ? &*one.running : &*one.minute;
}

Pair Live::describe_pair(std::string_view key, const One& one, Time now) {
    Pair out;
    const auto [from, to] = ends_of(key);
    const Figures* figures = shown(one);
    if (figures != nullptr) static_cast<Figures&>(out) = *figures;
    out.from = from;
    out.to = to;
    out.sessions = one.in_mesh ? 1 : 0;
    out.provisional = one.running && figures == &*one.running;
    if (const auto usual = one.detector.usual(); usual && figures != nullptr)
        out.baseline_us = rounded_us(*usual, granule_us(figures->clock_error_us * 1000));
    if (figures == nullptr || now - *figures->time > kStale || figures->sent == 0 || one.absent)
        out.state = PairState::unknown;
    else if (figures->received == 0)
        out.state = PairState::down;
    else if (one.detector.lossy() || figures->loss >= kLossy)
        out.state = PairState::lossy;
    else if (one.detector.slow())
        out.state = PairState::slow;
    else
        out.state = PairState::good;
    return out;
}

Pair Live::weighed_pair(std::string_view key, const One& one, const State& state, Time now) const {
    Pair out = describe_pair(key, one, now);
    const auto floor = state.floors.find(key);
    weigh(out, floor == state.floors.end() ? std::nullopt : std::optional(floor->second), profiles_);
    name_wrong_clocks(state, out);
    return out;
}

std::vector<Pair> Live::pairs(Time now, std::uint64_t since) const {
    return state_.with([&](const State& state) {
        std::vector<Pair> out;
        for (const auto& [key, one] : state.pairs)
            if (one.in_mesh && one.version > since) out.push_back(weighed_pair(key, one, state, now));
        std::ranges::sort(out, {}, [](const Pair& pair) { return std::tie(pair.from, pair.to); });
        return out;
    });
}

std::optional<Pair> Live::pair(std::string_view from, std::string_view to, Time now) const {
    return state_.with([&](const State& state) -> std::optional<Pair> {
        const auto at = state.pairs.find(pair_key(from, to));
        if (at == state.pairs.end()) return std::nullopt;
        return weighed_pair(at->first, at->second, state, now);
    });
}

bool Live::detoured(std::string_view from, std::string_view to) const {
    return state_.with([&](const State& state) {
        const auto at = state.pairs.find(pair_key(from, to));
        if (at == state.pairs.end()) return false;
        const Figures* figures = shown(at->second);
        return figures != nullptr && figures->ttl && *figures->ttl < at->second.best_ttl;
    });
}

std::uint64_t Live::version() const {
    return state_.with([](const State& state) { return state.version; });
}

std::optional<Time> Live::last_record() const {
    return state_.with([](const State& state) { return state.last_record; });
}

}  // namespace quipu::measure
