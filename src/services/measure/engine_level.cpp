#include "services/measure/engine_level.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

constexpr double kDeviations = 6;
constexpr double kToSigma = 1.4826;  // of a normal distribution's median distance
constexpr double kDeviationStep = 0.02;
constexpr std::uint16_t kFirstValues = 30;
constexpr double kAllowance = 1.5;
constexpr int kWholeDay = 18;  // hours
constexpr double kSeasonFollow = 0.2;
constexpr std::uint8_t kDaysKept = 7;
constexpr int kLongestRun = 8;
constexpr std::uint16_t kFewestOfHour = 2;

std::size_t hour_of_day(Time time) {
    const auto hours = std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
    return static_cast<std::size_t>(((hours % 24) + 24) % 24);
}

}  // namespace

double LevelDetector::band(double level, const std::optional<Narrow>& narrow) const {
    const double least = narrow ? narrow->narrowest : rules_.narrowest;
    const double share = (narrow ? narrow->share : rules_.share) * std::abs(level);
    return std::max({least, share, kDeviations * kToSigma * deviation_, 2 * error_});
}

int LevelDetector::needed() const {
    const double p = std::clamp(std::max(strays_, rules_.strays), 1e-6, 0.5);
    const double runs = std::log(rules_.false_alarms / rules_.a_month) / std::log(p);
    return std::clamp(static_cast<int>(std::ceil(runs)), 2, kLongestRun);
}

/// Of the two hours whose middles `time` lies between, the one that has more: neither is even, nor is one evening like
/// the other.
double LevelDetector::more_at(Time time, double allowance) const {
    if (days_ == 0) return 0;
    const bool early = time - std::chrono::floor<std::chrono::hours>(time) < kHour / 2;
    const float more = std::max(more_[hour_of_day(time)], more_[hour_of_day(early ? time - kHour : time + kHour)]);
    return more > band(quiet_) ? allowance * static_cast<double>(more) : 0;
}

std::optional<double> LevelDetector::usual_at(Time time) const {
    const double more = more_at(time, kAllowance);
    return more > 0 ? std::optional(quiet_ + more) : std::nullopt;
}

std::optional<LevelChange> LevelDetector::add(Time time, double value, double error,
                                              const std::optional<Narrow>& narrow) {
    error_ = error;
    learn(time, value);
    if (!known_) {
        if (has_first_ && std::abs(value - first_) <= band(first_)) {
            level_ = quiet_ = value;
            since_ = time;
            known_ = true;
        }
        first_ = value;
        has_first_ = true;
        return std::nullopt;
    }
    const double width = band(level_, narrow);
    const double distance = value - level_;
    if (std::abs(distance) <= width) {
        follow(distance, distance, rules_.follow);
        return std::nullopt;
    }
    double low = level_;
    double high = level_;
    if (days_ > 0 && !narrow) {
        low = std::min(low, quiet_);
        high = std::max(high, quiet_ + more_at(time, kAllowance));
    }
    const double beyond = value > high ? value - high : value < low ? value - low : 0;
    if (std::abs(beyond) <= width) {
        follow(distance, beyond, kSeasonFollow);
        return std::nullopt;
    }
    // On the other side, or far from the run so far: it begins anew.
    if (run_ > 0 &&
        ((run_last_ > level_) != (distance > 0) || std::abs(value - run_sum_ / run_) > std::max(width, band(value)))) {
        strays_ += rules_.strays_follow * run_;
        run_ = 0;
    }
    if (run_ == 0) {
        run_began_ = time;
        run_sum_ = 0;
    }
    ++run_;
    run_sum_ += value;
    run_last_ = value;
    if (run_ < needed()) return std::nullopt;
    const double after = run_sum_ / run_;
    const LevelChange change{level_, after, run_began_};
    level_ = after;
    quiet_ = after - more_at(time, 1);
    since_ = time;
    run_ = 0;
    return change;
}

void LevelDetector::follow(double distance, double from_usual, double by) {
    strays_ += rules_.strays_follow * (run_ - strays_);
    run_ = 0;
    level_ += by * distance;
    const double least = rules_.narrowest / 1000;
    const double wide = std::abs(from_usual);
    if (followed_ < kFirstValues) {
        // A normal distribution's median distance is 0.845 of its mean distance.
        ++followed_;
        deviation_ = std::max(deviation_ + (0.845 * wide - deviation_) / followed_, least);
        return;
    }
    // The median of the distances: a step up for each that is wider, a step down for each that is not.
    deviation_ = std::max(deviation_ * (wide > deviation_ ? 1 + kDeviationStep : 1 - kDeviationStep), least);
}

void LevelDetector::learn(Time time, double value) {
    const Time hour = std::chrono::floor<std::chrono::hours>(time);
    if (hour != hour_began_) {
        if (hour_count_ >= kFewestOfHour) learn_hour(hour_began_, hour_sum_ / hour_count_);
        hour_began_ = hour;
        hour_sum_ = 0;
        hour_count_ = 0;
    }
    hour_sum_ += value;
    ++hour_count_;
}

void LevelDetector::learn_hour(Time hour, double value) {
    const auto day = std::chrono::floor<std::chrono::days>(hour);
    if (day != day_ && seen_ != 0) end_day();
    day_ = day;
    today_[hour_of_day(hour)] = static_cast<float>(value);
    seen_ |= 1U << hour_of_day(hour);
    if (known_) quiet_ = std::min(quiet_, value);
}

/// A day that ended elsewhere than the one before has changed for good: its hours can't be compared.
void LevelDetector::end_day() {
    float low = 0;
    float high = 0;
    float last = 0;
    bool any = false;
    for (std::size_t i = 0; i < today_.size(); ++i) {
        if ((seen_ >> i & 1U) == 0) continue;
        last = today_[i];
        low = any ? std::min(low, last) : last;
        high = any ? std::max(high, last) : last;
        any = true;
    }
    const bool whole = std::popcount(seen_) >= kWholeDay;
    const double moved = std::abs(static_cast<double>(last) - static_cast<double>(last_));
    const bool steady = !has_last_ || moved <= std::max(band(low), static_cast<double>(high - low) / 2);
    last_ = last;
    has_last_ = true;
    if (whole && steady) {
        days_ = static_cast<std::uint8_t>(std::min<int>(days_ + 1, kDaysKept));
        for (std::size_t i = 0; i < today_.size(); ++i)
            if ((seen_ >> i & 1U) != 0) more_[i] += (today_[i] - low - more_[i]) / static_cast<float>(days_);
        if (known_) quiet_ = low;
    }
    seen_ = 0;
}

void LevelDetector::shift(double by) {
    level_ += by;
    quiet_ += by;
    first_ += by;
    last_ += static_cast<float>(by);
    hour_sum_ += by * hour_count_;
    for (float& hour : today_)
        hour += static_cast<float>(by);
    run_ = 0;
}

}  // namespace quipu::measure
