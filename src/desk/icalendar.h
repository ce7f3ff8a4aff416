#pragma once
// iCalendar (RFC 5545), written only: whatever has a time and belongs into people's calendars. All times are in UTC, so
// that no calendar needs a zone of ours.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"

namespace quipu::desk {

struct CalendarEvent {
    std::string uid;  ///< the same for as long as it is the same event
    Time begin{}, end{};
    std::string summary;
    std::string description = {};
    std::string place = {};
    std::string url = {};
    bool cancelled = false;
    std::int64_t sequence = 0;  ///< rises with each change
    std::optional<Time> changed = {};
};

/// `stamp` is when the text was made. Characters that have no place in a calendar are left out.
[[nodiscard]] std::string calendar_text(std::string_view name, std::span<const CalendarEvent> events, Time stamp);

}  // namespace quipu::desk
