#pragma once
// When the packets of a session leave. Both ends derive the same schedule from the session's seed, so the receiver
// knows what was to be sent although nothing tells it.
//
// RFC 4656 §5 makes exponential gaps from a seeded generator, one after another from the session's start. We follow the
// idea and add a seam at each minute of UTC: a minute holds exactly `per_minute` packets and has a generator of its
// own, seeded by (session seed, minute). A late joiner or a restarted end needs no replay, and a record of a minute has
// a known number of packets. A Poisson stream given its count in an interval is that many uniform instants in order
// (Kingman, Poisson Processes, §2.4); they are made one by one as normalised exponential gaps, so the state is
// constant.
//
// A packet's place is its index: minute of UTC × per_minute + place in the minute. The 32 bits on the wire are its
// lower part; the other end finds the rest from its own clock (they repeat after some 90 years at 90 packets a minute).

#include <cstdint>

#include "base/describe.h"
#include "base/random.h"
#include "base/time.h"

namespace quipu::measure {

enum class Spacing : std::uint8_t { poisson, periodic };
constexpr auto describe_enum(Spacing) {
    return names<Spacing>({{Spacing::poisson, "poisson"}, {Spacing::periodic, "periodic"}});
}

inline constexpr Nanoseconds kMinute = std::chrono::minutes(1);
inline constexpr Nanoseconds kHour = std::chrono::hours(1);

/// Whole minutes since 1970.
[[nodiscard]] constexpr std::int64_t minute_of(Time time) {
    return std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count();
}
[[nodiscard]] constexpr Time start_of_minute(std::int64_t minute) {
    return Time(std::chrono::minutes(minute));
}

struct Schedule {
    std::uint64_t seed = 0;
    Spacing spacing = Spacing::poisson;
    std::uint32_t per_minute = 90;  ///< 1…60,000

    [[nodiscard]] std::int64_t minute_of_index(std::int64_t index) const;
    [[nodiscard]] std::uint32_t place_of_index(std::int64_t index) const;
    /// How many packets were due strictly before `time` since 1970: the index of the first that is due at it or later.
    [[nodiscard]] std::int64_t index_at(Time time) const;
    /// The whole index of a sequence number as received about `now`.
    [[nodiscard]] std::int64_t unwrap(std::uint32_t sequence, Time now) const;

    bool operator==(const Schedule&) const = default;
};

/// Walks a schedule from an instant on; constant state and cost per step, with the next minute's scale summed up on the
/// way so that no minute begins with a burst of arithmetic.
class ScheduleCursor {
  public:
    /// Stands at the first packet that is due at `from` or later.
    ScheduleCursor(const Schedule& schedule, Time from);

    [[nodiscard]] std::int64_t index() const { return minute_ * schedule_.per_minute + place_; }
    [[nodiscard]] std::uint32_t sequence() const { return static_cast<std::uint32_t>(index()); }
    [[nodiscard]] Time due() const { return due_; }
    void advance();

  private:
    void enter(std::int64_t minute);
    void sum_ahead(std::uint32_t terms);
    void step();

    Schedule schedule_;
    std::int64_t minute_ = 0;
    std::uint32_t place_ = 0;
    Time due_{};
    Rng gaps_;          // of this minute
    double total_ = 1;  // of this minute's gaps
    double so_far_ = 0;
    Rng next_gaps_;  // of the next minute, summed up ahead of time
    double next_total_ = 0;
    std::uint32_t summed_ = 0;
};

}  // namespace quipu::measure
