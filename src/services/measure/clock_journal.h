#pragma once
// What the journal says of points' clocks.

#include <optional>
#include <string>

#include "data/journal.h"

namespace quipu::measure {

/// What was said last of this point's clock: ClockWentWrong or ClockRightAgain.
[[nodiscard]] Result<std::optional<data::Event>> last_of_clock(const data::Journal& journal, const std::string& site);

}  // namespace quipu::measure
