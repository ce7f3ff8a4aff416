#include "desk/search/query.h"

#include <algorithm>

#include "base/words.h"

namespace quipu::search {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void add_term(std::vector<Term>& terms, std::string_view text, bool prefix) {
    Term term{.words = index_words(text, kMostWordsOfATerm), .prefix = prefix};
    if (!term.words.empty() && terms.size() < kMostTerms && std::ranges::find(terms, term) == terms.end())
        terms.push_back(std::move(term));
}

}  // namespace

void cut_word(std::string& word) {
    if (word.size() <= kLongestWord) return;
    std::size_t end = kLongestWord;
    while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0U) == 0x80U)
        --end;
    word.resize(end);
}

std::vector<std::string> index_words(std::string_view text, std::size_t most) {
    std::vector<std::string> out;
    for (Word& word : words_in(text)) {
        if (out.size() == most) break;
        // Folding may put a blank in a word's place: "×" between letters.
        std::erase(word.folded, ' ');
        if (word.folded.empty()) continue;
        cut_word(word.folded);
        out.push_back(std::move(word.folded));
    }
    return out;
}

Terms parse_terms(std::string_view typed) {
    Terms out;
    for (std::size_t at = 0; at < typed.size();) {
        if (is_blank(typed[at])) {
            ++at;
            continue;
        }
        const bool unwanted = typed[at] == '-' && at + 1 < typed.size() && !is_blank(typed[at + 1]);
        if (unwanted) ++at;
        auto& terms = unwanted ? out.unwanted : out.wanted;
        if (typed[at] == '"') {
            const auto end = std::min(typed.find('"', at + 1), typed.size());
            add_term(terms, typed.substr(at + 1, end - at - 1), false);
            at = std::min(end + 1, typed.size());
            continue;
        }
        std::size_t end = at;
        while (end < typed.size() && !is_blank(typed[end]) && typed[end] != '"')
            ++end;
        add_term(terms, typed.substr(at, end - at), true);
        at = std::max(end, at + 1);
    }
    return out;
}

}  // namespace quipu::search
