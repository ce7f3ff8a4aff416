#include "registry/resources.h"

#include <gtest/gtest.h>

namespace quipu::registry {
namespace {

struct Case {
    Kind kind;
    std::string_view text;
    std::string_view canonical;
    std::string_view id;
};

TEST(Resources, HaveOneCanonicalForm) {
    const Case cases[] = {
        {Kind::as_numbers, "AS27750", "27750", "as27750"},
        {Kind::as_numbers, "4.10", "262154", "as262154"},
        {Kind::prefixes, "2001:DB8:0::/32", "2001:db8::/32", "2001-db8--32"},
        {Kind::prefixes, "200.0.204.0/22", "200.0.204.0/22", "200-0-204-0--22"},
        {Kind::prefixes, "::/0", "::/0", "all--0"},
        {Kind::domains, "REUNA.cl.", "reuna.cl", "reuna-cl"},
        {Kind::domains, "peñalolén.CL", "xn--pealoln-gya1e.cl", "xn--pealoln-gya1e-cl"},
        {Kind::realms, "Uni.example", "uni.example", "uni-example"},
        {Kind::telephone_prefixes, "+56 2-29", "+56229", "tel-56229"},
    };
    for (const Case& c : cases) {
        const auto canonical = canonical_value(c.kind, c.text);
        ASSERT_TRUE(canonical) << c.text << ": " << canonical.error().text();
        EXPECT_EQ(*canonical, c.canonical);
        EXPECT_EQ(id_from(c.kind, *canonical), c.id);
        EXPECT_EQ(canonical_value(c.kind, *canonical), *canonical) << "canonical forms stay as they are";
    }
}

TEST(Resources, RefuseWhatIsNone) {
    const std::pair<Kind, std::string_view> cases[] = {
        {Kind::as_numbers, "0"},
        {Kind::as_numbers, "4294967296"},
        {Kind::as_numbers, "23456"},
        {Kind::as_numbers, "1.65536"},
        {Kind::as_numbers, "AS"},
        {Kind::as_numbers, "-1"},
        {Kind::prefixes, "10.0.0.1/8"},
        {Kind::prefixes, "10.0.0.0/33"},
        {Kind::prefixes, "10.0.0.0"},
        {Kind::domains, ""},
        {Kind::domains, "a..b"},
        {Kind::domains, "-a.example"},
        {Kind::domains, "two words.cl"},
        {Kind::domains, "a_b.example"},
        {Kind::domains, std::string_view("a\0b.cl", 6)},
        {Kind::domains, "\xff.cl"},
        {Kind::realms, "@reuna.cl"},
        {Kind::telephone_prefixes, "56"},
        {Kind::telephone_prefixes, "+0"},
        {Kind::telephone_prefixes, "+"},
        {Kind::telephone_prefixes, "+1234567890123456"},
    };
    for (const auto& [kind, text] : cases)
        EXPECT_FALSE(canonical_value(kind, text)) << text;
}

TEST(Resources, NestByKey) {
    const auto within = [](Kind kind, std::string_view inner, std::string_view outer) {
        return nesting_key(kind, inner).starts_with(nesting_key(kind, outer));
    };
    EXPECT_TRUE(within(Kind::prefixes, "10.1.0.0/16", "10.0.0.0/8"));
    EXPECT_FALSE(within(Kind::prefixes, "11.0.0.0/16", "10.0.0.0/8"));
    EXPECT_FALSE(within(Kind::prefixes, "::/8", "0.0.0.0/0"));
    EXPECT_TRUE(within(Kind::domains, "www.reuna.cl", "reuna.cl"));
    EXPECT_FALSE(within(Kind::domains, "notreuna.cl", "reuna.cl"));
    EXPECT_TRUE(within(Kind::telephone_prefixes, "+562", "+56"));
    EXPECT_FALSE(within(Kind::as_numbers, "277500", "27750"));
}

}  // namespace
}  // namespace quipu::registry
