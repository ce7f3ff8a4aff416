// Whatever is typed: nothing but words of letters and digits comes out, within the limits.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "desk/search/query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu::search;
    const Terms terms = parse_terms(std::string_view(reinterpret_cast<const char*>(data), size));
    for (const auto* list : {&terms.wanted, &terms.unwanted}) {
        if (list->size() > kMostTerms) std::abort();
        for (const Term& term : *list) {
            if (term.words.empty() || term.words.size() > kMostWordsOfATerm) std::abort();
            for (const std::string& word : term.words) {
                if (word.empty() || word.size() > kLongestWord) std::abort();
                for (const char c : word) {
                    const bool plain =
                        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
                    if (!plain) std::abort();
                }
            }
        }
    }
    return 0;
}
