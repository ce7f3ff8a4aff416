#pragma once
// iCalendar (RFC 5545), written only. All times are in UTC, so that no calendar needs a zone of ours.

#include <span>
#include <string>
#include <string_view>

#include "base/time.h"

namespace quipu::operations {

struct CalendarEvent {
    std::string uid;  ///< the same for as long as it is the same event
    Time begin{}, end{};
    std::string summary;
    std::string description = {};
    bool cancelled = false;
    std::int64_t sequence = 0;  ///< rises with each change
};

/// `stamp` is when the text was made.
[[nodiscard]] std::string calendar_text(std::string_view name, std::span<const CalendarEvent> events, Time stamp);

}  // namespace quipu::operations
