#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "base/value.h"
#include "base/value_samples.h"

namespace quipu {
namespace {

Value toml(std::string_view text) {
    auto value = parse_toml(text, "t.toml");
    EXPECT_TRUE(value) << value.error().text();
    return value.value_or(Value());
}

TEST(Toml, ReadsEveryKind) {
    const Value value = toml(R"(
text = "año"
whole = 1_000
real = 1.5
truth = true
instant = 2011-10-28T14:03:05Z
local = 2011-10-28T14:03:05.25
day = 2011-10-28
hour = 07:30:00
list = [1, 2]
dotted.key = 1
)");
    EXPECT_EQ(to_json(value), R"({"text":"año","whole":1000,"real":1.5,"truth":true,"instant":"2011-10-28T14:03:05Z",)"
                              R"("local":"2011-10-28T14:03:05.25","day":"2011-10-28","hour":"07:30:00","list":[1,2],)"
                              R"("dotted":{"key":1}})");
}

TEST(Toml, KeepsOrderAndLines) {
    const Value value =
        toml("# a comment\nz = 1\n\n[[site]]\nid = \"scl\"\n[[site]]\nid = \"pty\"\n[b.c]\nx = [\n 1,\n 2 ]\n[a]\n");
    ASSERT_EQ(value.if_object()->size(), 4U);
    EXPECT_EQ((*value.if_object())[0].first, "z");
    EXPECT_EQ((*value.if_object())[1].first, "site");
    EXPECT_EQ((*value.if_object())[2].first, "b");
    EXPECT_EQ((*value.if_object())[3].first, "a");
    EXPECT_EQ(value.find("z")->line(), 2U);
    const auto& sites = *value.find("site")->if_array();
    EXPECT_EQ(sites[0].line(), 4U);
    EXPECT_EQ(sites[1].line(), 6U);
    EXPECT_EQ(sites[1].find("id")->line(), 7U);
    EXPECT_EQ((*value.find("b")->find("c")->find("x")->if_array())[1].line(), 11U);
}

TEST(Toml, FaultsNameTheirLine) {
    for (const char* text :
         {"a = 1\nb = ", "a = 1\na = 2", "a = 1\n[a]", "\nx = 2011-02-30", "\n = 1", "\nx = 'a", "\nx = [1"}) {
        const auto value = parse_toml(text, "net.toml");
        ASSERT_FALSE(value) << text;
        EXPECT_EQ(value.error().where, "net.toml:2") << text << value.error().what;
        EXPECT_FALSE(value.error().what.empty());
    }
}

TEST(Toml, HeadersThatUpsetTheParserAreErrors) {
    for (const char* header : {"[=]", "[[ \x05]]", "[#]", "[.a]", "[a.=]", "[a.]"}) {
        const auto value = parse_toml(std::string("a = 1\n\n") + header + "\nb = 2\n[c]\n", "t");
        ASSERT_FALSE(value) << header;
        EXPECT_EQ(value.error().where, "t:3") << header << value.error().what;
    }
}

TEST(Toml, LettersBeyondAsciiUpsetNoLexer) {
    EXPECT_EQ(*toml("x = \"\"\"a \\\n  \u00f1and\u00fa \ufe3f\"\"\"").find("x")->if_string(),
              "a \u00f1and\u00fa \ufe3f");
    for (const char* text : {"\u00f1 = 1", "\ufe3f", "[\u00f1]", "a = \u00f1", "a\u00f1 = 1"})
        EXPECT_FALSE(parse_toml(text, "t")) << text;
}

TEST(Toml, DepthIsBounded) {
    const auto dotted = [](std::size_t parts) {
        std::string key = "a";
        for (std::size_t i = 1; i < parts; ++i)
            key += ".a";
        return key;
    };
    EXPECT_TRUE(parse_toml(dotted(64) + " = 1", "t"));
    EXPECT_EQ(parse_toml("\n" + dotted(65) + " = 1", "t").error().where, "t:2");
    EXPECT_FALSE(parse_toml("[" + dotted(100'000) + "]", "t"));
    EXPECT_FALSE(parse_toml("x = { " + dotted(100'000) + " = 1 }", "t"));
    EXPECT_FALSE(parse_toml("x = " + std::string(100'000, '['), "t"));
    // dots inside text and comments are no keys
    EXPECT_TRUE(parse_toml("x = '" + dotted(100) + "' # " + dotted(100), "t"));
    EXPECT_TRUE(parse_toml("x = [\"\"\"a\"\"\"\"\", '" + dotted(100) + "']", "t"));
    EXPECT_TRUE(parse_toml("x = \"\"\"\n\\\"" + dotted(100) + "\n\"\"\"\ny = 1.5", "t"));
}

TEST(Toml, IsWrittenWithHeaders) {
    Value site;
    site.set("id", "scl");
    site.set("latitude", -33.0);
    Value root;
    root.set("sites", Value(Value::Array{site, site}));
    root.set("name", "Red\nCLARA");
    Value inner;
    inner.set("deep key", Value(Value::Array{1, Value(Value::Array{})}));
    Value outer;
    outer.set("inner", inner);
    root.set("outer", outer);
    root.set("nothing", Value());
    EXPECT_EQ(to_toml(root), R"(name = "Red\nCLARA"

[[sites]]
id = "scl"
latitude = -33.0

[[sites]]
id = "scl"
latitude = -33.0

[outer]

[outer.inner]
"deep key" = [1, []]
)");
}

TEST(Toml, NumbersKeepTheirKind) {
    Value root;
    const double numbers[] = {
        0.0, 1.0, -2.5, 1e300, 1e-7, 12345678901234567890.0, std::numeric_limits<double>::infinity()};
    for (const double number : numbers) {
        root.set("x", number);
        EXPECT_EQ(toml(to_toml(root)), root) << to_toml(root);
    }
    root.set("x", std::nan(""));
    EXPECT_TRUE(std::isnan(*toml(to_toml(root)).find("x")->if_double()));
}

TEST(Toml, WhatIsWrittenReadsBackTheSame) {
    Rng rng(5);
    for (int i = 0; i < 2000; ++i) {
        const Value value = test::random_value(rng, 4, true);
        const std::string text = to_toml(value);
        const auto again = parse_toml(text, "t.toml");
        ASSERT_TRUE(again) << again.error().text() << '\n' << text;
        // Tables come after plain keys in TOML, so order may change.
        ASSERT_EQ(test::sorted(*again), test::sorted(value)) << text;
    }
}

}  // namespace
}  // namespace quipu
