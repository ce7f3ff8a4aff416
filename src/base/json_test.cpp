#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "base/json_careless.h"
#include "base/value.h"
#include "base/value_samples.h"

namespace quipu {
namespace {

Value json(std::string_view text) {
    auto value = parse_json(text);
    EXPECT_TRUE(value) << value.error().text();
    return value.value_or(Value());
}

TEST(Json, ReadsEveryKind) {
    const Value value =
        json(R"({"a": null, "b": true, "c": -12, "d": 1.5, "e": "x\u00e9\ud83e\udea2\n", "f": [1, [], {}]})");
    EXPECT_TRUE(value.find("a")->is_null());
    EXPECT_EQ(*value.find("b")->if_bool(), true);
    EXPECT_EQ(*value.find("c")->if_integer(), -12);
    EXPECT_EQ(*value.find("d")->if_double(), 1.5);
    EXPECT_EQ(*value.find("e")->if_string(), "xé🪢\n");
    EXPECT_EQ(value.find("f")->if_array()->size(), 3U);
    EXPECT_EQ(value.find("g"), nullptr);
    EXPECT_EQ(json("  7 ").if_integer()[0], 7);
    EXPECT_EQ(json("9223372036854775807"), Value(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(json("9223372036854775808"), Value(9223372036854775808.0));
}

TEST(Json, NumbersAreExact) {
    EXPECT_EQ(*json("0.1").if_double(), 0.1);
    EXPECT_EQ(*json("1.7976931348623157e308").if_double(), 1.7976931348623157e308);
    EXPECT_EQ(*json("5e-324").if_double(), 5e-324);
    EXPECT_EQ(*json("-33.456789012345678").if_double(), -33.456789012345678);
    EXPECT_EQ(*json("1e-400").if_double(), 0.0);
    EXPECT_EQ(parse_json("[1,\n1e400]", "f").error().text(), "f:2: a number is too large");
    EXPECT_EQ(parse_json("-1e999999999999", "f").error().text().substr(0, 26), "f:1: a number is too large");
    EXPECT_EQ(*json("123456789012345678901234567890").if_double(), 123456789012345678901234567890.0);
}

TEST(Json, KeepsOrderAndLines) {
    const Value value = json("{\n  \"z\": 1,\n  \"a\": [\n    2,\n    \"three\"\n  ]\n}\n");
    EXPECT_EQ(value.line(), 1U);
    EXPECT_EQ(value.if_object()->front().first, "z");
    EXPECT_EQ(value.find("z")->line(), 2U);
    EXPECT_EQ(value.find("a")->line(), 3U);
    EXPECT_EQ((*value.find("a")->if_array())[1].line(), 5U);
}

TEST(Json, FaultsNameTheirLine) {
    const std::tuple<const char*, const char*, const char*> cases[] = {
        {"{\n \"a\": 1,\n \"a\": 2\n}", "f.json:3", "the key \"a\" stands twice in one object"},
        {"{\n \"a\": 1,\n}", "f.json:3", "this is not JSON, at \"}\""},
        {"[1,\n2", "f.json:2", "the JSON text ends too early"},
        {"", "f.json:1", "the JSON text ends too early"},
        {"{}\n{}", "f.json:2", "text follows after the end of the JSON value, at \"{}\""},
        {"1 2", "f.json:1", "text follows after the end of the JSON value, at \"1 2\""},
        {"\"\\ud800\\u0041\"", "f.json:1", "a \\u escape is half of a surrogate pair, at \"\"\\ud800\\u0041\"\""},
    };
    for (const auto& [text, where, what] : cases) {
        const auto value = parse_json(text, "f.json");
        ASSERT_FALSE(value) << text;
        EXPECT_EQ(value.error().where, where) << text;
        EXPECT_EQ(value.error().what, what) << text;
    }
}

TEST(Json, IsStrict) {
    for (
        const char* text :
        {"{a: 1}",  "[1,]",      "[01]",   "[+1]",    "[.5]",     "[1.]",     "NaN",          "Infinity",         "'a'",
         "// c\n1", "/* c */ 1", "\"\t\"", "\"\n\"",  "\"\\x\"",  "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "tru",
         "nul",     "{",         "]",      "{\"a\"}", "{\"a\":}", "[1 2]",    "\"a"})
        EXPECT_FALSE(parse_json(text)) << text;
}

TEST(Json, DepthIsBounded) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_TRUE(parse_json(nested(64)));
    const auto deep = parse_json(nested(65));
    ASSERT_FALSE(deep);
    EXPECT_TRUE(deep.error().what.starts_with("nested deeper than 64 levels"));
    EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(Json, ManyKeysCostNoSquare) {
    std::string text = "{";
    for (int i = 0; i < 200'000; ++i)
        text += (i > 0 ? "," : "") + ("\"k" + std::to_string(i) + "\":0");
    EXPECT_TRUE(parse_json(text + "}"));
    EXPECT_FALSE(parse_json(text + ",\"k77\":1}"));
}

TEST(JsonWriter, WritesCommasEscapesAndNumbers) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("a\"b");
    json.begin_array();
    json.integer(-1);
    json.unsigned_integer(18446744073709551615U);
    json.number(0.1);
    json.number(1e22);
    json.number(std::nan(""));
    json.number(std::numeric_limits<double>::infinity());
    json.begin_object();
    json.end_object();
    json.begin_array();
    json.end_array();
    json.end_array();
    json.key("t");
    json.string("\\ \n\x01\x7f é \xff <");
    json.key("n");
    json.null();
    json.key("r");
    json.raw("[1,2]");
    json.key("b");
    json.boolean(false);
    json.end_object();
    EXPECT_EQ(out, R"({"a\"b":[-1,18446744073709551615,0.1,1e+22,null,null,{},[]],"t":"\\ \n\u0001\u007f é )"
                   "\xef\xbf\xbd"
                   R"( <","n":null,"r":[1,2],"b":false})");
}

TEST(Json, IndentedTextIsReadable) {
    EXPECT_EQ(to_json(json(R"({"a":[1,{}],"b":{"c":[]}})"), 2),
              "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}");
}

TEST(Json, WhatIsWrittenReadsBackTheSame) {
    Rng rng(11);
    for (int i = 0; i < 3000; ++i) {
        const Value value = test::random_value(rng, 4);
        for (const int indent : {0, 3}) {
            const auto again = parse_json(to_json(value, indent));
            ASSERT_TRUE(again) << again.error().text() << to_json(value);
            ASSERT_EQ(*again, value) << to_json(value);
        }
    }
}

TEST(Value, IsBuiltByCode) {
    Value value;
    value.set("a", 1).set_line(3);
    value.set("a", 2);
    Value list;
    list.push(true);
    list.push("x");
    value.set("b", std::move(list));
    EXPECT_EQ(to_json(value), R"({"a":2,"b":[true,"x"]})");
    EXPECT_EQ(value.type_name(), "a table");
    EXPECT_EQ(value.find("a")->type_name(), "a whole number");
}

TEST(CarelessJson, OfANameThatStandsTwiceTheFirstCounts) {
    constexpr std::string_view kTwice = R"({"a": 1, "b": {"c": 2, "c": 3}, "a": 4})";
    EXPECT_FALSE(parse_json(kTwice));
    const auto value = parse_careless_json(kTwice);
    ASSERT_TRUE(value);
    EXPECT_EQ(to_json(*value), R"({"a":1,"b":{"c":2}})");
    EXPECT_FALSE(parse_careless_json("{"));
}

}  // namespace
}  // namespace quipu
