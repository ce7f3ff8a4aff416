#pragma once
// Has a series changed for good? A robust, seasonal detector in constant memory: a value and its time in, a change out.
// Delays by the minute and results of throughput tests are series of it (LevelRules).
//
// What is usual: the level follows what lies within its band. A profile remembers how much more each hour of the day
// has than the quietest one, from the days (at most seven) that ended as they began. A value is as usual when it lies
// in the band around the level, or between the quiet level and half as much again as the profile has for this hour:
// what queues every evening alarms on its first evenings only, and a quiet evening is no news either. The band is the
// widest of a least width, a share of the level, six robust deviations (the median of the distances from what is usual,
// tracked by a step up or down each time, which no outlier can move by more than any other value) and twice the value's
// own error.
//
// When is it a change: when values in a row lie beyond the band on one side and near each other. How many it takes
// follows from how often a single value strayed so far: with a share p of strays, r in a row come by chance p^r times,
// and r is the least number with which that is no more often than `false_alarms` a month; at least two.

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace quipu::measure {

struct LevelRules {
    double narrowest = 0;       ///< least width of the band
    double share = 0;           ///< of the level
    double follow = 0.05;       ///< how much of the distance the level follows with each value
    double a_month = 43'200;    ///< values in a month
    double false_alarms = 0.1;  ///< a month that chance may make
    double strays = 0.0005;     ///< share of strays before any was seen
    double strays_follow = 0.00025;
};

struct LevelChange {
    double before = 0, after = 0;
    Time began{};  ///< the first value of the run
};

class LevelDetector {
  public:
    explicit LevelDetector(const LevelRules& rules) : rules_(rules) {}

    /// Values in order of time. `error` is the bound of this value's error; `narrow` a narrower least width and share
    /// of the level where it is known that something else is measured than before (another way).
    struct Narrow {
        double narrowest = 0, share = 0;
    };
    std::optional<LevelChange> add(Time time, double value, double error = 0,
                                   const std::optional<Narrow>& narrow = std::nullopt);
    /// What an hour of the past was like.
    void learn_hour(Time hour, double value);
    /// What was measured before is by so much too small now.
    void shift(double by);
    /// The run of strays so far says nothing: its values were no values.
    void forget_run() { run_ = 0; }

    [[nodiscard]] std::optional<double> level() const { return known_ ? std::optional(level_) : std::nullopt; }
    [[nodiscard]] Time level_since() const { return since_; }
    /// What this hour uses to be like, when hours differ by more than the band.
    [[nodiscard]] std::optional<double> usual_at(Time time) const;
    [[nodiscard]] double band(double level, const std::optional<Narrow>& narrow = std::nullopt) const;
    /// How many values in a row it takes now.
    [[nodiscard]] int needed() const;
    /// The last value was one of the level's, not a stray.
    [[nodiscard]] bool settled() const { return run_ == 0; }

  private:
    /// What the quiet level has in addition at this time of the day, at most; 0 where hours hardly differ.
    [[nodiscard]] double more_at(Time time, double allowance) const;
    void learn(Time time, double value);
    void end_day();
    void follow(double distance, double from_usual, double by);

    LevelRules rules_;
    double level_ = 0;
    double quiet_ = 0;      // the level of the quietest hours
    double first_ = 0;      // the last value, while no two have agreed
    double deviation_ = 0;  // robust: median of the distances from what is usual
    double error_ = 0;      // of the last value
    double strays_ = 0;     // share of values that strayed
    double run_sum_ = 0, run_last_ = 0;
    Time run_began_{}, since_{}, hour_began_{};
    double hour_sum_ = 0;
    std::chrono::sys_days day_{};
    std::array<float, 24> today_{}, more_{};  // this day's hours; the profile: more than the quietest one
    float last_ = 0;                          // the last hour of the day before
    std::uint32_t seen_ = 0;                  // the hours of this day that were seen, a bit each
    std::uint16_t hour_count_ = 0;
    std::uint16_t run_ = 0;
    std::uint16_t followed_ = 0;  // values that were as usual, up to kFirstValues
    std::uint8_t days_ = 0;       // in the profile
    bool known_ = false, has_first_ = false, has_last_ = false;
};

}  // namespace quipu::measure
