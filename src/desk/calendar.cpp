#include "desk/calendar.h"

#include <algorithm>

namespace quipu::desk {

using std::chrono::days;
using std::chrono::local_days;

namespace {

// No promise is longer; a calendar in which nobody works for so long is a mistake of the configuration.
constexpr int kFarthestDays = 3660;

}  // namespace

Calendar::Calendar(std::string country, Zone zone, BusinessHours hours, std::shared_ptr<const Holidays> holidays)
    : country_(std::move(country)),
      zone_(std::move(zone)),
      hours_(hours),
      holidays_(std::move(holidays)),
      years_(std::make_shared<Guarded<Years>>()) {}

bool Calendar::is_holiday(local_days date) const {
    const auto year = std::chrono::year_month_day(date).year();
    return years_->with([&](Years& years) {
        auto at = years.find(int{year});
        if (at == years.end()) {
            at = years.emplace(int{year}, std::set<local_days>{}).first;
            for (const Holiday& holiday : holidays_->of(country_, year))
                at->second.insert(local_days(holiday.date));
        }
        return at->second.contains(date);
    });
}

Calendar::Day Calendar::day(local_days date) const {
    const Time begin = zone_.instant(LocalTime(date) + hours_.begin);
    const bool works = std::chrono::weekday(date).iso_encoding() <= 5 && !is_holiday(date);
    return {begin, works ? std::max(begin, zone_.instant(LocalTime(date) + hours_.end)) : begin};
}

Time Calendar::after(Time from, Nanoseconds working) const {
    if (working <= Nanoseconds(0)) return from;
    if (always()) return from + working;
    local_days date = std::chrono::floor<days>(zone_.local(from));
    for (int n = 0; n < kFarthestDays; ++n, date += days(1)) {
        const Day today = day(date);
        const Time begin = std::max(from, today.begin);
        if (begin >= today.end) continue;
        if (working <= today.end - begin) return begin + working;
        working -= today.end - begin;
    }
    return from + days(kFarthestDays);
}

Nanoseconds Calendar::between(Time from, Time until) const {
    if (until <= from) return Nanoseconds(0);
    if (always()) return until - from;
    Nanoseconds sum{0};
    local_days date = std::chrono::floor<days>(zone_.local(from));
    const local_days last = std::chrono::floor<days>(zone_.local(until));
    for (int n = 0; date <= last && n < kFarthestDays; ++n, date += days(1)) {
        const Day today = day(date);
        sum += std::max(Nanoseconds(0), std::min(until, today.end) - std::max(from, today.begin));
    }
    return sum;
}

}  // namespace quipu::desk
