#include "platform/notify/texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quipu::notify {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Texts, EachStandsInEachLanguageWithAllItsValues) {
    const TextSet texts;
    EXPECT_GT(texts.names().size(), 15U);
    for (const std::string& name : texts.names()) {
        Values all;
        for (const std::string& value : texts.used(name))
            all[value] = "‹" + value + "›";
        Values least;
        for (const std::string& value : texts.needed(name))
            least[value] = "‹" + value + "›";
        for (const auto& [language, tag] : describe_enum(mail::Language{})) {
            const auto full = texts.render(name, language, all);
            ASSERT_TRUE(full) << name << " " << tag << ": " << full.error().text();
            EXPECT_FALSE(full->subject.empty()) << name << " " << tag;
            EXPECT_FALSE(full->body.empty()) << name << " " << tag;
            EXPECT_THAT(full->subject + full->body, Not(HasSubstr("{{"))) << name << " " << tag;
            EXPECT_EQ(full->subject.find('\n'), std::string::npos) << name << " " << tag;
            const std::string whole = full->subject + "\n" + full->body;
            for (const auto& [value, marked] : all)
                EXPECT_THAT(whole, HasSubstr(marked)) << name << " " << tag << ": " << value << " is not said";
            const auto bare = texts.render(name, language, least);
            ASSERT_TRUE(bare);
            EXPECT_THAT(bare->body, Not(HasSubstr("\n\n\n"))) << name << " " << tag;
        }
    }
}

TEST(Texts, NothingIsEscapedAndNothingIsATemplateTwice) {
    const TextSet texts;
    const auto text = texts.render("case-note", mail::Language::en,
                                   {{"number", "41"}, {"title", "<b> & \"x\""}, {"text", "{{who}} {{{x}}}"}});
    ASSERT_TRUE(text);
    EXPECT_EQ(text->subject, "[case 41] <b> & \"x\"");
    EXPECT_THAT(text->body, HasSubstr("{{who}} {{{x}}}"));
}

TEST(Texts, OfAServiceAreCheckedWhenTheyAreAdded) {
    static constexpr Text kOnlyOne[] = {{"mine", mail::Language::es, "a", "b"}};
    static constexpr Text kBroken[] = {{"mine", mail::Language::es, "{{#a}}", "b"},
                                       {"mine", mail::Language::pt, "a", "b"},
                                       {"mine", mail::Language::en, "a", "b"}};
    static constexpr Text kGood[] = {{"mine", mail::Language::es, "a", "b"},
                                     {"mine", mail::Language::pt, "a", "b"},
                                     {"mine", mail::Language::en, "a", "b"}};
    TextSet texts;
    EXPECT_FALSE(texts.add(kOnlyOne));
    EXPECT_FALSE(texts.add(kBroken));
    EXPECT_FALSE(texts.knows("mine"));
    EXPECT_TRUE(texts.add(kGood));
    EXPECT_TRUE(texts.knows("mine"));
    EXPECT_FALSE(texts.render("nothing", mail::Language::en, {}));
}

}  // namespace
}  // namespace quipu::notify
