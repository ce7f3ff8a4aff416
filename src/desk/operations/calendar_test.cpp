#include "desk/operations/calendar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace quipu::operations {
namespace {

using testing::HasSubstr;

TEST(Calendar, IsWhatRfc5545Says) {
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

TEST(Calendar, OfNothingIsStillOne) {
    EXPECT_THAT(calendar_text("On call", {}, Time{}), HasSubstr("PRODID:"));
}

}  // namespace
}  // namespace quipu::operations
