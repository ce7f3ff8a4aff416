#pragma once
// Public holidays of the region's countries, computed for any year: fixed dates, dates that follow Easter, and the laws
// that move some of them to a Monday or Friday. The list is in holidays.cpp; what a government adds for one year stands
// in the configuration ([desk] holidays).

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/result.h"
#include "base/time.h"

namespace quipu::desk {

struct Holiday {
    std::string country;
    Date date{};
    std::string name;  ///< in the country's language
    static constexpr auto describe() {
        using T = Holiday;
        return fields(field<&T::country>("country", "ISO 3166-1 alpha-2 code").required(),
                      field<&T::date>("date", "The day").required(),
                      field<&T::name>("name", "Its name in the country's language").required());
    }
};

/// A day that is, or is not, a holiday, against the list.
struct HolidayChange {
    std::string country;
    Date date{};
    std::string name;
    bool working = false;  ///< the list says holiday, but people work
    static constexpr auto describe() {
        using T = HolidayChange;
        return fields(field<&T::country>("country", "ISO 3166-1 alpha-2 code").required().at_most_long(2),
                      field<&T::date>("date", "The day").required(),
                      field<&T::name>("name", "Its name").at_most_long(100),
                      field<&T::working>("working", "The list says holiday, but people work"));
    }
};

/// Easter Sunday of the Gregorian calendar, 1583 to 4099.
[[nodiscard]] Date easter(std::chrono::year year);
/// In the order of the year. Empty for a country that is not on the list.
[[nodiscard]] std::vector<Holiday> public_holidays(std::string_view country, std::chrono::year year);
/// Countries that are on the list.
[[nodiscard]] std::vector<std::string_view> countries_with_holidays();
/// The zone that most people of a country live in; "UTC" for one that is not on the list.
[[nodiscard]] std::string_view zone_of_country(std::string_view country);

/// The list with the configuration's changes.
class Holidays {
  public:
    Holidays() = default;
    explicit Holidays(const std::vector<HolidayChange>& changes);
    [[nodiscard]] std::vector<Holiday> of(std::string_view country, std::chrono::year year) const;

  private:
    std::map<std::string, std::vector<HolidayChange>, std::less<>> changes_;
};

}  // namespace quipu::desk
