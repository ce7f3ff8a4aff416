#pragma once
// A comparison for people who read a terminal.

#include <string>

#include "services/measure/compare/api.h"

namespace quipu::compare {

/// The verdict in one sentence.
[[nodiscard]] std::string sentence_of(const ShownComparison& comparison);
/// The sentence, the difference in each direction, both ways hop by hop.
[[nodiscard]] std::string text_of(const ShownComparison& comparison);

}  // namespace quipu::compare
