#include "desk/pert/calendar.h"

#include <fmt/format.h>

#include "desk/icalendar.h"

namespace quipu::pert {

std::string calendar_of(std::span<const Meeting> meetings, std::string_view host, Time now) {
    std::vector<desk::CalendarEvent> events;
    events.reserve(meetings.size());
    for (const Meeting& meeting : meetings)
        events.push_back({.uid = fmt::format("pert-meeting-{}@{}", meeting.number, host),
                          .begin = meeting.begins,
                          .end = meeting.ends,
                          .summary = meeting.title,
                          .description = meeting.agenda,
                          .place = meeting.place.value_or(""),
                          .url = meeting.url.value_or(""),
                          .cancelled = meeting.state == MeetingState::cancelled,
                          .sequence = meeting.version,
                          .changed = meeting.changed});
    return desk::calendar_text("eduPERT", events, now);
}

}  // namespace quipu::pert
