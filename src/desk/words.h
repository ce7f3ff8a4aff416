#pragma once
// The words by which a list of cases is searched: folded, without accents, each found by its beginning.

#include <string>
#include <string_view>
#include <vector>

namespace quipu::desk {

/// Different words of a text (base/words.h), at most 400 of at most 40 octets each, sorted.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

}  // namespace quipu::desk
