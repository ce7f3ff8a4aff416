#pragma once
// Decisions about maintenance windows: when one is announced, what it explains, how it went. No I/O.

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "desk/operations/engine_availability.h"
#include "desk/operations/model.h"

namespace quipu::operations {

/// A link's ends: work at a site takes its links down too.
struct Ends {
    std::string link, a, b;
};

/// planned, running or over; a cancelled or ended one stays so.
[[nodiscard]] WindowState state_at(const Window& window, Time now);

/// Which announcement is due: of those whose time has come and that were not made (`told`, in seconds ahead), the last;
/// what it overtakes is not made any more. Nothing once the window has begun.
[[nodiscard]] std::optional<std::int64_t> notice_due(const Window& window, const std::set<std::int64_t>& told,
                                                     Time now);

/// People start a little early, and clocks differ.
inline constexpr Nanoseconds kEarly = std::chrono::minutes(2);

/// Whether the window announces that this part is down: the object itself, or a site at its end.
[[nodiscard]] bool covers(const Window& window, Part part, std::string_view object, std::span<const Ends> ends);
/// The window that explains a failure at this time, if one does.
[[nodiscard]] const Window* explanation(std::span<const Window> windows, Part part, std::string_view object, Time when,
                                        std::span<const Ends> ends);
/// When it counts as planned that this object is down.
[[nodiscard]] Intervals planned_for(std::span<const Window> windows, Part part, std::string_view object,
                                    std::span<const Ends> ends);

/// What was planned beside what was seen: `seen` holds the outages that touched the window.
[[nodiscard]] MaintenanceReport report_of(const Window& window, std::span<const Outage> seen,
                                          std::span<const Ends> ends, Time now);

}  // namespace quipu::operations
