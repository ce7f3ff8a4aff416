#pragma once
// What is UTF-8 and what is not, for whoever writes text that came from elsewhere.

#include <cstddef>
#include <string_view>

namespace quipu {

/// U+FFFD, which stands for what can't be shown.
inline constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";

/// Length of the well-formed UTF-8 sequence at the front (RFC 3629 §4), 0 if there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

}  // namespace quipu
