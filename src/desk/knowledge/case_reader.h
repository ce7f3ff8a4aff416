#pragma once
// Reads a solved case of the desk as what of it may become an article.

#include <functional>

#include "desk/desk.h"
#include "desk/knowledge/from_case.h"
#include "registry/registry.h"

namespace quipu::knowledge {

/// Both are asked at each call and outlive what is answered.
[[nodiscard]] FindSolvedCase read_cases_of(std::function<desk::Desk&()> desk,
                                           std::function<registry::Registry&()> registry);

}  // namespace quipu::knowledge
