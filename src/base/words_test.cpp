#include "base/words.h"

#include <gtest/gtest.h>

namespace quipu {
namespace {

std::string shown(std::string_view text) {
    std::string out;
    for (const Word& word : words_in(text)) {
        EXPECT_LT(word.begin, word.end);
        out += word.folded + "|";
    }
    return out;
}

TEST(Words, AreFoldedAndTakenApart) {
    EXPECT_EQ(shown("São Paulo–Caltech: 750 MB/s"), "sao|paulo|caltech|750|mb|s|");
    EXPECT_EQ(shown("«¡Ana!» — 10.1.2.3"), "ana|10|1|2|3|");
    EXPECT_EQ(shown("Pe\xCC\x81rez"), "perez|") << "a mark of its own";
    EXPECT_EQ(shown("2001:db8::/32"), "2001|db8|32|");
    EXPECT_EQ(shown("Straße × Привет"), "strasse|Привет|");
    EXPECT_EQ(shown(""), "");
    EXPECT_EQ(shown("\xCC\x81 …"), "") << "a mark alone is no word";
    EXPECT_EQ(shown("a\xFFz \xC3"), "a|z|") << "malformed UTF-8 separates";
}

}  // namespace
}  // namespace quipu
