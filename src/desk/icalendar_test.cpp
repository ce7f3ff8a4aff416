#include "desk/icalendar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libical/ical.h>
#include <sstream>

namespace quipu::desk {
namespace {

using testing::HasSubstr;

TEST(ICalendar, IsWhatRfc5545Says) {
    const std::vector<CalendarEvent> events = {
        {.uid = "window-7@quipu",
         .begin = *parse_time("2026-12-10T03:00:00Z"),
         .end = *parse_time("2026-12-10T05:00:00Z"),
         .summary = "Manutenção: Lima–Santiago, fibra; a long line that has to be folded because it does not end",
         .description = "One\nTwo",
         .cancelled = true,
         .sequence = 2}};
    const std::string text = calendar_text("Maintenance", events, *parse_time("2026-11-28T12:00:00Z"));
    EXPECT_TRUE(text.starts_with("BEGIN:VCALENDAR\r\n"));
    EXPECT_TRUE(text.ends_with("END:VCALENDAR\r\n"));
    EXPECT_THAT(text, HasSubstr("DTSTART:20261210T030000Z\r\n"));
    EXPECT_THAT(text, HasSubstr("DTEND:20261210T050000Z\r\n"));
    EXPECT_THAT(text, HasSubstr("DTSTAMP:20261128T120000Z\r\n"));
    EXPECT_THAT(text, HasSubstr("UID:window-7@quipu\r\n"));
    EXPECT_THAT(text, HasSubstr("STATUS:CANCELLED\r\n"));
    EXPECT_THAT(text, HasSubstr("SEQUENCE:2\r\n"));
    EXPECT_THAT(text, HasSubstr("DESCRIPTION:One\\nTwo\r\n"));
    EXPECT_THAT(text, HasSubstr("Lima–Santiago\\, fibra\\; a"));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        EXPECT_LE(line.size(), 76U) << line;  // 75 octets and the carriage return (§3.1)
}

TEST(ICalendar, OfNothingIsStillOne) {
    EXPECT_THAT(calendar_text("On call", {}, Time{}), HasSubstr("PRODID:"));
}

/// What is written is what a calendar program reads, whatever people have typed.
TEST(ICalendar, IsReadBackAsItWas) {
    const std::string many = std::string(100, 'x') + "ééééñ, ; \\ \"quoted\" " + std::string(200, 'y');
    const CalendarEvent event{.uid = "meeting-3@quipu.example",
                              .begin = *parse_time("2011-11-21T12:00:00Z"),
                              .end = *parse_time("2011-11-21T13:00:00Z"),
                              .summary = many,
                              .description = "línea uno\nEND:VEVENT\nBEGIN:VALARM\n" + many,
                              .place = "Montevideo; sala 2",
                              .url = "https://x.example/a?b=c,d;e",
                              .sequence = 4,
                              .changed = *parse_time("2011-11-01T00:00:00Z")};
    const std::string text = calendar_text("Reuniões, e mais", {&event, 1}, *parse_time("2011-11-15T00:00:00Z"));
    const std::unique_ptr<icalcomponent, void (*)(icalcomponent*)> calendar(icalcomponent_new_from_string(text.c_str()),
                                                                            icalcomponent_free);
    ASSERT_NE(calendar, nullptr);
    EXPECT_EQ(icalcomponent_count_errors(calendar.get()), 0);
    EXPECT_EQ(icalcomponent_count_components(calendar.get(), ICAL_ANY_COMPONENT), 1);
    icalcomponent* const read = icalcomponent_get_first_component(calendar.get(), ICAL_VEVENT_COMPONENT);
    ASSERT_NE(read, nullptr);
    EXPECT_EQ(icalcomponent_get_uid(read), event.uid);
    EXPECT_EQ(icalcomponent_get_summary(read), event.summary);
    EXPECT_EQ(icalcomponent_get_description(read), event.description);
    EXPECT_EQ(icalcomponent_get_location(read), event.place);
    EXPECT_EQ(icalcomponent_get_sequence(read), 4);
    EXPECT_EQ(icalcomponent_get_status(read), ICAL_STATUS_CONFIRMED);
    const auto seconds = [](icaltimetype time) {
        return Time(std::chrono::seconds(icaltime_as_timet_with_zone(time, icaltimezone_get_utc_timezone())));
    };
    EXPECT_EQ(seconds(icalcomponent_get_dtstart(read)), event.begin);
    EXPECT_EQ(seconds(icalcomponent_get_dtend(read)), event.end);
    icalproperty* const url = icalcomponent_get_first_property(read, ICAL_URL_PROPERTY);
    ASSERT_NE(url, nullptr);
    EXPECT_EQ(icalproperty_get_url(url), event.url);
}

}  // namespace
}  // namespace quipu::desk
