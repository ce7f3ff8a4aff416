#include "base/fold.h"

#include <gtest/gtest.h>

#include "registry/countries.h"

namespace quipu::registry {
namespace {

TEST(Fold, DropsCaseAndMarks) {
    EXPECT_EQ(folded("São PAULO"), "sao paulo");
    EXPECT_EQ(folded("Ñandú Œuvre ß Ł"), "nandu oeuvre ss l");
    EXPECT_EQ(folded("cafe\xCC\x81"), "cafe") << "a combining acute vanishes";
    EXPECT_EQ(folded("東京"), "東京") << "what is not Latin stays";
    EXPECT_EQ(folded("\xC3"), "\xC3") << "a truncated letter passes through";
}

TEST(Fold, MakesSlugs) {
    EXPECT_EQ(slug_of("São Paulo"), "sao-paulo");
    EXPECT_EQ(slug_of(" – Panamá (City) "), "panama-city");
    EXPECT_EQ(slug_of("東京"), "");
    EXPECT_EQ(slug_of(std::string(100, 'a')).size(), 63U);
}

TEST(Countries, ByCodeAndByName) {
    EXPECT_TRUE(is_country_code("CL"));
    EXPECT_FALSE(is_country_code("XX"));
    EXPECT_EQ(country_code_of("united states"), "US");
    EXPECT_EQ(country_code_of("Reunion"), "RE");
    EXPECT_EQ(country_code_of("Atlantis"), std::nullopt);
    EXPECT_EQ(country_name("UY"), "Uruguay");
}

}  // namespace
}  // namespace quipu::registry
