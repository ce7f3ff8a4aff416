#pragma once
// Text as a search compares it: lower case, without accents, so that "sao paulo" finds "São Paulo".

#include <string>
#include <string_view>

namespace quipu {

/// Latin letters lose their case and marks (U+00C0 to U+017F; "ß" becomes "ss", "æ" "ae"); combining marks are dropped;
/// everything else stays as it is. Malformed UTF-8 passes through.
[[nodiscard]] std::string folded(std::string_view utf8);
/// A slug from a name: "São Paulo" becomes "sao-paulo"; at most 63 characters; empty if no letter or digit is left.
[[nodiscard]] std::string slug_of(std::string_view utf8);

}  // namespace quipu
