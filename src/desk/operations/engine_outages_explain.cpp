// How an outage engine explains what it sees: evidence, hypotheses, the likeliest of them.

#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>

#include "desk/operations/engine_faults.h"
#include "desk/operations/engine_outages.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;

/// Signs older than this are told of no more.
constexpr Nanoseconds kMemory = 3min;
/// A decision waits for signs that still come in, within reason.
constexpr Nanoseconds kQuiet = 12s;
/// An agent that has said nothing for this long while others went on.
constexpr Nanoseconds kMute = 25s;
constexpr std::size_t kMostFaults = 12;
constexpr double kWorthNaming = 0.05;
constexpr std::size_t kMostSuspects = 5;

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

}  // namespace

// What is known of one pair when a decision is due.
struct OutageEngine::Evidence {
    std::size_t number = 0;
    enum class Loss : std::uint8_t { unknown, none, some } loss = Loss::unknown;
    bool silent = false, heard = false;  // since the failure; neither: not known
    bool way = false, timed = false;     // its TTL, its delay is of packets since the failure
};

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
            return ways.leads_over(pair.from, pair.to, fault);
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
                if (pairs_[i].known && ways->leads_over(pairs_[i].from, pairs_[i].to, faults[f])) pairs[f].insert(i);
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
        if (lost && before->leads_over(pair.from, pair.to, fault)) {
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

}  // namespace quipu::operations
