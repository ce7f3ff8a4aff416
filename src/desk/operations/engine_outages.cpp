#include "desk/operations/engine_outages.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <tuple>

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;

/// Packets lost in a row that chance does not explain, and those in a report where some came in between.
constexpr std::int64_t kRun = 4;
constexpr std::int64_t kLost = 5;
/// Packets without an answer that make a pair silent.
constexpr std::int64_t kSilent = 8;
/// Packets that come without a gap when a pair works.
constexpr std::int64_t kProof = 12;
/// How long routing may take to find another way: four lost hellos and the spreading of the news.
constexpr Nanoseconds kSettles = 12s;
/// Loss that began this long after a failure, on a way that it cut, is that failure's.
constexpr Nanoseconds kGrace = 30s;
/// Signs older than this are told of no more.
constexpr Nanoseconds kMemory = 3min;
/// A report that is older than this says nothing of now: minute records alone come 65 s after their minute's begin.
constexpr Nanoseconds kFresh = 130s;
/// A decision waits for signs that still come in, within reason.
constexpr Nanoseconds kQuiet = 12s;
/// An agent that has said nothing for this long while others went on.
constexpr Nanoseconds kMute = 25s;
constexpr int kStrangeMinutes = 3;
constexpr std::size_t kMostFaults = 12;
constexpr double kWorthNaming = 0.05;
constexpr std::size_t kMostSuspects = 5;

constexpr double kNanosecondsPerMetre = 5;  // light in glass
constexpr Nanoseconds kDelayTolerance = 300us;

// Logarithms of probabilities: of a fault, and of what is seen when it is foretold or is not.
const double kLink = std::log(1e-3), kSite = std::log(8e-4), kPoint = std::log(5e-4);
const double kLostAsForetold = std::log(0.88), kSpared = std::log(0.12);
const double kLostAnyway = std::log(0.01), kSparedAsForetold = std::log(0.99), kEither = std::log(0.5);
const double kSilentAsForetold = std::log(0.97), kSilentAnyway = std::log(0.003), kHeardAnyway = std::log(0.01);
const double kWayAsForetold = std::log(0.95), kOtherWay = std::log(0.04);
const double kDelayAsForetold = std::log(0.85), kOtherDelay = std::log(0.15);
const double kMuteAsForetold = std::log(0.97), kMuteCutOff = std::log(0.3), kMuteAnyway = std::log(0.002);
const double kSpeaksFromFailedSite = std::log(0.002), kSpeaksFromFailedPoint = std::log(0.001);

double prior(const Fault& fault) {
    return fault.part == Part::link ? kLink : fault.part == Part::site ? kSite : kPoint;
}

template <class T>
bool contains(const std::vector<T>& list, const T& wanted) {
    return std::ranges::find(list, wanted) != list.end();
}

std::vector<Fault> with(std::vector<Fault> faults, const Fault& fault) {
    faults.push_back(fault);
    return faults;
}

std::vector<Fault> join(std::vector<Fault> faults, const std::vector<Fault>& more) {
    faults.insert(faults.end(), more.begin(), more.end());
    return faults;
}

std::vector<Fault> but(std::vector<Fault> faults, const Fault& fault) {
    std::erase(faults, fault);
    return faults;
}

bool leads_over(const Ways& ways, std::uint32_t from, std::uint32_t to, const Fault& fault) {
    if (fault.part == Part::point) return from == fault.number || to == fault.number;
    return contains(fault.part == Part::link ? ways.links(from, to) : ways.sites(from, to), fault.number);
}

}  // namespace

std::string cause_of(Part part, std::string_view object) {
    return fmt::format("{}:{}", enum_name(part), object);
}

// What is known of one pair when a decision is due.
struct OutageEngine::Evidence {
    std::size_t number = 0;
    enum class Loss : std::uint8_t { unknown, none, some } loss = Loss::unknown;
    bool silent = false, heard = false;  // since the failure; neither: not known
    bool way = false, timed = false;     // its TTL, its delay is of packets since the failure
};

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
        if (pairs_[i].known && leads_over(*ways, pairs_[i].from, pairs_[i].to, active.fault)) active.pairs.insert(i);
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
                if (leads_over(*topology_->without(believed(active.fault)), pair.from, pair.to, active.fault))
                    active.pairs.insert(at->second);
    }
    return pairs_[at->second];
}

void OutageEngine::add(const PairReport& report, Time now) {
    Agent& agent = agents_[report.to];
    agent.heard = std::max(agent.heard, report.until);
    if (report.absent && report.received == 0) return;
    Pair& pair = pair_of(report);
    if (!pair.known || report.until + kMemory < pair.until) return;
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
    return {static_cast<std::int64_t>(ways.links(pair.from, pair.to).size()), ways.metres(pair.from, pair.to)};
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

bool OutageEngine::is_suspicious(std::size_t number, const Ways& ways, Time now) const {
    const Pair& pair = pairs_[number];
    if (!pair.known || now - pair.until > kFresh) return false;
    if (pair.bad_until != Time{} && now - pair.bad_until < kMemory) return true;
    const bool reach = ways.reach(pair.from, pair.to);
    const bool held = std::ranges::any_of(active_, [&](const auto& entry) {
        const Active& active = entry.second;
        return active.pairs.contains(number) &&
               (active.state != OutageState::closed || now - active.ended < times_.flap_window / 4);
    });
    if (held) return false;
    return (pair.silent >= kSilent && reach) || pair.odd >= 2 || pair.strange >= 2;
}

std::vector<std::size_t> OutageEngine::suspicious(Time now) const {
    std::vector<std::size_t> out;
    const auto ways = topology_->without(believed());
    for (std::size_t i = 0; i < pairs_.size(); ++i)
        if (is_suspicious(i, *ways, now)) out.push_back(i);
    return out;
}

OutageEngine::Onset OutageEngine::onset_of(const std::vector<std::size_t>& suspects) const {
    Onset onset{Time::max(), Time::min()};
    for (const std::size_t number : suspects) {
        const Pair& pair = pairs_[number];
        if (pair.bad_until == Time{}) continue;
        onset.low = std::min(onset.low, pair.bad_from);
        onset.high = std::max(onset.high, pair.bad_seen);
    }
    if (onset.low != Time::max()) return onset;
    // No packet was lost: only the way is another.
    for (const std::size_t number : suspects)
        onset.high = onset.low = std::min(onset.low, std::min(pairs_[number].arrived, pairs_[number].until) - 10s);
    return onset;
}

std::vector<OutageEngine::Evidence> OutageEngine::evidence(const Onset& onset, Time now) const {
    std::vector<Evidence> out;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const Pair& pair = pairs_[i];
        if (!pair.known || now - pair.until > kFresh) continue;
        Evidence one{.number = i};
        if (pair.bad_until != Time{} && pair.bad_until >= onset.low)
            one.loss = Evidence::Loss::some;
        else if (pair.until >= onset.low + kSettles)
            one.loss = Evidence::Loss::none;
        // What a known outage has done to it hides what another may have.
        for (const auto& [cause, active] : active_)
            if (one.loss == Evidence::Loss::none && active.pairs.contains(i) && active.began > onset.low - kGrace)
                one.loss = Evidence::Loss::unknown;
        one.silent = pair.silent >= kSilent;
        one.heard = pair.silent == 0 && pair.arrived >= onset.high;
        one.way = one.heard && pair.arrived >= onset.high + 5s && pair.ttl > 0;
        one.timed = pair.median && pair.median_minute >= onset.high;
        out.push_back(one);
    }
    return out;
}

double OutageEngine::score(const std::vector<Fault>& faults, const std::vector<Evidence>& evidence,
                           const Onset& onset) const {
    const auto down = believed();
    const auto before = topology_->without(down);
    const auto after = topology_->without(join(down, faults));
    std::vector<std::shared_ptr<const Ways>> between;  // each fault may have been the last
    if (faults.size() > 1)
        for (const Fault& fault : faults)
            between.push_back(topology_->without(join(down, but(faults, fault))));

    double sum = agents_score(faults, *after, onset);
    for (const Fault& fault : faults)
        sum += prior(fault);
    for (const Evidence& one : evidence) {
        const Pair& pair = pairs_[one.number];
        const auto over = [&](const Ways& ways, const Fault& fault) {
            return leads_over(ways, pair.from, pair.to, fault);
        };
        const bool must = std::ranges::any_of(faults, [&](const Fault& fault) { return over(*before, fault); });
        bool may = false;
        for (std::size_t i = 0; !must && !may && i < between.size(); ++i)
            may = over(*between[i], faults[i]);
        if (one.loss == Evidence::Loss::some) sum += must ? kLostAsForetold : may ? kEither : kLostAnyway;
        if (one.loss == Evidence::Loss::none) sum += must ? kSpared : may ? kEither : kSparedAsForetold;

        const bool cut = !after->reach(pair.from, pair.to) || std::ranges::any_of(faults, [&](const Fault& fault) {
            return fault.part == Part::point && over(*after, fault);
        });
        if (one.silent) sum += cut ? kSilentAsForetold : kSilentAnyway;
        if (one.heard && cut) sum += kHeardAnyway;
        if (cut) continue;
        const Way way = way_of(pair, *after);
        const auto ttl = one.way ? ttl_on(pair, way) : std::nullopt;
        if (ttl) sum += *ttl == pair.ttl ? kWayAsForetold : kOtherWay;
        const auto delay = one.timed ? delay_on(pair, way) : std::nullopt;
        if (delay)
            sum += std::chrono::abs(*delay - *pair.median) <= tolerance(pair, *delay - pair.anchor->delay)
                       ? kDelayAsForetold
                       : kOtherDelay;
    }
    return sum;
}

/// A point that has fallen silent with the rest says that its site failed, or it alone; one that speaks, that it did
/// not.
double OutageEngine::agents_score(const std::vector<Fault>& faults, const Ways& ways, const Onset& onset) const {
    Time latest{};
    for (const auto& [site, agent] : agents_)
        latest = std::max(latest, agent.heard);
    double sum = 0;
    for (const auto& [site, agent] : agents_) {
        const auto number = topology_->find_site(site);
        if (!number || agent.heard < onset.low - 1min) continue;  // it was silent before
        const bool speaks = agent.connected && agent.heard >= onset.high + 5s;
        const bool mute = !agent.connected || latest - agent.heard > kMute;
        const bool failed_site = contains(faults, Fault{Part::site, *number});
        const bool failed_point = contains(faults, Fault{Part::point, *number});
        if (speaks) {
            if (failed_site) sum += kSpeaksFromFailedSite;
            if (failed_point) sum += kSpeaksFromFailedPoint;
        } else if (mute) {
            std::size_t reached = 0;
            for (std::uint32_t other = 0; other < topology_->sites().size(); ++other)
                if (other != *number && ways.reach(*number, other)) ++reached;
            const bool cut_off = reached * 2 < topology_->sites().size();
            sum += failed_site || failed_point ? kMuteAsForetold : cut_off ? kMuteCutOff : kMuteAnyway;
        }
    }
    return sum;
}

/// Everything on the way of somebody who suffers.
std::vector<Fault> OutageEngine::candidates(const std::vector<std::size_t>& suspects) const {
    const auto ways = topology_->without(believed());
    std::set<Fault> out;
    for (const std::size_t number : suspects) {
        const Pair& pair = pairs_[number];
        for (const std::uint32_t link : ways->links(pair.from, pair.to))
            out.insert({Part::link, link});
        for (const std::uint32_t site : ways->sites(pair.from, pair.to))
            out.insert({Part::site, site});
        out.insert({Part::point, pair.from});
        out.insert({Part::point, pair.to});
    }
    return {out.begin(), out.end()};
}

/// One after another, the most telling first; then each is looked at again with the others there.
OutageEngine::Explanation OutageEngine::build(const std::vector<Fault>& candidates,
                                              const std::vector<Evidence>& evidence, const Onset& onset) const {
    Explanation best{{}, score({}, evidence, onset)};
    const auto take = [&](std::vector<Fault> faults) {
        const double its = score(faults, evidence, onset);
        if (its <= best.score + 1e-9) return false;
        best = {std::move(faults), its};
        return true;
    };
    for (bool better = true; better && best.faults.size() < kMostFaults;) {
        better = false;
        const std::vector<Fault> so_far = best.faults;
        for (const Fault& fault : candidates)
            if (!contains(so_far, fault)) better |= take(with(so_far, fault));
    }
    for (bool better = true; better;) {
        better = false;
        for (const Fault& fault : std::vector<Fault>(best.faults)) {
            if (!contains(best.faults, fault)) continue;
            const std::vector<Fault> rest = but(best.faults, fault);
            better |= take(rest);
            for (const Fault& other : candidates)
                if (!contains(best.faults, other)) better |= take(with(rest, other));
            // Two links of a site look much like the site.
            if (fault.part != Part::site) continue;
            for (const Fault& one : candidates)
                for (const Fault& two : candidates)
                    if (one < two && topology_->ends_at(one, fault.number) && topology_->ends_at(two, fault.number))
                        better |= take(with(with(rest, one), two));
        }
    }
    return best;
}

/// What seemed to explain all at first may stand in the way of what explains it better: each is once left out.
std::vector<Fault> OutageEngine::explain(std::vector<Fault> candidates, const std::vector<Evidence>& evidence,
                                         const Onset& onset) const {
    Explanation best = build(candidates, evidence, onset);
    for (bool better = true; better;) {
        better = false;
        for (const Fault& fault : std::vector<Fault>(best.faults)) {
            Explanation other = build(but(candidates, fault), evidence, onset);
            if (other.score <= best.score + 1e-9) continue;
            best = std::move(other);
            candidates = but(candidates, fault);
            better = true;
            break;
        }
    }
    std::ranges::sort(best.faults);
    return best.faults;
}

void OutageEngine::look_for_failures(Time now, std::vector<Finding>& out) {
    const auto suspects = suspicious(now);
    if (suspects.empty()) {
        first_sign_ = Time{};
        return;
    }
    if (first_sign_ == Time{}) first_sign_ = now;
    const Nanoseconds waited = now - first_sign_;
    if (waited < times_.gather || (now - last_sign_ < std::min(kQuiet, times_.gather) && waited < 2 * times_.gather))
        return;
    const Onset onset = onset_of(suspects);
    // Who spoke before it has a say, and is waited for.
    const bool all_spoke = std::ranges::all_of(agents_, [&](const auto& entry) {
        const Time heard = entry.second.heard;
        return heard < onset.low - 1min || heard >= onset.high + 5s;
    });
    if (!all_spoke && waited < 2 * times_.gather) return;
    const auto all_evidence = evidence(onset, now);
    const auto all_candidates = candidates(suspects);
    const auto faults = explain(all_candidates, all_evidence, onset);
    std::vector<std::set<std::size_t>> pairs(faults.size());
    const auto down = believed();
    for (std::size_t f = 0; f < faults.size(); ++f)
        for (const auto& ways : {topology_->without(down), topology_->without(join(down, but(faults, faults[f])))})
            for (std::size_t i = 0; i < pairs_.size(); ++i)
                if (pairs_[i].known && leads_over(*ways, pairs_[i].from, pairs_[i].to, faults[f])) pairs[f].insert(i);
    std::vector<Finding> findings;
    for (std::size_t f = 0; f < faults.size(); ++f)
        findings.push_back(finding_of(faults[f], faults, all_candidates, all_evidence, onset, pairs[f]));
    for (std::size_t f = 0; f < faults.size(); ++f)
        fail(std::move(findings[f]), faults[f], std::move(pairs[f]), out);
    if (!faults.empty()) first_sign_ = Time{};
}

Finding OutageEngine::finding_of(const Fault& fault, const std::vector<Fault>& all,
                                 const std::vector<Fault>& candidates, const std::vector<Evidence>& evidence,
                                 const Onset& onset, const std::set<std::size_t>& pairs) const {
    Finding out{.what = Finding::What::failed, .part = fault.part, .object = topology_->name(fault)};
    out.cause = cause_of(fault.part, out.object);

    // What else it could be, if the others are what they are thought to be.
    const double its = score(all, evidence, onset);
    std::vector<std::pair<double, Fault>> others{{1, fault}};
    double sum = 1;
    for (const Fault& other : candidates) {
        if (contains(all, other)) continue;
        const double odds = std::exp(std::min(score(with(but(all, fault), other), evidence, onset) - its, 0.0));
        if (odds < kWorthNaming) continue;
        others.emplace_back(odds, other);
        sum += odds;
    }
    std::ranges::sort(others, std::greater{});
    if (others.size() > kMostSuspects) others.resize(kMostSuspects);
    for (const auto& [odds, other] : others)
        out.suspects.push_back({other.part, topology_->name(other), odds / sum});

    // It failed after the last report that knew nothing of it and before the first that did.
    Time low{}, high = Time::max();
    const auto down = believed();
    const auto before = topology_->without(down);
    const auto after = topology_->without(join(down, all));
    const auto names = [&](const std::vector<std::uint32_t>& sites) {
        std::vector<std::string> way;
        for (const std::uint32_t site : sites)
            way.push_back(topology_->sites()[site]);
        return way;
    };
    for (const Evidence& one : evidence) {
        const Pair& pair = pairs_[one.number];
        const bool lost = one.loss == Evidence::Loss::some;
        const auto ttl = ttl_on(pair, way_of(pair, *before));
        const bool moved = one.way && ttl && *ttl != pair.ttl;
        if (!pairs.contains(one.number) || (!lost && !one.silent && !moved)) continue;
        if (lost && leads_over(*before, pair.from, pair.to, fault)) {
            low = std::max(low, pair.bad_from);
            high = std::min(high, pair.bad_seen);
        }
        AffectedPair affected{.from = topology_->sites()[pair.from],
                              .to = topology_->sites()[pair.to],
                              .lost = lost ? pair.bad_lost : 0,
                              .before = names(before->sites(pair.from, pair.to))};
        if (after->reach(pair.from, pair.to) && !one.silent) affected.after = names(after->sites(pair.from, pair.to));
        const auto us = [](Nanoseconds delay) {
            return std::chrono::duration_cast<std::chrono::microseconds>(delay).count();
        };
        if (pair.anchor) affected.before_us = us(pair.anchor->delay);
        if (one.timed) affected.after_us = us(*pair.median);
        out.pairs.push_back(std::move(affected));
    }
    out.when = high == Time::max() ? onset.low : std::min(low, high);
    out.seen = high == Time::max() ? onset.high : high;
    std::ranges::sort(out.pairs, std::less{}, [](const AffectedPair& pair) {
        return std::tuple(pair.after.has_value(), -pair.lost, pair.from, pair.to);
    });
    return out;
}

void OutageEngine::fail(Finding finding, const Fault& fault, std::set<std::size_t> pairs, std::vector<Finding>& out) {
    const auto [at, fresh] = active_.try_emplace(finding.cause);
    Active& active = at->second;
    if (!fresh) finding.what = Finding::What::failed_again;
    active.fault = fault;
    active.object = finding.object;
    active.state = OutageState::open;
    active.began = finding.when;
    active.seen = finding.seen;
    active.pairs = std::move(pairs);
    for (const std::size_t number : active.pairs)
        pairs_[number].strange = pairs_[number].odd = 0;
    out.push_back(std::move(finding));
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
