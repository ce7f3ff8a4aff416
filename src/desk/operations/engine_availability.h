#pragma once
// Availability from intervals, in exact arithmetic of whole nanoseconds. No I/O.

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "desk/operations/model.h"

namespace quipu::operations {

/// From `begin` on, before `end`.
struct Interval {
    Time begin{}, end{};
    auto operator<=>(const Interval&) const = default;
};
/// Sorted, none empty, none touching another.
using Intervals = std::vector<Interval>;

[[nodiscard]] Intervals normal(std::vector<Interval> intervals);
[[nodiscard]] Intervals both(const Intervals& a, const Intervals& b);    ///< intersection
[[nodiscard]] Intervals either(const Intervals& a, const Intervals& b);  ///< union
[[nodiscard]] Intervals minus(const Intervals& a, const Intervals& b);
[[nodiscard]] Nanoseconds length(const Intervals& intervals);

/// "2026-11" or "2026".
[[nodiscard]] Result<Interval> parse_period(std::string_view text);

/// What is asked of one object: when it was in service, when it was down, when that was planned. Id and name are left
/// to the caller.
[[nodiscard]] Availability availability_of(const Intervals& in_service, const Intervals& down,
                                           const Intervals& planned);

}  // namespace quipu::operations
