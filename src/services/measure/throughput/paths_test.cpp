#include "services/measure/throughput/paths.h"

#include <gtest/gtest.h>

#include "registry/test_registry.h"

namespace quipu::throughput {
namespace {

/// Two ways from a to d: over b, which is short, and over c, which is long and has two links at its beginning.
constexpr std::string_view kTwoWays = R"(
[[organisations]]
id = "clara"
name = "CLARA"
type = "regional"
[[sites]]
id = "a"
name = "A"
[[sites]]
id = "b"
name = "B"
[[sites]]
id = "c"
name = "C"
[[sites]]
id = "d"
name = "D"
[[sites]]
id = "far"
name = "Far"
[[links]]
id = "ab"
a = "a"
b = "b"
length = "100 km"
capacity = "1 Gb/s"
activated = 2011-01-01
[[links]]
id = "bd"
a = "b"
b = "d"
length = "100 km"
capacity = "1 Gb/s"
activated = 2011-01-01
[[links]]
id = "ac-1"
a = "a"
b = "c"
length = "900 km"
capacity = "10 Gb/s"
activated = 2011-01-01
[[links]]
id = "ac-2"
a = "c"
b = "a"
length = "950 km"
capacity = "10 Gb/s"
activated = 2011-01-01
[[links]]
id = "cd"
a = "c"
b = "d"
length = "900 km"
capacity = "10 Gb/s"
activated = 2011-01-01
)";

class Paths : public registry::RegistryTest {
  protected:
    void SetUp() override {
        RegistryTest::SetUp();
        must_import(kTwoWays, "2011-01-02");
        paths_.look_at(registry_->now());
    }
    /// "traced: ab bd", or "none".
    std::string path(std::string_view from, std::string_view to) const {
        const auto known = paths_.path(from, to);
        if (!known) return "none";
        std::string out = known->traced ? "traced:" : "registry:";
        for (const PathLink& link : known->links)
            out += " " + link.id;
        return out;
    }
    std::string traced(std::vector<std::string> between, std::string_view to = "d") {
        between_ = std::move(between);
        return path("a", to);
    }

    std::optional<std::vector<std::string>> between_;
    std::uint64_t revision_ = 1;
    TestPaths paths_{{.sites = [this](auto, auto) { return between_; }, .revision = [this] { return revision_; }}};
};

TEST_F(Paths, WhereNothingWasTracedTheRegistrysShortestWayCounts) {
    EXPECT_EQ(path("a", "d"), "registry: ab bd");
    EXPECT_EQ(path("a", "far"), "none");
    EXPECT_EQ(path("a", "nowhere"), "none");
}

TEST_F(Paths, PacketsThatGoTheLongWayTakeItsLinks) {
    EXPECT_EQ(traced({"c"}), "traced: ac-1 ac-2 cd") << "either of the two may carry it";
    EXPECT_EQ(traced({"a", "c", "c", "d"}), "traced: ac-1 ac-2 cd") << "several routers of a site";
    EXPECT_EQ(traced({"b"}), "traced: ab bd");
    EXPECT_EQ(traced({}, "b"), "traced: ab");
    EXPECT_EQ(paths_.path("a", "b")->links[0].capacity, Bandwidth{1'000'000'000});
}

TEST_F(Paths, WhatIsBetweenKnownRoutersIsTheShortestThere) {
    EXPECT_EQ(traced({"", ""}), "registry: ab bd") << "of none of them is known where it stands";
    EXPECT_EQ(traced({}), "registry: ab bd") << "no link leads there in one step";
    EXPECT_EQ(traced({"", "c", ""}), "traced: ac-1 cd");
    EXPECT_EQ(traced({"far"}), "registry: ab bd") << "the registry knows no link to where it was seen";
}

TEST_F(Paths, TheyAreLookedAtAgainWhenTracesOrTheRegistryChange) {
    EXPECT_FALSE(paths_.look_at(registry_->now()));
    ++revision_;
    EXPECT_TRUE(paths_.look_at(registry_->now()));
    EXPECT_FALSE(paths_.look_at(registry_->now()));
    ASSERT_TRUE(remove(registry::Kind::links, "ab"));
    EXPECT_TRUE(paths_.look_at(registry_->now()));
    EXPECT_EQ(path("a", "d"), "registry: ac-1 cd");
}

}  // namespace
}  // namespace quipu::throughput
