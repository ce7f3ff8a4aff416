#include "desk/words.h"

#include <algorithm>

#include "registry/fold.h"

namespace quipu::desk {
namespace {

constexpr std::size_t kMostWords = 400, kLongestWord = 40;

bool is_part(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
    const std::string folded = registry::folded(text);
    std::vector<std::string> out;
    for (std::size_t at = 0; at < folded.size();) {
        std::size_t end = at;
        while (end < folded.size() && is_part(folded[end]))
            ++end;
        if (end > at) out.push_back(folded.substr(at, std::min(end - at, kLongestWord)));
        at = end + 1;
        if (out.size() >= 4 * kMostWords) break;
    }
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    if (out.size() > kMostWords) out.resize(kMostWords);
    return out;
}

}  // namespace quipu::desk
