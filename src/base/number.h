#pragma once
// Text that is a number and nothing else.

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace quipu {

/// The number that all of the text is, in decimal and without a plus sign. Nothing for an empty text, for anything
/// before or behind the number, and for one that T cannot hold.
template <class T>
    requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>)
[[nodiscard]] std::optional<T> parse_number(std::string_view text) {
    T out{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

}  // namespace quipu
