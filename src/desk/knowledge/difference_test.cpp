#include "desk/knowledge/difference.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quipu::knowledge {
namespace {

std::string shown(std::string_view before, std::string_view after) {
    std::string out;
    for (const auto& line : difference_of(before, after))
        out += line.sign + line.text + "|";
    return out;
}

TEST(Difference, TellsLinesThatCameAndWent) {
    EXPECT_EQ(shown("a\nb\nc", "a\nx\nc"), " a|-b|+x| c|");
    EXPECT_EQ(shown("", "a\nb"), "+a|+b|");
    EXPECT_EQ(shown("a", ""), "-a|");
    EXPECT_EQ(shown("a\nb", "a\nb"), " a| b|");
    EXPECT_EQ(shown("a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc").size(),
              std::string("-a|-b| c|+b| a| b|-b| a|+c|").size());
}

std::string side(const std::vector<DifferenceLine>& lines, char sign) {
    std::string out;
    for (const auto& line : lines)
        if (line.sign[0] == ' ' || line.sign[0] == sign) out += line.text + "\n";
    return out;
}

TEST(Difference, BothVersionsCanBeReadFromIt) {
    Rng rng(3);
    for (int round = 0; round < 500; ++round) {
        std::string before;
        std::string after;
        for (std::uint64_t i = rng.below(40); i > 0; --i)
            before += std::to_string(rng.below(6)) + "\n";
        for (std::uint64_t i = rng.below(40); i > 0; --i)
            after += std::to_string(rng.below(6)) + "\n";
        const auto lines = difference_of(before, after);
        EXPECT_EQ(side(lines, '-'), before);
        EXPECT_EQ(side(lines, '+'), after);
    }
}

TEST(Difference, LongAndWhollyOtherTextsAreBounded) {
    std::string before;
    std::string after;
    for (int i = 0; i < 30'000; ++i) {
        before += "a\n";
        after += "b\n";
    }
    const auto lines = difference_of(before, after);
    EXPECT_EQ(side(lines, '-'), before);
    EXPECT_EQ(side(lines, '+'), after);
}

TEST(Difference, OfArticlesNamesLanguageAndField) {
    Article before;
    before.version = 1;
    before.category = "network";
    before.texts["es"] = {"Uno", "", "x\n"};
    Article after = before;
    after.version = 2;
    after.texts["es"].body = "x\ny\n";
    after.texts["pt"] = {"Um", "", "z\n"};
    const auto difference = difference_of(before, after);
    ASSERT_EQ(difference.texts.size(), 3U);
    EXPECT_EQ(difference.texts[0].language, "es");
    EXPECT_EQ(difference.texts[0].field_name, "body");
    EXPECT_EQ(difference.texts[1].field_name, "title");
    EXPECT_TRUE(difference_of(before, before).texts.empty());
}

}  // namespace
}  // namespace quipu::knowledge
