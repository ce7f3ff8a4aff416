#include "services/measure/engine_events.h"

#include <algorithm>
#include <cmath>

namespace quipu::measure {
namespace {

constexpr std::size_t kConfirm = 2;
constexpr std::int64_t kNarrowest = 300'000;  // nanoseconds
constexpr double kShare = 0.02;
constexpr std::int64_t kNarrowestRerouted = 50'000;
constexpr double kShareRerouted = 0.002;
constexpr double kWanders = 6;
constexpr double kFollow = 0.05;
/// A level that has held this long is what is usual.
constexpr Nanoseconds kSettles = std::chrono::hours(24);

constexpr std::size_t kWindow = 5;
constexpr double kSuddenLoss = 0.10;
constexpr std::int64_t kSuddenPackets = 5;
constexpr std::int64_t kSuddenRun = 4;
constexpr double kBegins = 0.03;
constexpr double kEnds = 0.01;
// At 90 packets a minute a path that loses 3 % shows two such minutes once in 200 times.
constexpr std::size_t kWholeMinutes = 2;
// Fewer packets than this say nothing of a delay's level or a share of loss.
constexpr std::int64_t kFewest = 10;

double share(std::int64_t lost, std::int64_t sent) {
    return sent > 0 ? static_cast<double>(lost) / static_cast<double>(sent) : 0;
}

}  // namespace

std::vector<PairEvent> Detector::add(const Sample& sample) {
    std::vector<PairEvent> out = add_delay(sample);
    for (const PairEvent& event : add_loss(sample))
        out.push_back(event);
    return out;
}

std::vector<PairEvent> Detector::add_delay(const Sample& sample) {
    std::vector<PairEvent> out;
    if (sample.minute <= last_delay_) return out;
    last_delay_ = sample.minute;
    if (sample.clock_wrong) suspects_.clear();
    if (sample.received < kFewest || sample.clock_wrong) return out;
    clock_error_ = sample.clock_error;
    judge_delay(sample, out);
    return out;
}

std::vector<PairEvent> Detector::add_loss(const Sample& sample) {
    std::vector<PairEvent> out;
    if (sample.minute <= last_loss_) return out;
    last_loss_ = sample.minute;
    if (sample.sender_absent && sample.received == 0) return out;
    if (sample.sent >= kFewest && !sample.settling) judge_loss(sample, out);
    return out;
}

void Detector::shift(std::int64_t nanoseconds) {
    suspects_.clear();
    if (level_) *level_ += nanoseconds;
    if (usual_) *usual_ += nanoseconds;
    if (first_) *first_ += nanoseconds;
}

bool Detector::slow() const {
    return level_ && usual_ && *level_ > *usual_ + band(*usual_);
}

void Detector::judge_delay(const Sample& sample, std::vector<PairEvent>& out) {
    if (!level_) {
        if (first_ && std::abs(sample.median - *first_) <= band(*first_)) {
            level_ = sample.median;
            level_ttl_ = sample.ttl;
            level_since_ = sample.minute;
            if (!usual_) usual_ = level_;
        }
        first_ = sample.median;
        return;
    }
    const std::int64_t distance = sample.median - *level_;
    const bool rerouted = sample.ttl > 0 && level_ttl_ > 0 && sample.ttl != level_ttl_;
    if (std::abs(distance) <= band(*level_, rerouted)) {
        suspects_.clear();
        if (sample.ttl > 0) level_ttl_ = sample.ttl;
        wander_ += kFollow * (static_cast<double>(std::abs(distance)) - wander_);
        *level_ += static_cast<std::int64_t>(kFollow * static_cast<double>(distance));
        if (sample.minute - level_since_ >= kSettles) usual_ = level_;
        return;
    }
    // On the other side, or far from the suspicion so far: the suspicion begins anew.
    if (!suspects_.empty()) {
        const std::int64_t suspect = suspects_.back();
        if ((suspect > *level_) != (distance > 0) || std::abs(sample.median - suspect) > band(suspect))
            suspects_.clear();
    }
    suspects_.push_back(sample.median);
    if (suspects_.size() < kConfirm) return;
    std::int64_t sum = 0;
    for (const std::int64_t suspect : suspects_)
        sum += suspect;
    const std::int64_t after = sum / static_cast<std::int64_t>(suspects_.size());
    out.push_back({distance > 0 ? PairChange::delay_rose : PairChange::delay_fell, sample.minute,
                   static_cast<double>(*level_), static_cast<double>(after)});
    level_ = after;
    if (sample.ttl > 0) level_ttl_ = sample.ttl;
    level_since_ = sample.minute;
    suspects_.clear();
}

std::int64_t Detector::band(std::int64_t level, bool rerouted) const {
    const double narrowest = static_cast<double>(rerouted ? kNarrowestRerouted : kNarrowest);
    const double share_of_level = (rerouted ? kShareRerouted : kShare) * std::abs(static_cast<double>(level));
    const double widest =
        std::max({narrowest, share_of_level, kWanders * wander_, 2.0 * static_cast<double>(clock_error_)});
    return static_cast<std::int64_t>(widest);
}

void Detector::judge_loss(const Sample& sample, std::vector<PairEvent>& out) {
    const std::int64_t lost = std::max<std::int64_t>(sample.sent - sample.received, 0);
    window_.push_back({sample.sent, lost});
    if (window_.size() > kWindow) window_.pop_front();
    Lost sum{0, 0};
    for (const Lost& minute : window_) {
        sum.sent += minute.sent;
        sum.lost += minute.lost;
    }
    whole_ = lost == 0 ? whole_ + 1 : 0;
    const double now = share(lost, sample.sent);
    const double lately = share(sum.lost, sum.sent);
    if (!lossy_) {
        const bool sudden =
            (now >= kSuddenLoss && lost >= kSuddenPackets) || (sample.loss_run >= kSuddenRun && lost >= kSuddenRun);
        const bool steady = lately >= kBegins && window_.size() == kWindow;
        if (sudden || steady) {
            lossy_ = true;
            // Its end is judged by what comes from here on.
            window_.erase(window_.begin(), window_.end() - 1);
            out.push_back({PairChange::loss_began, sample.minute, loss_before_, sudden ? now : lately});
        } else if (lately < kEnds) {
            loss_before_ = lately;
        }
    } else if (whole_ >= kWholeMinutes || (window_.size() == kWindow && lately < kEnds)) {
        lossy_ = false;
        // What was lost before counts for what has ended, not for what may begin.
        window_.erase(window_.begin(), window_.end() - 1);
        out.push_back({PairChange::loss_ended, sample.minute, loss_before_, now});
    }
    // What it was like before the next event: while lossy, the worst share seen.
    if (lossy_) loss_before_ = std::max(loss_before_, std::max(now, lately));
    if (!out.empty() && out.back().what == PairChange::loss_ended) loss_before_ = now;
}

}  // namespace quipu::measure
