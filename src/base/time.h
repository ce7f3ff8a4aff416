#pragma once
// Instants, dates and clocks. Nothing reads the time of day but through a Clock, so that a test owns time.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu {

using Nanoseconds = std::chrono::nanoseconds;
using Time = std::chrono::sys_time<std::chrono::nanoseconds>;  ///< UTC, nanoseconds since 1970
using Monotonic = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using Date = std::chrono::year_month_day;  ///< a day of the calendar, no zone

class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
    [[nodiscard]] virtual Monotonic monotonic() const = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override;
    [[nodiscard]] Monotonic monotonic() const override;
};

/// A clock that a test sets. `step` moves the time of day alone, as when an operator corrects it.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(Time start) : now_(start) {}
    [[nodiscard]] Time now() const override { return now_; }
    [[nodiscard]] Monotonic monotonic() const override { return monotonic_; }
    void advance(Nanoseconds by) {
        now_ += by;
        monotonic_ += by;
    }
    void step(Nanoseconds by) { now_ += by; }

  private:
    Time now_;
    Monotonic monotonic_{};
};

/// Whole seconds since 1970, rounded down: what formats of others count in.
[[nodiscard]] inline std::int64_t unix_seconds(Time time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// RFC 3339 in UTC, "2011-10-28T14:03:05Z", with as many of the nine decimals as are not zero.
[[nodiscard]] std::string format_time(Time time);
/// RFC 3339 with any offset, or a date alone (midnight UTC).
[[nodiscard]] Result<Time> parse_time(std::string_view text);
/// "2011-10-28".
[[nodiscard]] std::string format_date(Date date);
[[nodiscard]] Result<Date> parse_date(std::string_view text);
[[nodiscard]] Date date_of(Time time);
[[nodiscard]] Time start_of(Date date);
/// "2011-10-28 14:03 UTC": for people.
[[nodiscard]] std::string format_minute(Time time);
/// "2 h 5 min", "340 ms": for people. At most two units.
[[nodiscard]] std::string format_duration(Nanoseconds duration);
/// "90s", "5 min", "2h", "250ms": settings. A bare number is refused: a quantity has its unit.
[[nodiscard]] Result<Nanoseconds> parse_duration(std::string_view text);
/// An error that names `where` and both bounds, unless it lies between them.
[[nodiscard]] Result<void> check_between(std::string where, Nanoseconds value, Nanoseconds least, Nanoseconds most);

}  // namespace quipu
