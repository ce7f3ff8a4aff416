#pragma once
// What somebody types, as terms. Never an error: whatever can't be a word is left out, so nothing of it can reach a
// database's query language but words of letters and digits.
//
//     lima guayaquil     both words, each as the beginning of one
//     10.1.2.3, rede-a   words that stand side by side, the last one as a beginning
//     "black hole"       exactly these words side by side
//     -retired           none of it

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quipu::search {

inline constexpr std::size_t kMostTerms = 12;
inline constexpr std::size_t kMostWordsOfATerm = 12;
/// Octets of a word that count; longer ones are alike from there on.
inline constexpr std::size_t kLongestWord = 48;

struct Term {
    std::vector<std::string> words;  ///< folded, side by side; not empty
    bool prefix = true;              ///< the last word is a beginning
    /// The words that begin so, where the index looked them up and they are few.
    std::optional<std::vector<std::string>> completions = std::nullopt;
    bool operator==(const Term&) const = default;
};
struct Terms {
    std::vector<Term> wanted;  ///< all of them
    std::vector<Term> unwanted;
    bool operator==(const Terms&) const = default;
};

[[nodiscard]] Terms parse_terms(std::string_view typed);

/// The words of a text as the index keeps them: folded, cut at kLongestWord.
[[nodiscard]] std::vector<std::string> index_words(std::string_view text, std::size_t most);
/// Cuts a word between two characters.
void cut_word(std::string& word);

}  // namespace quipu::search
