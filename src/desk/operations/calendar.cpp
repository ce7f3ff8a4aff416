#include "desk/operations/calendar.h"

#include <cstdint>
#include <cstdlib>
#include <libical/ical.h>
#include <memory>

namespace quipu::operations {
namespace {

icaltimetype moment(Time time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    return icaltime_from_timet_with_zone(static_cast<time_t>(seconds), 0, icaltimezone_get_utc_timezone());
}

icalcomponent* component_of(const CalendarEvent& event, Time stamp) {
    icalcomponent* out = icalcomponent_new(ICAL_VEVENT_COMPONENT);
    const auto add = [&](icalproperty* property) { icalcomponent_add_property(out, property); };
    add(icalproperty_new_uid(event.uid.c_str()));
    add(icalproperty_new_dtstamp(moment(stamp)));
    add(icalproperty_new_dtstart(moment(event.begin)));
    add(icalproperty_new_dtend(moment(event.end)));
    add(icalproperty_new_summary(event.summary.c_str()));
    if (!event.description.empty()) add(icalproperty_new_description(event.description.c_str()));
    if (event.sequence > 0) add(icalproperty_new_sequence(static_cast<int>(event.sequence)));
    if (event.cancelled) add(icalproperty_new_status(ICAL_STATUS_CANCELLED));
    return out;
}

}  // namespace

std::string calendar_text(std::string_view name, std::span<const CalendarEvent> events, Time stamp) {
    const std::unique_ptr<icalcomponent, void (*)(icalcomponent*)> calendar(icalcomponent_new_vcalendar(),
                                                                            icalcomponent_free);
    icalcomponent_add_property(calendar.get(), icalproperty_new_version("2.0"));
    icalcomponent_add_property(calendar.get(), icalproperty_new_prodid("-//Quipu//Network operations//EN"));
    icalcomponent_add_property(calendar.get(), icalproperty_new_calscale("GREGORIAN"));
    icalproperty* shown = icalproperty_new_x(std::string(name).c_str());
    icalproperty_set_x_name(shown, "X-WR-CALNAME");
    icalcomponent_add_property(calendar.get(), shown);
    for (const CalendarEvent& event : events)
        icalcomponent_add_component(calendar.get(), component_of(event, stamp));
    const std::unique_ptr<char, void (*)(void*)> text(icalcomponent_as_ical_string_r(calendar.get()), std::free);
    return text.get();
}

}  // namespace quipu::operations
