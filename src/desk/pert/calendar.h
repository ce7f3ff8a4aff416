#pragma once
// Meetings as iCalendar (RFC 5545), for any calendar program to subscribe to.

#include <span>
#include <string>
#include <string_view>

#include "desk/pert/model.h"

namespace quipu::pert {

/// One VCALENDAR with a VEVENT for each meeting. `host` makes the identifiers unique in the world.
[[nodiscard]] std::string calendar_of(std::span<const Meeting> meetings, std::string_view host, Time now);

}  // namespace quipu::pert
