#pragma once
// The SLURM files that a command was given.

#include <string>
#include <vector>

#include "services/rpki/origin/slurm.h"

namespace quipu::app {

/// All of them good and without conflicts, or an error.
[[nodiscard]] Result<std::vector<rpki::Slurm>> local_exceptions(const std::vector<std::string>& paths);

}  // namespace quipu::app
