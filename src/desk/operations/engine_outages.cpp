#include "desk/operations/engine_outages.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "desk/operations/engine_faults.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;

/// Packets lost in a row that chance does not explain, and those in a report where some came in between.
constexpr std::int64_t kRun = 4;
constexpr std::int64_t kLost = 5;
/// Packets that come without a gap when a pair works.
constexpr std::int64_t kProof = 12;
/// A report that comes later than this after newer ones is not looked at.
constexpr Nanoseconds kForgotten = 3min;
constexpr int kStrangeMinutes = 3;
constexpr double kNanosecondsPerMetre = 5;  // light in glass
constexpr Nanoseconds kDelayTolerance = 300us;

}  // namespace

std::string cause_of(Part part, std::string_view object) {
    return fmt::format("{}:{}", enum_name(part), object);
}

// ---- what comes in

void OutageEngine::set_topology(std::shared_ptr<const Topology> topology) {
    topology_ = std::move(topology);
    for (auto& [names, number] : numbers_) {
        Pair& pair = pairs_[number];
        place(pair, names.first, names.second);
        pair.anchor.reset();
    }
    for (auto at = active_.begin(); at != active_.end();) {
        auto& [cause, active] = *at;
        const auto fault = topology_->find(active.fault.part, active.object);
        if (fault) {
            active.fault = *fault;
            ++at;
            continue;
        }
        if (active.state != OutageState::closed)
            due_.push_back({.what = Finding::What::over,
                            .cause = cause,
                            .part = active.fault.part,
                            .object = active.object,
                            .reason = "it is no longer in service"});
        at = active_.erase(at);
    }
    for (auto& [cause, active] : active_)
        place(active);
}

void OutageEngine::place(Pair& pair, std::string_view from, std::string_view to) const {
    const auto a = topology_ ? topology_->find_site(from) : std::nullopt;
    const auto b = topology_ ? topology_->find_site(to) : std::nullopt;
    pair.known = a && b && *a != *b;
    if (!pair.known) return;
    pair.from = *a;
    pair.to = *b;
}

/// The pairs whose way leads over it when it works.
void OutageEngine::place(Active& active) const {
    active.pairs.clear();
    const auto ways = topology_->without(believed(active.fault));
    for (std::size_t i = 0; i < pairs_.size(); ++i)
        if (pairs_[i].known && ways->leads_over(pairs_[i].from, pairs_[i].to, active.fault)) active.pairs.insert(i);
}

void OutageEngine::resume(Part part, std::string_view object, OutageState state, Time began,
                          std::optional<Time> ended) {
    const auto fault = topology_ ? topology_->find(part, object) : std::nullopt;
    if (!fault) {
        if (state != OutageState::closed)
            due_.push_back({.what = Finding::What::over,
                            .cause = cause_of(part, object),
                            .part = part,
                            .object = std::string(object),
                            .reason = "it is no longer in service"});
        return;
    }
    Active active{.fault = *fault,
                  .object = std::string(object),
                  .state = state,
                  .began = began,
                  .seen = began,
                  .ended = ended.value_or(Time{})};
    active_.insert_or_assign(cause_of(part, object), std::move(active));
}

void OutageEngine::set_agent(std::string_view site, bool connected) {
    agents_[std::string(site)].connected = connected;
}

OutageEngine::Pair& OutageEngine::pair_of(const PairReport& report) {
    const auto [at, fresh] = numbers_.try_emplace({report.from, report.to}, pairs_.size());
    if (fresh) {
        Pair& pair = pairs_.emplace_back();
        place(pair, report.from, report.to);
        if (pair.known)
            for (auto& [cause, active] : active_)
                if (topology_->without(believed(active.fault))->leads_over(pair.from, pair.to, active.fault))
                    active.pairs.insert(at->second);
    }
    return pairs_[at->second];
}

void OutageEngine::add(const PairReport& report, Time now) {
    Agent& agent = agents_[report.to];
    agent.heard = std::max(agent.heard, report.until);
    if (report.absent && report.received == 0) return;
    Pair& pair = pair_of(report);
    if (!pair.known || report.until + kForgotten < pair.until) return;
    const bool newest = report.until >= pair.until;
    take_loss(pair, report, now);
    take_way(pair, report, newest);
    if (report.whole) take_minute(pair, report);
    pair.until = std::max(pair.until, report.until);
}

/// A running minute's reports count up: what counts is what each adds.
void OutageEngine::take_loss(Pair& pair, const PairReport& report, Time now) {
    const auto minute = std::chrono::floor<std::chrono::minutes>(report.minute).time_since_epoch().count();
    Count& count = pair.counts[minute % 2 == 0 ? 0 : 1];
    const Count& other = pair.counts[minute % 2 == 0 ? 1 : 0];
    if (report.minute < count.minute) return;
    if (report.minute != count.minute) count = {.minute = report.minute, .until = report.minute};
    const std::int64_t lost = std::max<std::int64_t>(report.sent - report.received, 0);
    const std::int64_t more_sent = report.sent - count.sent;
    const std::int64_t more_lost = lost - count.lost;
    const bool came = more_sent > more_lost;
    if (report.until > pair.until) pair.silent = came ? 0 : pair.silent + std::max<std::int64_t>(more_sent, 0);

    // Before a pair has worked nothing is known of it: its session, or the network, may just be beginning.
    if (!pair.proven) {
        pair.proven = report.received >= kProof && lost <= 1;
        pair.silent = 0;
    }
    const bool row = report.loss_run >= kRun && report.loss_run > count.run;
    const bool many = more_lost >= kLost && more_lost * 4 >= more_sent;
    // A gap over the turn of the minute shows a part of its row in either.
    const bool turn = count.minute - other.minute == 1min && report.loss_run >= 2 && report.loss_run > count.run &&
                      other.run >= 2 && lost + other.lost >= kLost;
    if ((row || many || turn) && pair.proven && !report.settling) {
        const Time from = turn && !row && !many ? other.until - 10s : count.until;
        if (pair.bad_until == Time{} || from - pair.bad_until > 1min) {
            pair.bad_from = from;
            pair.bad_seen = report.until;
            pair.bad_lost = 0;
            last_sign_ = now;
        }
        pair.bad_until = std::max(pair.bad_until, report.until);
        pair.bad_lost += std::max<std::int64_t>(more_lost, 0);
    }
    count.until = std::max(count.until, report.until);
    count.sent = report.sent;
    count.lost = lost;
    count.run = std::max(count.run, report.loss_run);
}

/// The TTL is of the last packet; it says something new when a packet has come since the report before.
void OutageEngine::take_way(Pair& pair, const PairReport& report, bool newest) {
    if (!newest || pair.silent > 0 || report.received == 0) return;
    pair.arrived = report.whole && pair.until < report.minute ? report.minute : pair.until;
    pair.ttl = report.ttl;
    const auto foretold = ttl_on(pair, way_of(pair, *topology_->without(believed())));
    pair.odd = foretold && report.ttl > 0 && *foretold != report.ttl ? pair.odd + 1 : 0;
}

/// A whole minute without a gap shows one way's delay, unless the way changed within: then the next one will.
void OutageEngine::take_minute(Pair& pair, const PairReport& report) {
    const bool even = report.sent - report.received <= 1 && report.received > 0 && report.median;
    if (!even || report.minute <= pair.median_minute) return;
    pair.median = report.median;
    pair.median_minute = report.minute;
    pair.clock_error = report.clock_error;
    const Way way = way_of(pair, *topology_->without(believed()));
    const Anchor here{report.ttl, *report.median, way};
    if (!pair.anchor) {
        pair.anchor = here;
        return;
    }
    const auto foretold = delay_on(pair, way);
    const bool same_ttl = report.ttl == 0 || ttl_on(pair, way).value_or(report.ttl) == report.ttl;
    const bool same_delay = foretold && std::chrono::abs(*foretold - *report.median) <= tolerance(pair, Nanoseconds(0));
    if (same_ttl && same_delay) {
        pair.anchor = here;
        pair.strange = 0;
        return;
    }
    const bool again = pair.strange > 0 && pair.strange_ttl == report.ttl &&
                       std::chrono::abs(pair.strange_delay - *report.median) <= tolerance(pair, Nanoseconds(0));
    pair.strange = again ? pair.strange + 1 : 1;
    pair.strange_ttl = report.ttl;
    pair.strange_delay = *report.median;
    // Nothing that failed explains it: that is how it is now.
    if (pair.strange >= kStrangeMinutes) {
        pair.anchor = here;
        pair.strange = pair.odd = 0;
    }
}

// ---- what a way foretells

std::vector<Fault> OutageEngine::believed(const std::optional<Fault>& left_out) const {
    std::vector<Fault> out;
    for (const auto& [cause, active] : active_)
        if (active.state == OutageState::open && active.fault != left_out) out.push_back(active.fault);
    return out;
}

std::vector<Fault> OutageEngine::down() const {
    return believed();
}

OutageEngine::Way OutageEngine::way_of(const Pair& pair, const Ways& ways) {
    if (!ways.reach(pair.from, pair.to)) return {};
    return {ways.hops(pair.from, pair.to), ways.metres(pair.from, pair.to)};
}

std::optional<std::int64_t> OutageEngine::ttl_on(const Pair& pair, const Way& way) {
    if (!pair.anchor || pair.anchor->ttl == 0 || pair.anchor->way.hops == 0 || way.hops == 0) return std::nullopt;
    return pair.anchor->ttl + pair.anchor->way.hops - way.hops;
}

std::optional<Nanoseconds> OutageEngine::delay_on(const Pair& pair, const Way& way) {
    if (!pair.anchor || pair.anchor->way.hops == 0 || way.hops == 0) return std::nullopt;
    const double longer = static_cast<double>(way.metres) - static_cast<double>(pair.anchor->way.metres);
    return pair.anchor->delay + Nanoseconds(static_cast<std::int64_t>(longer * kNanosecondsPerMetre));
}

Nanoseconds OutageEngine::tolerance(const Pair& pair, Nanoseconds shift) {
    const Nanoseconds level = pair.anchor ? pair.anchor->delay : Nanoseconds(0);
    return std::max({kDelayTolerance, std::chrono::abs(level) / 50, 2 * pair.clock_error, std::chrono::abs(shift) / 4});
}

// ---- what has failed

std::vector<Finding> OutageEngine::tick(Time now) {
    std::vector<Finding> out = std::exchange(due_, {});
    for (Finding& finding : out)
        finding.when = now;
    if (!topology_) return out;
    for (auto& [cause, active] : active_)
        if (active.pairs.empty()) place(active);
    look_for_mending(now, out);
    attribute();
    look_for_failures(now, out);
    std::erase_if(active_, [&](const auto& entry) {
        return entry.second.state == OutageState::closed && now - entry.second.ended > times_.flap_window;
    });
    return out;
}

/// Loss that a known outage has caused, by failing or by being mended, is no sign of another.
void OutageEngine::attribute() {
    const auto ways = topology_->without(believed());
    for (const auto& [cause, active] : active_) {
        const bool is_open = active.state == OutageState::open;
        for (const std::size_t number : active.pairs) {
            Pair& pair = pairs_[number];
            const bool by_failing = pair.bad_from < active.seen + kGrace && pair.bad_until > active.began - kGrace;
            const bool by_mending = !is_open && pair.bad_from <= active.ended && pair.bad_until > active.ended - kGrace;
            const bool cut = is_open && (active.fault.part == Part::point || !ways->reach(pair.from, pair.to));
            if (by_failing || by_mending || cut) pair.bad_until = Time{};
        }
    }
}

// ---- what works again

OutageEngine::Verdict OutageEngine::verdict(const Active& active, Time now) const {
    const auto rest = believed(active.fault);
    const auto up = topology_->without(rest);
    const auto down = topology_->without(with(rest, active.fault));
    const Time since = active.state == OutageState::open ? active.seen + kSettles : active.ended;
    Verdict by_way{.since = now}, by_delay{.since = now};
    for (const std::size_t number : active.pairs) {
        const Pair& pair = pairs_[number];
        if (now - pair.until > kFresh || !up->reach(pair.from, pair.to)) continue;
        const bool heard = pair.silent == 0 && pair.arrived >= since;
        const Way with_it = way_of(pair, *up), without_it = way_of(pair, *down);
        const auto say = [&](Verdict& verdict, bool works, bool fails) {
            verdict.works += works ? 1 : 0;
            verdict.fails += fails ? 1 : 0;
            if (works) verdict.since = std::min(verdict.since, std::max(pair.arrived, since));
        };
        if (active.fault.part == Part::point || !down->reach(pair.from, pair.to)) {
            say(by_way, heard, pair.silent >= kSilent);
        } else if (with_it.hops != without_it.hops && pair.ttl > 0 && pair.anchor && pair.anchor->ttl > 0) {
            say(by_way, heard && ttl_on(pair, with_it) == pair.ttl, heard && ttl_on(pair, without_it) == pair.ttl);
        } else if (pair.anchor && pair.median && pair.median_minute >= since) {
            const Nanoseconds shift = *delay_on(pair, without_it) - *delay_on(pair, with_it);
            if (std::chrono::abs(shift) <= 2 * tolerance(pair, Nanoseconds(0))) continue;
            const Nanoseconds here = *pair.median - *delay_on(pair, with_it);
            say(by_delay, std::chrono::abs(here) < std::chrono::abs(shift) / 3,
                std::chrono::abs(here - shift) < std::chrono::abs(shift) / 3);
        }
    }
    // A delay is a minute old when it is known.
    return by_way.works + by_way.fails > 0 ? by_way : by_delay;
}

void OutageEngine::look_for_mending(Time now, std::vector<Finding>& out) {
    for (auto& [cause, active] : active_) {
        if (active.state == OutageState::closed) continue;
        const auto tell = [&](Finding::What what, Time when) {
            out.push_back(
                {.what = what, .cause = cause, .part = active.fault.part, .object = active.object, .when = when});
        };
        const Verdict says = verdict(active, now);
        const std::size_t all = says.works + says.fails;
        if (active.state == OutageState::open) {
            if (says.works == 0 || says.works * 10 < all * 7) continue;
            active.state = OutageState::recovering;
            active.ended = std::max(says.since, active.began);
            tell(Finding::What::works, active.ended);
        } else if (says.fails > 0 && says.fails * 2 > all) {
            active.state = OutageState::open;
            active.began = now - 10s > active.ended ? now - 10s : active.ended;
            active.seen = now;
            tell(Finding::What::failed_again, active.began);
        } else if (now - active.ended >= times_.heal_after) {
            active.state = OutageState::closed;
            tell(Finding::What::over, active.ended);
        }
    }
}

}  // namespace quipu::operations
