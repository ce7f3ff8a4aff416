#include "platform/config.h"

#include <gtest/gtest.h>

namespace quipu::platform {
namespace {

struct Rigging {
    std::int64_t length = 7;
    std::string colour = "red";
    static constexpr auto describe() {
        return fields(field<&Rigging::length>("length", "How long").between(1, 9).format("m"),
                      field<&Rigging::colour>("colour", "What colour"));
    }
};
struct KnotSettings {
    Rigging rope;
    std::vector<Rigging> spare;
    Nanoseconds patience = std::chrono::seconds(90);
    static constexpr auto describe() {
        using T = KnotSettings;
        return fields(field<&T::rope>("rope", "The rope"), field<&T::spare>("spare", "Spare ropes"),
                      field<&T::patience>("patience", "How long to wait"));
    }
};

std::vector<Section> sections() {
    return {{"hub", settings_schema_of<HubSettings>()}, {"knots", settings_schema_of<KnotSettings>()}};
}
std::optional<std::string> nothing(std::string_view) {
    return std::nullopt;
}

TEST(Config, EmptyIsGood) {
    const auto config = Config::parse("", "quipu.toml", sections());
    ASSERT_TRUE(config);
    const auto hub = config->hub(nothing);
    ASSERT_TRUE(hub);
    EXPECT_EQ(hub->port, 8080);
    EXPECT_EQ(config->section("knots"), Value(Value::Object{}));
}

TEST(Config, EnvironmentGoesBeforeTheFile) {
    const auto config = Config::parse("[hub]\nport = 1000\ndata = \"a\"\n", "quipu.toml", sections());
    ASSERT_TRUE(config);
    const auto hub = config->hub([](std::string_view name) -> std::optional<std::string> {
        if (name == "QUIPU_PORT") return "2000";
        return std::nullopt;
    });
    ASSERT_TRUE(hub);
    EXPECT_EQ(hub->port, 2000);
    EXPECT_EQ(hub->data, "a");
    const auto bad = config->hub([](std::string_view) { return "many"; });
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().where, "QUIPU_PORT");
}

struct BadFile {
    const char* text;
    const char* where;
    const char* what;
};

TEST(Config, ErrorsNameFileLineAndKey) {
    for (const BadFile& bad : {
             BadFile{"[hub]\nprot = 1\n", "quipu.toml:2 hub.prot", "unknown key; did you mean \"port\"?"},
             BadFile{"\n[knot]\n", "quipu.toml:2 knot", "unknown section; did you mean \"knots\"?"},
             BadFile{"port = 1\n", "quipu.toml:1 port", "unknown key outside a section"},
             BadFile{"[knots.rope]\nlenght = 1\n", "quipu.toml:2 knots.rope.lenght", "did you mean \"length\"?"},
             BadFile{"[[knots.spare]]\nlength = 1\n[[knots.spare]]\nx = 1\n", "quipu.toml:4 knots.spare[1].x",
                     "known are length, colour"},
             BadFile{"hub = 1\n", "quipu.toml:1 hub", "expected a section [hub], found a whole number"},
             BadFile{"[hub]\nport = = 1\n", "quipu.toml:2", ""},
         }) {
        const auto config = Config::parse(bad.text, "quipu.toml", sections());
        ASSERT_FALSE(config) << bad.text;
        EXPECT_EQ(config.error().where, bad.where);
        EXPECT_NE(config.error().what.find(bad.what), std::string::npos) << config.error().text();
    }
}

TEST(Config, AllUnknownNamesAreToldAtOnce) {
    const auto config = Config::parse("[hub]\nprot = 1\n[knots]\nropes = 1\n", "quipu.toml", sections());
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().faults.size(), 2U);
}

TEST(Config, WrongValuesOfTheHub) {
    const auto config = Config::parse("[hub]\nport = 65536\n", "quipu.toml", sections());
    ASSERT_TRUE(config);
    const auto hub = config->hub(nothing);
    ASSERT_FALSE(hub);
    EXPECT_EQ(hub.error().where, "quipu.toml:2 hub.port");
    EXPECT_EQ(hub.error().what, "65536 is above 65535");
}

TEST(Config, FilesThatCannotBeRead) {
    EXPECT_EQ(Config::load("/no/such/quipu.toml", sections()).error().where, "/no/such/quipu.toml");
    EXPECT_EQ(Config::load("/", sections()).error().what, "is a folder, not a configuration file");
}

TEST(Config, IsSupplementedWithTheSectionsThatItLacks) {
    auto config = *Config::parse("[hub]\nport = 1\n", "quipu.toml", sections());
    config.supplement(*Config::parse("[hub]\nport = 2\n[knots.rope]\nlength = 3\n", "other", sections()));
    EXPECT_EQ(config.hub(nothing)->port, 1);
    ASSERT_TRUE(config.has("knots"));
    EXPECT_NE(config.section("knots").find("rope"), nullptr);
}

TEST(Config, TheReferenceNamesEverySetting) {
    const std::string page = settings_reference(sections());
    for (const char* line : {"## [hub]", "| `port` | whole number, 0 to 65535 | `8080` |", "## [knots]",
                             "## [knots.rope]", "| `length` | whole number, 1 to 9, m | `7` | How long |", "`90s`"})
        EXPECT_NE(page.find(line), std::string::npos) << line << page;
}

}  // namespace
}  // namespace quipu::platform
