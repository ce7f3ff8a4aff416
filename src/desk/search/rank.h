#pragma once
// The order of what was found, and how it is shown: decided here, from the words, so that both databases give the same.

#include <string>
#include <string_view>
#include <vector>

#include "desk/search/api.h"
#include "desk/search/query.h"

namespace quipu::search {

/// A match as its order is decided.
struct Ranked {
    std::int64_t document = 0;
    std::string kind, id, name, detail, language;
    std::int64_t time_ns = 0;
    std::string name_words, text_words;  ///< joined by blanks
    bool in_name = false;                ///< the database found it by its name
    bool named = false;                  ///< what was typed names it outright
};

/// Best first, one for each object: named outright; the whole name or id; its beginning; words of the name; anywhere,
/// the denser the better. Then by kind, shorter name, newest. Of an object's documents the best, of equals the one in
/// the language.
[[nodiscard]] std::vector<Ranked> in_order(std::vector<Ranked> found, const Terms& terms, std::string_view language);

/// The whole text in pieces.
[[nodiscard]] std::vector<Piece> pieces_of(std::string_view text, const Terms& terms);
/// The passage of about 200 octets that holds the most terms; empty when it holds none.
[[nodiscard]] std::vector<Piece> excerpt_of(std::string_view text, const Terms& terms);

}  // namespace quipu::search
