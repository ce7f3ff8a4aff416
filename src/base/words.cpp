#include "base/words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/fold.h"

namespace quipu {
namespace {

struct Point {
    std::uint32_t value = 0;  ///< 0 for malformed UTF-8
    std::size_t octets = 1;
};

Point point_at(std::string_view text, std::size_t at) {
    const auto octet = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const std::uint32_t first = octet(at);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xF0 && first < 0xF5   ? 4
                               : first >= 0xE0 && first < 0xF0 ? 3
                               : first >= 0xC2 && first < 0xE0 ? 2
                                                               : 0;
    if (length == 0 || at + length > text.size()) return {};
    std::uint32_t value = first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((octet(at + i) & 0xC0U) != 0x80U) return {};
        value = (value << 6U) | (octet(at + i) & 0x3FU);
    }
    return {value, length};
}

bool is_word(std::uint32_t point) {
    if (point < 0x80)
        return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z') || (point >= '0' && point <= '9');
    // Punctuation, signs and pictures among what is letters else.
    constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 9> kSigns = {{{0x80, 0xBF},
                                                                                {0xD7, 0xD7},
                                                                                {0xF7, 0xF7},
                                                                                {0x2000, 0x2BFF},
                                                                                {0x3000, 0x303F},
                                                                                {0xD800, 0xF8FF},
                                                                                {0xFE00, 0xFE6F},
                                                                                {0xFF00, 0xFF0F},
                                                                                {0x1F000, 0x10FFFF}}};
    return std::ranges::none_of(kSigns,
                                [&](const auto& range) { return point >= range.first && point <= range.second; });
}

}  // namespace

std::vector<Word> words_in(std::string_view utf8) {
    std::vector<Word> out;
    for (std::size_t at = 0; at < utf8.size();) {
        const std::size_t begin = at;
        while (at < utf8.size()) {
            const Point point = point_at(utf8, at);
            if (!is_word(point.value)) break;
            at += point.octets;
        }
        if (at == begin) {
            at += point_at(utf8, at).octets;
            continue;
        }
        std::string word = folded(utf8.substr(begin, at - begin));
        if (!word.empty()) out.push_back({begin, at, std::move(word)});
    }
    return out;
}

}  // namespace quipu
