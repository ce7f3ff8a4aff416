#include "desk/search/query.h"

#include <gtest/gtest.h>

namespace quipu::search {
namespace {

std::string shown(std::string_view typed) {
    std::string out;
    const Terms terms = parse_terms(typed);
    const auto add = [&](const Term& term, std::string_view sign) {
        out += sign;
        for (const std::string& word : term.words)
            out += word + ".";
        out += term.prefix ? "* " : " ";
    };
    for (const Term& term : terms.wanted)
        add(term, "");
    for (const Term& term : terms.unwanted)
        add(term, "-");
    return out;
}

TEST(Terms, AreWordsPhrasesAndWhatIsUnwanted) {
    EXPECT_EQ(shown("Lima guaya"), "lima.* guaya.* ");
    EXPECT_EQ(shown("10.1.2.3 são-paulo"), "10.1.2.3.* sao.paulo.* ");
    EXPECT_EQ(shown("\"Black hole\" -retired -\"no more\""), "black.hole. -retired.* -no.more. ");
    EXPECT_EQ(shown("lima lima LIMA"), "lima.* ");
    EXPECT_EQ(shown("\"open"), "open. ");
    EXPECT_EQ(shown("a\"b c\"d"), "a.* b.c. d.* ");
    EXPECT_EQ(shown("- -- \" \"\" … * ' ("), "");
    EXPECT_EQ(shown("--x"), "-x.* ");
}

TEST(Terms, AreBounded) {
    std::string typed;
    for (int i = 0; i < 100; ++i)
        typed += "w" + std::to_string(i) + " ";
    EXPECT_EQ(parse_terms(typed).wanted.size(), kMostTerms);
    EXPECT_EQ(parse_terms("\"" + typed + "\"").wanted[0].words.size(), kMostWordsOfATerm);
    const auto words = index_words(std::string(47, 'a') + "ñandú ñ", 10);
    EXPECT_EQ(words[0].size(), kLongestWord);
    std::string accented;
    for (int i = 0; i < 60; ++i)
        accented += "ж";
    EXPECT_EQ(index_words(accented, 1)[0].size(), kLongestWord) << "between two characters";
}

}  // namespace
}  // namespace quipu::search
