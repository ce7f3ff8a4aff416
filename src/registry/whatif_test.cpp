#include "registry/whatif.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/random.h"
#include "registry/test_registry.h"

namespace quipu::registry {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// The same by the plainest way: every path of the broken network anew.
Damage damage_naively(const ShortestPaths& whole, const Broken& broken) {
    std::vector<Edge> rest;
    for (std::uint32_t e = 0; e < whole.edges().size(); ++e) {
        const Edge& edge = whole.edges()[e];
        const auto gone = [&](std::uint32_t node) {
            return std::ranges::find(broken.nodes, node) != broken.nodes.end();
        };
        if (std::ranges::find(broken.edges, e) == broken.edges.end() && !gone(edge.a) && !gone(edge.b))
            rest.push_back(edge);
    }
    // Floyd and Warshall's algorithm shares no line with the one under test.
    const std::size_t n = whole.nodes();
    constexpr std::uint64_t kFar = 1ULL << 60;
    const auto distances = [&](const std::vector<Edge>& edges) {
        std::vector<std::uint64_t> d(n * n, kFar);
        for (std::size_t i = 0; i < n; ++i)
            d[i * n + i] = 0;
        for (const Edge& edge : edges) {
            d[edge.a * n + edge.b] = std::min(d[edge.a * n + edge.b], edge.metres);
            d[edge.b * n + edge.a] = std::min(d[edge.b * n + edge.a], edge.metres);
        }
        for (std::size_t k = 0; k < n; ++k)
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < n; ++j)
                    d[i * n + j] = std::min(d[i * n + j], d[i * n + k] + d[k * n + j]);
        return d;
    };
    const auto before = distances(whole.edges());
    const auto after = distances(rest);
    Damage damage;
    for (std::uint32_t i = 0; i < n; ++i)
        for (std::uint32_t j = i + 1; j < n; ++j) {
            const auto gone = [&](std::uint32_t node) {
                return std::ranges::find(broken.nodes, node) != broken.nodes.end();
            };
            if (gone(i) || gone(j) || before[i * n + j] >= kFar) continue;
            if (after[i * n + j] >= kFar) {
                ++damage.pairs_cut;
            } else if (after[i * n + j] > before[i * n + j]) {
                ++damage.pairs_rerouted;
                damage.worst_stretch = std::max(damage.worst_stretch, static_cast<double>(after[i * n + j]) /
                                                                          static_cast<double>(before[i * n + j]));
            }
        }
    return damage;
}

TEST(Paths, IncrementalEqualsFull) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Rng rng(seed);
        const std::size_t n = 2 + rng.below(14);
        std::vector<Edge> edges;
        const std::size_t count = rng.below(2 * n + 1);
        for (std::size_t i = 0; i < count; ++i) {
            const auto a = static_cast<std::uint32_t>(rng.below(n));
            const auto b = static_cast<std::uint32_t>(rng.below(n));
            // Few different lengths, so that equal paths and parallel links occur.
            if (a != b) edges.push_back({a, b, 1 + rng.below(4)});
        }
        const ShortestPaths paths(n, edges);
        DamageSearch search(paths);
        for (int trial = 0; trial < 40; ++trial) {
            Broken broken;
            for (std::uint64_t k = rng.below(3); k > 0; --k)
                broken.nodes.push_back(static_cast<std::uint32_t>(rng.below(n)));
            for (std::uint64_t k = edges.empty() ? 0 : rng.below(4); k > 0; --k)
                broken.edges.push_back(static_cast<std::uint32_t>(rng.below(edges.size())));
            const Damage quick = search.damage(broken);
            const Damage plain = damage_naively(paths, broken);
            ASSERT_EQ(quick.pairs_cut, plain.pairs_cut) << "seed " << seed;
            ASSERT_EQ(quick.pairs_rerouted, plain.pairs_rerouted) << "seed " << seed;
            ASSERT_DOUBLE_EQ(quick.worst_stretch, plain.worst_stretch) << "seed " << seed;
        }
    }
}

constexpr std::string_view kRing = R"(
[[organisations]]
id = "net"
name = "Net"
type = "regional"
[[organisations]]
id = "leaf"
name = "Leaf"
type = "nren"
parent = "net"
[[organisations]]
id = "school"
name = "School"
type = "institution"
parent = "leaf"
[[sites]]
id = "a"
name = "A"
organisation = "net"
[[sites]]
id = "b"
name = "B"
organisation = "net"
[[sites]]
id = "c"
name = "C"
organisation = "net"
[[sites]]
id = "d"
name = "D"
organisation = "leaf"
[[links]]
id = "a-b"
a = "a"
b = "b"
capacity = "1 Gb/s"
length = "10 km"
activated = 2000-01-01
[[links]]
id = "b-c"
a = "b"
b = "c"
capacity = "1 Gb/s"
length = "10 km"
activated = 2000-01-01
[[links]]
id = "c-a"
a = "c"
b = "a"
capacity = "1 Gb/s"
length = "30 km"
activated = 2000-01-01
[[links]]
id = "c-d"
a = "c"
b = "d"
capacity = "1 Gb/s"
activated = 2000-01-01
)";

class WhatIfTest : public RegistryTest {
  protected:
    std::unique_ptr<WhatIf> ask() {
        auto made = WhatIf::create(registry_->now());
        if (!made) ADD_FAILURE() << made.error().text();
        return std::move(*made);
    }
};

TEST_F(WhatIfTest, SaysWhoIsCutOffAndWhatGoesAround) {
    must_import(kRing);
    const auto what_if = ask();
    const auto singles = what_if->singles();
    ASSERT_TRUE(singles);
    ASSERT_EQ(singles->size(), 8U);
    const Failure& worst = singles->front();
    EXPECT_EQ(worst.failed[0].id, "c-d") << "it cuts three pairs";
    EXPECT_THAT(worst.cut_off, ElementsAre("d"));
    EXPECT_THAT(worst.organisations_cut_off, UnorderedElementsAre("leaf", "school"));
    EXPECT_EQ(worst.pairs_cut, 3U);

    const auto one = what_if->failure({}, {"a-b"});
    ASSERT_TRUE(one);
    EXPECT_EQ(one->pairs_cut, 0U);
    EXPECT_EQ(one->pairs_rerouted, 3U) << "a to b, c and d";
    EXPECT_DOUBLE_EQ(one->worst_stretch, 4) << "40 km instead of 10";
    ASSERT_EQ(one->paths->size(), 3U);
    EXPECT_THAT(one->paths->front().before, ElementsAre("a", "b"));
    EXPECT_THAT(*one->paths->front().after, ElementsAre("a", "c", "b"));
    EXPECT_DOUBLE_EQ(*one->paths->front().after_km, 40);

    const auto site = what_if->failure({"c"}, {});
    ASSERT_TRUE(site);
    EXPECT_THAT(site->cut_off, ElementsAre("d"));
    EXPECT_EQ(site->pairs_cut, 2U);
    EXPECT_FALSE(site->paths->front().after);

    EXPECT_THAT(*what_if->shortest("a", "d"), ElementsAre("a-b", "b-c", "c-d"));
    EXPECT_THAT(*what_if->shortest("b", "b"), ElementsAre());
    EXPECT_FALSE(what_if->shortest("a", "x"));

    EXPECT_EQ(what_if->failure({"x"}, {}).error().code, ErrorCode::invalid);
    const auto doubles = what_if->doubles();
    ASSERT_TRUE(doubles);
    EXPECT_EQ(doubles->size(), 28U);
}

TEST_F(WhatIfTest, ASiteThatFailsTakesItsOrganisationWithIt) {
    must_import(kRing);
    const auto site = ask()->failure({"d"}, {});
    ASSERT_TRUE(site);
    EXPECT_THAT(site->cut_off, ElementsAre());
    EXPECT_EQ(site->pairs_cut, 0U);
    EXPECT_THAT(site->organisations_cut_off, UnorderedElementsAre("leaf", "school"));
}

TEST_F(WhatIfTest, StatesItsLimits) {
    ChangeSet set;
    const auto add = [&](Kind kind, const std::string& json) {
        set.changes.push_back({kind, {}, *parse_json(json), {}, 0});
    };
    for (int i = 0; i < 200; ++i)
        add(Kind::sites, fmt::format(R"({{"id": "s{}", "name": "S"}})", i));
    for (int i = 1; i < 200; ++i)
        add(Kind::links,
            fmt::format(R"({{"id": "l{}", "a": "s{}", "b": "s{}", "capacity": 1, "activated": "2000-01-01"}})", i,
                        i - 1, i));
    ASSERT_TRUE(registry_->apply(set));
    const auto doubles = ask()->doubles();
    EXPECT_EQ(doubles.error().code, ErrorCode::too_large);
    EXPECT_THAT(doubles.error().what, testing::HasSubstr("at most 250"));
    EXPECT_EQ(ask()->singles()->size(), 399U);
}

TEST_F(WhatIfTest, AnEmptyNetworkHasNoFailures) {
    EXPECT_EQ(ask()->singles()->size(), 0U);
    EXPECT_EQ(ask()->doubles()->size(), 0U);
}

}  // namespace
}  // namespace quipu::registry
