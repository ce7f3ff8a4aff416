#pragma once
// The words of a text, as everything that compares texts takes them apart.

#include <string>
#include <string_view>
#include <vector>

namespace quipu {

struct Word {
    std::size_t begin = 0, end = 0;  ///< octets of the text
    std::string folded;              ///< without case and marks (fold.h); never empty
};

/// Runs of letters, digits and combining marks; everything else separates, malformed UTF-8 too.
[[nodiscard]] std::vector<Word> words_in(std::string_view utf8);

}  // namespace quipu
