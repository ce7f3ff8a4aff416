#include "desk/words.h"

#include <algorithm>

#include "base/words.h"

namespace quipu::desk {

std::vector<std::string> words_of(std::string_view text) {
    constexpr std::size_t kMostWords = 400, kLongestWord = 40;
    std::vector<std::string> out;
    for (Word& word : words_in(text)) {
        if (out.size() >= 4 * kMostWords) break;
        if (word.folded.size() > kLongestWord) word.folded.resize(kLongestWord);
        out.push_back(std::move(word.folded));
    }
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    if (out.size() > kMostWords) out.resize(kMostWords);
    return out;
}

}  // namespace quipu::desk
