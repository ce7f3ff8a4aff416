#include "services/measure/engine_clocks.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace quipu::measure {
namespace {

// What came of a minute is looked at when it has waited this long for the rest.
constexpr Nanoseconds kLongestWait = std::chrono::seconds(20);
// Fewer packets than this say nothing of a delay's level.
constexpr std::int64_t kFewestPackets = 10;
constexpr double kNarrowestBand = 300'000;  // nanoseconds
constexpr double kWandersBand = 6;
constexpr double kFollowUsual = 0.005;
// A path that has moved is the usual one after so many minutes, and a clock is right again after so many.
constexpr int kNewUsual = 3;
constexpr int kRightAgain = 2;
constexpr std::size_t kFewestPeers = 2;
constexpr double kAgree = 0.75;
constexpr Nanoseconds kRecentStep = std::chrono::minutes(3);
constexpr std::size_t kMostWaiting = 240;

/// The median; of an even number the one nearer to zero: who is not accused is right.
double mild_median(std::vector<double>& values) {
    std::ranges::sort(values);
    const double low = values[(values.size() - 1) / 2];
    const double high = values[values.size() / 2];
    return std::abs(low) < std::abs(high) ? low : high;
}

struct Opinion {
    const std::string* first;
    const std::string* second;
    double ahead;  // the second one of the first
};

/// How far ahead each is, so that most opinions hold. Most clocks are right.
std::map<std::string, double, std::less<>> solve(const std::vector<Opinion>& opinions) {
    std::map<std::string, std::vector<std::pair<const std::string*, double>>, std::less<>> of;
    for (const Opinion& one : opinions) {
        of[*one.second].emplace_back(one.first, one.ahead);
        of[*one.first].emplace_back(one.second, -one.ahead);
    }
    std::map<std::string, double, std::less<>> out;
    for (int round = 0; round < 4; ++round) {
        std::map<std::string, double, std::less<>> next;
        for (const auto& [site, said] : of) {
            std::vector<double> values;
            for (const auto& [peer, ahead] : said) {
                const auto at = out.find(*peer);
                values.push_back(ahead + (at == out.end() ? 0 : at->second));
            }
            next[site] = mild_median(values);
        }
        // Two who accuse each other would change places each round.
        if (round > 0)
            for (auto& [site, value] : next)
                if (of[site].size() < kFewestPeers) value = 0;
        out = std::move(next);
    }
    return out;
}

}  // namespace

void ClockJudge::add(const DirectedDelay& delay, Time now) {
    if (delay.received < kFewestPackets || delay.from == delay.to) return;
    // Too late to be judged, but as much is to be waited for from now on.
    if (delay.minute == judged_) ++usual_directions_;
    if (delay.minute <= judged_) return;
    Waiting& waiting = waiting_[delay.minute];
    if (waiting.first_seen == Time{}) waiting.first_seen = now;
    const bool there = delay.from < delay.to;
    Half& half = waiting.halves[there ? Two(delay.from, delay.to) : Two(delay.to, delay.from)];
    if (!(there ? half.there : half.back)) ++waiting.directions;
    (there ? half.there : half.back) = delay.median;
    half.error = std::max(half.error, delay.clock_error);
    while (waiting_.size() > kMostWaiting)
        waiting_.erase(waiting_.begin());
}

void ClockJudge::report(const ClockReport& report) {
    if (const auto at = reports_.find(report.site); at != reports_.end() && report.minute <= at->second.minute) return;
    reports_[report.site] = report;
    if (report.step != 0) steps_[report.site] = report;
}

std::vector<ClockChange> ClockJudge::judge(Time now) {
    Changes out;
    judge_kernels(out);
    while (!waiting_.empty()) {
        const auto& [minute, waiting] = *waiting_.begin();
        // Of the first minute nobody knows how much is to come but by the next.
        const auto next = std::next(waiting_.begin());
        const bool complete = usual_directions_ > 0
                                  ? waiting.directions >= usual_directions_
                                  : next != waiting_.end() && next->second.directions >= waiting.directions;
        if (!complete && now - waiting.first_seen < kLongestWait) break;
        judge_minute(minute, waiting, out);
        judged_ = minute;
        usual_directions_ = waiting.directions;
        waiting_.erase(waiting_.begin());
        done_.push_back({judged_, faults_});
    }
    return out;
}

std::vector<JudgedMinute> ClockJudge::take_judged() {
    return std::exchange(done_, {});
}

bool ClockJudge::contradicted(std::string_view from, std::string_view to, Time minute) const {
    for (const auto site : {from, to})
        if (const auto at = faults_.find(site); at != faults_.end() && minute >= at->second.since) return true;
    const Two two = from < to ? Two(from, to) : Two(to, from);
    if (minute <= judged_) return parted_.contains(two);
    const auto waiting = waiting_.find(minute);
    if (waiting == waiting_.end()) return false;
    const auto half = waiting->second.halves.find(two);
    if (half == waiting->second.halves.end()) return false;
    const auto vote = vote_of(two, half->second);
    return vote && vote->clocks;
}

std::optional<ClockJudge::Vote> ClockJudge::vote_of(const Two& two, const Half& half) const {
    if (!half.there || !half.back) return std::nullopt;
    Vote out;
    out.two = &two;
    out.difference = static_cast<double>(*half.there - *half.back) / 2;
    out.sum = static_cast<double>(*half.there) / 2 + static_cast<double>(*half.back) / 2;
    out.band = std::max(kNarrowestBand, static_cast<double>(half.error));
    const auto usual = usual_.find(two);
    if (usual == usual_.end()) {
        out.ahead = known_offset(two.second) - known_offset(two.first);
        return out;
    }
    out.band = std::max(out.band, kWandersBand * usual->second.wander);
    out.ahead = out.difference - usual->second.difference;
    const double moved = std::abs(out.sum - usual->second.sum);
    if (std::abs(out.ahead) > out.band) {
        out.clocks = moved <= std::abs(out.ahead) / 2;
        out.network = !out.clocks;
    }
    return out;
}

void ClockJudge::judge_kernels(Changes& out) {
    for (const auto& [site, report] : reports_) {
        const auto fault = faults_.find(site);
        if (!report.disciplined && fault == faults_.end())
            begin_fault(site, report.minute, ClockCause::kernel, std::nullopt, out);
        else if (report.disciplined && fault != faults_.end() && fault->second.cause == ClockCause::kernel)
            end_fault(site, report.minute, out);
    }
}

void ClockJudge::judge_minute(Time minute, const Waiting& waiting, Changes& out) {
    in_doubt_.clear();
    parted_.clear();
    judge_negatives(minute, waiting, out);
    std::vector<Vote> votes;
    for (const auto& [two, half] : waiting.halves)
        if (auto vote = vote_of(two, half)) votes.push_back(*vote);
    judge_steps(minute, votes, out);
    judge_doubts(minute, votes, out);
    learn(votes);
}

/// Ways are taken to be as long back as there: good enough for what exceeds a whole way's delay.
void ClockJudge::judge_negatives(Time minute, const Waiting& waiting, Changes& out) {
    std::vector<Opinion> opinions;
    std::vector<const Two*> negative;
    std::map<std::string, std::size_t, std::less<>> peers;
    for (const auto& [two, half] : waiting.halves) {
        const bool below = (half.there && *half.there < -half.error) || (half.back && *half.back < -half.error);
        if (below && !wrong(two.first) && !wrong(two.second)) negative.push_back(&two);
        if (!half.there || !half.back) continue;
        opinions.push_back({&two.first, &two.second, static_cast<double>(*half.there - *half.back) / 2});
        ++peers[two.first];
        ++peers[two.second];
    }
    if (negative.empty()) return;
    const Offsets ahead = solve(opinions);
    const auto offset = [&](const std::string& site) {
        const auto at = ahead.find(site);
        return at == ahead.end() || peers[site] < kFewestPeers ? 0.0 : at->second;
    };
    for (const Two* two : negative) {
        if (wrong(two->first) || wrong(two->second)) continue;  // named a moment ago
        const double first = offset(two->first);
        const double second = offset(two->second);
        const bool is_first = std::abs(first) >= 2 * std::abs(second);
        if (first == second || (!is_first && std::abs(second) < 2 * std::abs(first))) {
            parted_.insert(*two);
            in_doubt_.insert({two->first, two->second});
            continue;
        }
        const std::string& site = is_first ? two->first : two->second;
        const double by = is_first ? first : second;
        // What was learnt with a wrong clock is not what is usual.
        for (auto& [each, usual] : usual_) {
            const auto half = waiting.halves.find(each);
            if ((each.first != site && each.second != site) || half == waiting.halves.end()) continue;
            if (!half->second.there || !half->second.back) continue;
            const double difference = static_cast<double>(*half->second.there - *half->second.back) / 2;
            usual.difference = difference - (each.second == site ? by : -by);
        }
        begin_fault(site, minute, ClockCause::negative, static_cast<std::int64_t>(by), out);
    }
}

void ClockJudge::judge_steps(Time minute, const std::vector<Vote>& votes, Changes& out) {
    std::vector<Opinion> opinions;
    for (const Vote& vote : votes)
        if (!vote.network) opinions.push_back({&vote.two->first, &vote.two->second, vote.ahead});
    const Offsets ahead = solve(opinions);
    const auto offset = [&](const std::string& site) {
        const auto at = ahead.find(site);
        return at == ahead.end() ? 0.0 : at->second;
    };
    for (const auto& [site, by] : ahead) {
        std::size_t said = 0;
        std::size_t agree = 0;
        std::size_t fine = 0;
        std::vector<double> bands;
        for (const Vote& vote : votes) {
            if (vote.network || (vote.two->first != site && vote.two->second != site)) continue;
            const bool second = vote.two->second == site;
            const double says =
                (second ? vote.ahead : -vote.ahead) + offset(second ? vote.two->first : vote.two->second);
            ++said;
            bands.push_back(vote.band);
            agree += std::abs(says - by) <= std::max(vote.band, std::abs(by) / 4) ? 1 : 0;
            fine += std::abs(vote.ahead) <= vote.band ? 1 : 0;
        }
        const double band = mild_median(bands);
        const bool named = std::abs(by) > band && said >= kFewestPeers && agree >= kFewestPeers &&
                           static_cast<double>(agree) >= kAgree * static_cast<double>(said);
        const auto fault = faults_.find(site);
        if (fault != faults_.end()) {
            if (fault->second.cause == ClockCause::kernel) continue;
            int& quiet = quiet_[site];
            quiet = fine * 2 > said ? quiet + 1 : 0;
            if (named) fault->second.by = static_cast<std::int64_t>(by);
            if (quiet >= kRightAgain) end_fault(site, minute, out);
        } else if (named && is_correction(site, by, votes)) {
            move_usual(site, by);
            out.push_back({ClockChange::What::corrected,
                           site,
                           minute,
                           {minute, ClockCause::step, static_cast<std::int64_t>(by)}});
        } else if (named) {
            begin_fault(site, minute, ClockCause::step, static_cast<std::int64_t>(by), out);
        }
    }
}

bool ClockJudge::is_correction(const std::string& site, double by, const std::vector<Vote>& votes) const {
    std::vector<double> before;
    std::vector<double> after;
    for (const Vote& vote : votes) {
        if (vote.two->first != site && vote.two->second != site) continue;
        const auto usual = usual_.find(*vote.two);
        if (usual == usual_.end()) continue;
        const double sign = vote.two->second == site ? 1 : -1;
        before.push_back(sign * usual->second.difference);
        after.push_back(sign * vote.difference);
    }
    if (before.empty()) return false;
    return std::abs(mild_median(before)) > std::abs(by) / 2 && std::abs(mild_median(after)) < std::abs(by) / 2;
}

void ClockJudge::move_usual(const std::string& site, double by) {
    for (auto& [two, usual] : usual_) {
        if (two.second == site) usual.difference += by;
        if (two.first == site) usual.difference -= by;
    }
}

bool ClockJudge::saw_itself_stepped(std::string_view site, Time minute, double least) const {
    const auto at = steps_.find(site);
    return at != steps_.end() && std::chrono::abs(minute - at->second.minute) <= kRecentStep &&
           std::abs(static_cast<double>(at->second.step)) >= least;
}

void ClockJudge::judge_doubts(Time minute, const std::vector<Vote>& votes, Changes& out) {
    for (const Vote& vote : votes) {
        const auto& [first, second] = *vote.two;
        if (!vote.clocks || wrong(first) || wrong(second)) continue;
        // A correction has moved what is usual.
        if (const auto now = usual_.find(*vote.two);
            now != usual_.end() && std::abs(vote.difference - now->second.difference) <= vote.band)
            continue;
        parted_.insert(*vote.two);
        const bool first_stepped = saw_itself_stepped(first, minute, vote.band);
        const bool second_stepped = saw_itself_stepped(second, minute, vote.band);
        if (first_stepped == second_stepped) {
            in_doubt_.insert({first, second});
            continue;
        }
        const std::string& site = first_stepped ? first : second;
        const double by = first_stepped ? -vote.ahead : vote.ahead;
        if (is_correction(site, by, {vote})) {
            move_usual(site, by);
            out.push_back({ClockChange::What::corrected,
                           site,
                           minute,
                           {minute, ClockCause::step, static_cast<std::int64_t>(by)}});
        } else {
            begin_fault(site, minute, ClockCause::step, static_cast<std::int64_t>(by), out);
        }
    }
}

void ClockJudge::learn(const std::vector<Vote>& votes) {
    std::map<std::string_view, std::size_t> peers;
    for (const Vote& vote : votes) {
        ++peers[vote.two->first];
        ++peers[vote.two->second];
    }
    for (const Vote& vote : votes) {
        const auto& [first, second] = *vote.two;
        auto& usual = usual_[*vote.two];
        const double ahead = known_offset(second) - known_offset(first);
        const double difference = vote.difference - ahead;
        if (usual.minutes == 0) {
            usual.difference = difference;
            usual.sum = vote.sum;
            usual.minutes = 1;
            continue;
        }
        if (wrong(first) || wrong(second)) continue;
        const double off = std::abs(difference - usual.difference);
        if (off <= vote.band && std::abs(vote.sum - usual.sum) <= vote.band) {
            const double follow = std::max(kFollowUsual, 1.0 / (usual.minutes + 1));
            usual.difference += follow * (difference - usual.difference);
            usual.sum += follow * (vote.sum - usual.sum);
            usual.wander += std::max(follow, 0.02) * (off - usual.wander);
            usual.strange = 0;
            ++usual.minutes;
            continue;
        }
        const bool same = usual.strange > 0 && std::abs(difference - usual.strange_difference) <= vote.band &&
                          std::abs(vote.sum - usual.strange_sum) <= vote.band;
        usual.strange = same ? usual.strange + 1 : 1;
        usual.strange_difference = difference;
        usual.strange_sum = vote.sum;
        // Two clocks that disagree with nobody to ask stay in doubt; ways that have moved are the usual ones.
        const bool alone = peers[first] < kFewestPeers && peers[second] < kFewestPeers;
        if (usual.strange >= kNewUsual && !(vote.clocks && alone))
            usual = {.difference = difference, .sum = vote.sum, .wander = usual.wander, .minutes = 1};
    }
}

void ClockJudge::begin_fault(const std::string& site, Time minute, ClockCause cause, std::optional<std::int64_t> by,
                             Changes& out) {
    const ClockFault fault{minute, cause, by};
    faults_[site] = fault;
    quiet_[site] = 0;
    out.push_back({ClockChange::What::went_wrong, site, minute, fault});
}

void ClockJudge::end_fault(const std::string& site, Time minute, Changes& out) {
    out.push_back({ClockChange::What::right_again, site, minute, faults_[site]});
    faults_.erase(site);
    quiet_.erase(site);
}

double ClockJudge::known_offset(std::string_view site) const {
    const auto at = faults_.find(site);
    return at == faults_.end() || !at->second.by ? 0 : static_cast<double>(*at->second.by);
}

}  // namespace quipu::measure
