// Whatever octets: words within the text, in order, none of them empty.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::size_t at = 0;
    for (const auto& word : quipu::words_in(text)) {
        if (word.begin < at || word.end <= word.begin || word.end > size || word.folded.empty()) std::abort();
        at = word.end;
    }
    return 0;
}
