#include "desk/icalendar.h"

#include <cstdlib>
#include <libical/ical.h>
#include <memory>

namespace quipu::desk {
namespace {

icaltimetype moment(Time time) {
    const auto seconds = unix_seconds(time);
    return icaltime_from_timet_with_zone(static_cast<time_t>(seconds), 0, icaltimezone_get_utc_timezone());
}

/// RFC 5545 §3.3.11: a text has no control characters but the line's end, which libical escapes.
std::string as_text(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c == '\n' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7F)) out += c;
    return out;
}
/// RFC 3986 §2: an address is written as it is, so nothing may stand in it that would end the line.
std::string as_address(std::string_view url) {
    std::string out;
    for (const char c : url)
        if (static_cast<unsigned char>(c) > ' ' && c != 0x7F) out += c;
    return out;
}

icalcomponent* component_of(const CalendarEvent& event, Time stamp) {
    icalcomponent* out = icalcomponent_new(ICAL_VEVENT_COMPONENT);
    const auto add = [&](icalproperty* property) { icalcomponent_add_property(out, property); };
    add(icalproperty_new_uid(as_text(event.uid).c_str()));
    add(icalproperty_new_dtstamp(moment(stamp)));
    add(icalproperty_new_dtstart(moment(event.begin)));
    add(icalproperty_new_dtend(moment(event.end)));
    if (event.changed) add(icalproperty_new_lastmodified(moment(*event.changed)));
    if (event.sequence > 0) add(icalproperty_new_sequence(static_cast<int>(event.sequence)));
    add(icalproperty_new_status(event.cancelled ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED));
    add(icalproperty_new_summary(as_text(event.summary).c_str()));
    if (!event.place.empty()) add(icalproperty_new_location(as_text(event.place).c_str()));
    if (!event.url.empty()) add(icalproperty_new_url(as_address(event.url).c_str()));
    if (!event.description.empty()) add(icalproperty_new_description(as_text(event.description).c_str()));
    return out;
}

}  // namespace

std::string calendar_text(std::string_view name, std::span<const CalendarEvent> events, Time stamp) {
    const std::unique_ptr<icalcomponent, void (*)(icalcomponent*)> calendar(icalcomponent_new_vcalendar(),
                                                                            icalcomponent_free);
    icalcomponent_add_property(calendar.get(), icalproperty_new_version("2.0"));
    icalcomponent_add_property(calendar.get(), icalproperty_new_prodid("-//Quipu//Quipu//EN"));
    icalcomponent_add_property(calendar.get(), icalproperty_new_calscale("GREGORIAN"));
    icalproperty* shown = icalproperty_new_x(as_text(name).c_str());
    icalproperty_set_x_name(shown, "X-WR-CALNAME");
    icalcomponent_add_property(calendar.get(), shown);
    for (const CalendarEvent& event : events)
        icalcomponent_add_component(calendar.get(), component_of(event, stamp));
    const std::unique_ptr<char, void (*)(void*)> text(icalcomponent_as_ical_string_r(calendar.get()), std::free);
    return text.get();
}

}  // namespace quipu::desk
