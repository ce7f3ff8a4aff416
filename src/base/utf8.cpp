#include "base/utf8.h"

namespace quipu {

std::size_t utf8_length(std::string_view text) {
    const auto octet = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto continues = [&](std::size_t i) { return (octet(i) & 0xc0U) == 0x80U; };
    const unsigned lead = octet(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        if (lead == 0xe0 && octet(1) < 0xa0) return 0;  // overlong
        if (lead == 0xed && octet(1) > 0x9f) return 0;  // surrogates
        return continues(1) && continues(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (lead == 0xf0 && octet(1) < 0x90) return 0;
        if (lead == 0xf4 && octet(1) > 0x8f) return 0;
        return continues(1) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace quipu
