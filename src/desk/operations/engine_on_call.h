#pragma once
// Who is on call when: turns of a rota, cut by overrides. Hand-over is at a local time, so a turn over a change of
// summer time is an hour longer or shorter. No I/O.

#include <span>
#include <vector>

#include "base/result.h"
#include "base/zone.h"
#include "desk/operations/model.h"

namespace quipu::operations {

/// "09:00" as the time since midnight; `invalid` for anything else.
[[nodiscard]] Result<std::chrono::minutes> parse_handover(std::string_view text);

/// The shifts that touch the time from `since` to `until`, in order, without gap or overlap from the rota's first day
/// on; names are left empty. Of two overrides the later made one (the greater id) goes first.
[[nodiscard]] Result<std::vector<Shift>> shifts_of(const Rota& rota, const Zone& zone,
                                                   std::span<const Override> overrides, Time since, Time until);

}  // namespace quipu::operations
