#pragma once
// The name that was perhaps meant: for hints about unknown keys, sections, fields and parameters.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quipu::platform {

/// Insertions, deletions and substitutions between two texts.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);
/// The candidate that differs by at most a third of its letters (two at least), or an empty text.
[[nodiscard]] std::string_view nearest_name(std::string_view text, std::span<const std::string> candidates);
/// "did you mean "limit"? Known are …" or only what is known, as a hint.
[[nodiscard]] std::string name_hint(std::string_view text, std::span<const std::string> candidates);

}  // namespace quipu::platform
