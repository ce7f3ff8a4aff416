#include "base/describe.h"

#include <gtest/gtest.h>

namespace quipu {
namespace {

enum class Medium : unsigned char { fibre, radio };
constexpr auto describe_enum(Medium) {
    return names<Medium>({{Medium::fibre, "fibre"}, {Medium::radio, "radio"}});
}

struct Contact {
    std::string name;
    std::optional<std::string> mail;
    bool operator==(const Contact&) const = default;
    static constexpr auto describe() {
        return fields(field<&Contact::name>("name", "Who").required().at_most_long(10),
                      field<&Contact::mail>("mail", "Address"));
    }
};

struct Cable {
    std::string id;
    Medium medium = Medium::fibre;
    Bandwidth capacity;
    std::optional<Distance> length;
    std::optional<Date> activated;
    Nanoseconds timeout{};
    std::uint16_t channel = 0;
    double cost = 0;
    bool lit = false;
    std::vector<Contact> contacts;
    std::map<std::string, std::int64_t> counters;
    Value extra;
    bool operator==(const Cable&) const = default;
    static constexpr auto describe() {
        return fields(field<&Cable::id>("id", "Short name").required().pattern(kSlug),
                      field<&Cable::medium>("medium", "What carries it"),
                      field<&Cable::capacity>("capacity", "Each way").at_least(1),
                      field<&Cable::length>("length", "Along the path"),
                      field<&Cable::activated>("activated", "First day of service"),
                      field<&Cable::timeout>("timeout", "How long to wait"),
                      field<&Cable::channel>("channel", "Number").between(0, 1000),
                      field<&Cable::cost>("cost", "A year"), field<&Cable::lit>("lit", "Carries light"),
                      field<&Cable::contacts>("contacts", "Whom to call").at_most_long(2),
                      field<&Cable::counters>("counters", "By name"), field<&Cable::extra>("extra", "Anything"));
    }
};

constexpr std::string_view kCable = R"(id = "scl-pty"
medium = "radio"
capacity = "STM-4"
length = "4800 km"
activated = 2011-07-06
timeout = "1500ms"
channel = 7
cost = 2
lit = true
extra = [1]

[[contacts]]
name = "Ana"

[[contacts]]
name = "João"
mail = "j@example.org"

[counters]
errors = 3
)";

TEST(Describe, OneDescriptionReadsTomlAndJson) {
    const auto from_toml = read<Cable>(*parse_toml(kCable, "c.toml"), "c.toml");
    ASSERT_TRUE(from_toml) << from_toml.error().text();
    EXPECT_EQ(from_toml->capacity.bits_per_second, 622'080'000);
    EXPECT_EQ(from_toml->length->metres, 4.8e6);
    EXPECT_EQ(from_toml->timeout, std::chrono::milliseconds(1500));
    EXPECT_EQ(from_toml->contacts[1].name, "João");
    EXPECT_EQ(from_toml->counters.at("errors"), 3);

    const auto from_json = read<Cable>(*parse_json(json_text(*from_toml)));
    ASSERT_TRUE(from_json) << from_json.error().text();
    EXPECT_EQ(*from_json, *from_toml);
    EXPECT_EQ(read<Cable>(to_value(*from_toml)), *from_toml);
    EXPECT_EQ(read<Cable>(*parse_toml(to_toml(to_value(*from_toml)), "again")), *from_toml);
}

TEST(Describe, EveryFaultIsToldWithItsPlace) {
    const auto wrong = read<Cable>(*parse_toml(R"(
id = "Not A Slug"
medium = "string"
capacity = "fast"
length = -1
channel = 70000
cost = "much"
lit = "yes"
coulour = "red"
activated = "2011-02-30"
contacts = [ { nombre = "Ana" }, { name = "a name that is too long" } ]
counters = 5
)",
                                               "c.toml"),
                                   "c.toml");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().what, "the input has 12 faults");
    std::vector<std::string> lines;
    for (const Fault& fault : wrong.error().faults)
        lines.push_back(fault.where + ": " + fault.what);
    const std::vector<std::string> expected = {
        "c.toml:9 coulour: unknown key",
        "c.toml:2 id: \"Not A Slug\" must be 1 to 63 lower-case letters, digits and inner hyphens",
        "c.toml:3 medium: expected one of fibre, radio",
        "c.toml:4 capacity: \"fast\" is not a bandwidth: it does not begin with a number",
        "c.toml:10 activated: \"2011-02-30\" is not a day of the calendar",
        "c.toml:6 channel: is outside the range of this field",
        "c.toml:7 cost: expected a number, found text",
        "c.toml:8 lit: expected true or false, found text",
        "c.toml:11 contacts[0].nombre: unknown key",
        "c.toml:11 contacts[0].name: is required",
        "c.toml:11 contacts[1].name: is longer than 10 characters",
        "c.toml:12 counters: expected a table, found a whole number",
    };
    EXPECT_EQ(lines, expected);
}

TEST(Describe, OneFaultIsTheErrorItself) {
    const auto wrong = read<Cable>(*parse_json(R"({"id": "a", "channel": 2000})"));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::invalid);
    EXPECT_EQ(wrong.error().where, "channel");
    EXPECT_EQ(wrong.error().what, "2000 is above 1000");
    ASSERT_EQ(wrong.error().faults.size(), 1U);
}

TEST(Describe, FaultsAreBounded) {
    Value value;
    value.set("id", "a");
    for (int i = 0; i < 1000; ++i)
        value.set("unknown" + std::to_string(i), i);
    const auto wrong = read<Cable>(value, "x.json");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().what, "the input has 1000 faults");
    EXPECT_EQ(wrong.error().faults.size(), 101U);
    EXPECT_EQ(wrong.error().faults.back().what, "and 900 more");
}

TEST(Describe, SlugsAreChecked) {
    struct Named {
        std::string id;
        static constexpr auto describe() { return fields(field<&Named::id>("id", "").required().pattern(kSlug)); }
    };
    const auto accepts = [](std::string id) {
        Value value;
        value.set("id", std::move(id));
        return read<Named>(value).has_value();
    };
    for (const char* id : {"a", "a-b", "9", "buenos-aires-2"})
        EXPECT_TRUE(accepts(id)) << id;
    EXPECT_TRUE(accepts(std::string(63, 'x')));
    for (const char* id : {"", "-a", "a-", "A", "a_b", "ñ", "a b"})
        EXPECT_FALSE(accepts(id)) << id;
    EXPECT_FALSE(accepts(std::string(64, 'x')));
}

TEST(Describe, TooManyElementsAreRefused) {
    const auto wrong = read<Cable>(*parse_json(R"({"id":"a","contacts":[{"name":"a"},{"name":"b"},{"name":"c"}]})"));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().text(), "contacts: has too many elements\n  contacts: has too many elements");
}

TEST(Describe, SchemaSaysTheSame) {
    EXPECT_EQ(to_json(schema_of<Contact>()),
              R"({"type":"object","properties":{"name":{"type":"string","maxLength":10,"description":"Who"},)"
              R"("mail":{"type":"string","maxLength":4096,"description":"Address"}},"required":["name"],)"
              R"("additionalProperties":false})");
    const Value schema = schema_of<Cable>();
    EXPECT_EQ(*schema.find("properties")->find("capacity")->find("x-unit")->if_string(), "b/s");
    EXPECT_EQ(*schema.find("properties")->find("activated")->find("format")->if_string(), "date");
    EXPECT_EQ(schema.find("properties")->find("medium")->find("enum")->if_array()->size(), 2U);
}

}  // namespace
}  // namespace quipu
