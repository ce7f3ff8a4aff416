#include "services/measure/engine_events.h"

#include <algorithm>
#include <cmath>

namespace quipu::measure {
namespace {

constexpr LevelDetector::Narrow kRerouted{.narrowest = 50'000, .share = 0.002};
/// A level that has held this long is what is usual.
constexpr Nanoseconds kSettles = std::chrono::hours(24);
// Traces are made every few minutes: a way that changed so long before or after a delay changed with it.
constexpr Nanoseconds kTogether = std::chrono::minutes(6);

constexpr double kSuddenLoss = 0.10;
constexpr std::int64_t kSuddenPackets = 5;
constexpr std::int64_t kSuddenRun = 4;
constexpr double kBegins = 0.03;
constexpr double kEnds = 0.01;
constexpr double kChanceDeviations = 6;
constexpr double kFollowLoss = 0.001;
// At 90 packets a minute a path that loses 3 % shows two such minutes once in 200 times.
constexpr std::uint32_t kWholeMinutes = 2;
// Fewer packets than this say nothing of a delay's level or a share of loss.
constexpr std::int64_t kFewest = 10;

double share(std::int64_t lost, std::int64_t sent) {
    return sent > 0 ? static_cast<double>(lost) / static_cast<double>(sent) : 0;
}

}  // namespace

std::vector<PairEvent> Detector::add(const Sample& sample) {
    std::vector<PairEvent> out;
    if (sample.minute <= last_) return out;
    last_ = sample.minute;
    if (sample.clock_wrong) delay_.forget_run();
    if (sample.received >= kFewest && !sample.clock_wrong) judge_delay(sample, out);
    const bool unsent = sample.sender_absent && sample.received < sample.sent;
    if (sample.sent >= kFewest && !sample.settling && !unsent) judge_loss(sample, out);
    return out;
}

void Detector::shift(std::int64_t nanoseconds) {
    delay_.shift(static_cast<double>(nanoseconds));
    if (usual_) *usual_ += nanoseconds;
}

std::optional<std::int64_t> Detector::level() const {
    const auto level = delay_.level();
    return level ? std::optional(static_cast<std::int64_t>(*level)) : std::nullopt;
}

bool Detector::slow() const {
    const auto level = delay_.level();
    if (!level || !usual_) return false;
    const double usual = std::max(static_cast<double>(*usual_), delay_.usual_at(last_).value_or(0));
    return *level > usual + delay_.band(usual);
}

void Detector::judge_delay(const Sample& sample, std::vector<PairEvent>& out) {
    const bool rerouted = sample.ttl > 0 && level_ttl_ > 0 && sample.ttl != level_ttl_;
    const auto change =
        delay_.add(sample.minute, static_cast<double>(sample.median), static_cast<double>(sample.clock_error),
                   rerouted ? std::optional(kRerouted) : std::nullopt);
    if (change) {
        const bool way = rerouted || std::chrono::abs(sample.minute - way_changed_) <= kTogether;
        out.push_back({.what = change->after > change->before ? PairChange::delay_rose : PairChange::delay_fell,
                       .minute = sample.minute,
                       .before = change->before,
                       .after = change->after,
                       .began = change->began,
                       .rerouted = way});
    }
    const auto level = this->level();
    if (!level) return;
    if (!usual_) usual_ = level;
    // A stray says nothing of the way that the level belongs to.
    if (sample.ttl > 0 && (level_ttl_ == 0 || delay_.settled())) level_ttl_ = sample.ttl;
    if (!change && delay_.settled() && sample.minute - delay_.level_since() >= kSettles) usual_ = level;
}

void Detector::judge_loss(const Sample& sample, std::vector<PairEvent>& out) {
    const std::int64_t lost = std::max<std::int64_t>(sample.sent - sample.received, 0);
    std::ranges::rotate(window_, window_.begin() + 1);
    window_.back() = {static_cast<std::int32_t>(sample.sent), static_cast<std::int32_t>(lost)};
    in_window_ = std::min<std::uint32_t>(in_window_ + 1, kWindow);
    std::int64_t window_sent = 0;
    std::int64_t window_lost = 0;
    for (std::size_t i = kWindow - in_window_; i < kWindow; ++i) {
        window_sent += window_[i].sent;
        window_lost += window_[i].lost;
    }
    whole_ = lost == 0 ? whole_ + 1 : 0;
    const double now = share(lost, sample.sent);
    const double lately = share(window_lost, window_sent);
    if (!lossy_) {
        const bool sudden =
            (now >= kSuddenLoss && lost >= kSuddenPackets) || (sample.loss_run >= kSuddenRun && lost >= kSuddenRun);
        // A pair that always loses a little loses a little more by chance.
        const double expected = usual_loss_ * static_cast<double>(window_sent);
        const bool chance = static_cast<double>(window_lost) <= expected + kChanceDeviations * std::sqrt(expected);
        const bool steady = lately >= kBegins && in_window_ == kWindow && !chance;
        if (sudden || steady) {
            lossy_ = true;
            // Its end is judged by what comes from here on.
            in_window_ = 1;
            out.push_back({.what = PairChange::loss_began,
                           .minute = sample.minute,
                           .before = loss_before_,
                           .after = sudden ? now : lately,
                           .began = sample.minute});
        } else {
            if (lately < kEnds) loss_before_ = lately;
            usual_loss_ += kFollowLoss * (now - usual_loss_);
        }
    } else if (whole_ >= kWholeMinutes || (in_window_ == kWindow && lately < kEnds)) {
        lossy_ = false;
        // What was lost before counts for what has ended, not for what may begin.
        in_window_ = 1;
        out.push_back({.what = PairChange::loss_ended,
                       .minute = sample.minute,
                       .before = loss_before_,
                       .after = now,
                       .began = sample.minute});
    }
    // What it was like before the next event: while lossy, the worst share seen.
    if (lossy_) loss_before_ = std::max(loss_before_, std::max(now, lately));
    if (!out.empty() && out.back().what == PairChange::loss_ended) loss_before_ = now;
}

}  // namespace quipu::measure
