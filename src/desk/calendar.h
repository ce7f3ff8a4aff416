#pragma once
// Working time: what of a span lies within a country's business hours, and when so much of it will have passed. No
// clock of its own.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/guarded.h"
#include "base/time.h"
#include "base/zone.h"
#include "desk/holidays.h"

namespace quipu::desk {

/// On Monday to Friday, by the wall's clock.
struct BusinessHours {
    Nanoseconds begin = std::chrono::hours(9);
    Nanoseconds end = std::chrono::hours(18);
};

class Calendar {
  public:
    /// Every hour of every day.
    Calendar() = default;
    Calendar(std::string country, Zone zone, BusinessHours hours, std::shared_ptr<const Holidays> holidays);

    [[nodiscard]] bool always() const { return holidays_ == nullptr; }
    /// The instant at which `working` of working time has passed since `from`; `from` itself for nothing or less.
    [[nodiscard]] Time after(Time from, Nanoseconds working) const;
    /// Working time from `from` to `until`; none when `until` is not later.
    [[nodiscard]] Nanoseconds between(Time from, Time until) const;

  private:
    struct Day {
        Time begin, end;  ///< equal when nobody works
    };
    [[nodiscard]] Day day(std::chrono::local_days date) const;
    [[nodiscard]] bool is_holiday(std::chrono::local_days date) const;

    std::string country_;
    Zone zone_;
    BusinessHours hours_;
    std::shared_ptr<const Holidays> holidays_;
    using Years = std::map<int, std::set<std::chrono::local_days>>;
    std::shared_ptr<Guarded<Years>> years_;  ///< computed once
};

}  // namespace quipu::desk
