#pragma once
// ISO 3166-1: the two-letter codes and the English names by which other people's files call countries.

#include <optional>
#include <string_view>

namespace quipu::registry {

[[nodiscard]] bool is_country_code(std::string_view code);
/// "Chile" is "CL"; letter case and accents do not count.
[[nodiscard]] std::optional<std::string_view> country_code_of(std::string_view name);
/// The English name; empty for an unknown code.
[[nodiscard]] std::string_view country_name(std::string_view code);

}  // namespace quipu::registry
