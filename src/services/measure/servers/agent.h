#pragma once
// The servers at a PoP: what `quipu agent --servers FILE` does for whoever measures to there with tools of their own.

#include <memory>
#include <optional>

#include "agent/part.h"
#include "services/measure/servers/settings.h"

namespace quipu::servers {

/// What stands in [measure_servers] of a file, its only section.
[[nodiscard]] Result<Settings> read_settings(const std::string& file);

[[nodiscard]] std::unique_ptr<agent::Part> make_point(Settings settings);

}  // namespace quipu::servers
