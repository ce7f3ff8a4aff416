#include "desk/operations/engine_outages.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "desk/operations/test_mesh.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;
using What = Finding::What;

std::vector<std::string> causes(const std::vector<TestMesh::Told>& told, What what) {
    std::vector<std::string> out;
    for (const auto& one : told)
        if (one.finding.what == what) out.push_back(one.finding.cause);
    std::ranges::sort(out);
    return out;
}

std::string story(const std::vector<TestMesh::Told>& told, Time start) {
    static constexpr std::string_view kWords[] = {"failed", "failed again", "works", "over"};
    std::string out;
    for (const auto& [at, finding] : told) {
        out += fmt::format("{} s: {} {} (at {} s)", (at - start) / 1s, finding.cause,
                           kWords[static_cast<int>(finding.what)], (finding.when - start) / 1s);
        for (const Suspect& suspect : finding.suspects)
            out += fmt::format(" {}:{} {:.2f}", enum_name(suspect.part), suspect.id, suspect.likelihood);
        out += "\n";
    }
    return out;
}

// Every link of the network, failing at every part of a minute, is named alone and within two minutes, and is over when
// it works again.
TEST(OutageEngine, NamesTheOneLinkThatFailed) {
    Nanoseconds latest{0};
    for (std::size_t link = 0; link < kRedClara.size(); ++link) {
        TestMesh mesh;
        mesh.seed = link + 1;
        const Nanoseconds when = 4min + std::chrono::seconds(link * 7 % 60);
        mesh.down(kRedClara[link].id, when);
        mesh.up(kRedClara[link].id, when + 4min);
        OutageEngine engine;
        const auto told = mesh.run(engine, 13min);
        SCOPED_TRACE(story(told, mesh.start));
        const std::string cause = std::string("link:") + kRedClara[link].id;
        ASSERT_EQ(causes(told, What::failed), std::vector{cause});
        EXPECT_EQ(causes(told, What::failed_again), std::vector<std::string>{});
        EXPECT_EQ(causes(told, What::works), std::vector{cause});
        EXPECT_EQ(causes(told, What::over), std::vector{cause});
        latest = std::max(latest, told[0].at - (mesh.start + when));
        EXPECT_LT(std::chrono::abs(told[0].finding.when - (mesh.start + when)), 12s);
        EXPECT_GT(told[0].finding.suspects[0].likelihood, 0.5);
        EXPECT_EQ(told[0].finding.suspects[0].id, kRedClara[link].id);
        EXPECT_LT(std::chrono::abs(told.back().finding.when - (mesh.start + when + 4min)), 30s);
    }
    EXPECT_LT(latest, 60s);
}

// Where points report whole minutes alone, it takes up to a minute longer.
TEST(OutageEngine, DoesWithWholeMinutes) {
    Nanoseconds latest{0};
    for (std::size_t link = 0; link < kRedClara.size(); ++link) {
        TestMesh mesh;
        mesh.seed = 100 + link;
        mesh.running = false;
        const Nanoseconds when = 5min + std::chrono::seconds((3 + link * 11) % 60);
        mesh.down(kRedClara[link].id, when);
        mesh.up(kRedClara[link].id, when + 5min);
        OutageEngine engine;
        const auto told = mesh.run(engine, 16min);
        SCOPED_TRACE(story(told, mesh.start));
        const std::string cause = std::string("link:") + kRedClara[link].id;
        ASSERT_EQ(causes(told, What::failed), std::vector{cause});
        EXPECT_EQ(causes(told, What::over), std::vector{cause});
        latest = std::max(latest, told[0].at - (mesh.start + when));
    }
    EXPECT_LT(latest, 2min);
}

TEST(OutageEngine, NamesEachOfThreeLinksDownAtOnce) {
    for (const auto& three : {std::vector{"santiago-panama", "bogota-caracas", "sao-paulo-miami"},
                              std::vector{"buenos-aires-santiago", "guayaquil-lima", "panama-tijuana"},
                              std::vector{"sao-paulo-panama", "lima-santiago", "panama-guatemala"},
                              std::vector{"santiago-sao-paulo", "caracas-panama", "buenos-aires-montevideo"}}) {
        TestMesh mesh;
        std::vector<std::string> expected;
        for (const char* link : three) {
            mesh.down(link, 4min + 20s);
            mesh.up(link, 8min);
            expected.push_back(std::string("link:") + link);
        }
        std::ranges::sort(expected);
        OutageEngine engine;
        const auto told = mesh.run(engine, 13min);
        SCOPED_TRACE(story(told, mesh.start));
        EXPECT_EQ(causes(told, What::failed), expected);
        EXPECT_EQ(causes(told, What::over), expected);
        EXPECT_LT(told[0].at - mesh.start, 6min + 20s);
    }
}

// Whatever two links fail together: what is named is just them, or the site that both of them alone connect.
class EveryTwoLinks : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(OutageEngine, EveryTwoLinks, testing::Range(std::size_t{0}, std::size_t{4}));
TEST_P(EveryTwoLinks, AreExplained) {
    const auto topology = topology_of(kRedClara);
    int wrong = 0;
    std::string wrongs;
    for (std::size_t i = GetParam(); i < kRedClara.size(); i += 4)
        for (std::size_t j = i + 1; j < kRedClara.size(); ++j) {
            TestMesh mesh;
            mesh.seed = i * 100 + j;
            mesh.down(kRedClara[i].id, 3min + 10s);
            mesh.down(kRedClara[j].id, 3min + 10s);
            OutageEngine engine;
            const auto told = mesh.run(engine, 6min);
            std::set<std::string> sites;  // left alone by the two
            const auto ways = topology->without(
                {{Part::link, static_cast<std::uint32_t>(i)}, {Part::link, static_cast<std::uint32_t>(j)}});
            for (std::uint32_t s = 0; s < topology->sites().size(); ++s) {
                std::size_t reached = 0;
                for (std::uint32_t o = 0; o < topology->sites().size(); ++o)
                    reached += o != s && ways->reach(s, o) ? 1 : 0;
                if (reached == 0) sites.insert("site:" + topology->sites()[s]);
            }
            const std::vector<std::string> both{std::string("link:") + kRedClara[i].id,
                                                std::string("link:") + kRedClara[j].id};
            const auto named = causes(told, What::failed);
            if (named != both && !(named.size() == 1 && sites.contains(named[0]))) {
                ++wrong;
                wrongs += fmt::format("{} {}:\n{}", both[0], both[1], story(told, mesh.start));
            }
        }
    EXPECT_EQ(wrong, 0) << wrongs;
}

TEST(OutageEngine, StandsMissingPairsAndChanceLoss) {
    int right = 0, runs = 0;
    std::string wrongs;
    for (std::uint64_t seed = 1; seed <= 3; ++seed)
        for (const auto& link : kRedClara) {
            TestMesh mesh;
            mesh.seed = seed * 31;
            mesh.loss = 0.01;
            mesh.missing_pairs = 0.2;
            mesh.down(link.id, 3min + 33s);
            OutageEngine engine;
            const auto told = mesh.run(engine, 6min);
            ++runs;
            if (causes(told, What::failed) == std::vector{std::string("link:") + link.id})
                ++right;
            else
                wrongs += fmt::format("{} {}\n{}", link.id, seed, story(told, mesh.start));
        }
    EXPECT_EQ(right, runs) << wrongs;
}

TEST(OutageEngine, IsSilentWhileNothingFails) {
    for (const double loss : {0.0, 0.005, 0.02}) {
        TestMesh mesh;
        mesh.loss = loss;
        OutageEngine engine;
        const auto told = mesh.run(engine, 60min);
        EXPECT_EQ(told.size(), 0U) << story(told, mesh.start);
    }
}

TEST(OutageEngine, HoldsAFlappingLinkForOneOutage) {
    for (const auto& [down, up] :
         std::vector<std::pair<Nanoseconds, Nanoseconds>>{{30s, 30s}, {60s, 90s}, {20s, 200s}, {100s, 40s}}) {
        TestMesh mesh;
        Nanoseconds at = 4min;
        for (int i = 0; i < 6; ++i) {
            mesh.down("santiago-panama", at);
            mesh.up("santiago-panama", at + down);
            at += down + up;
        }
        OutageEngine engine;
        const auto told = mesh.run(engine, at + 6min);
        SCOPED_TRACE(story(told, mesh.start));
        EXPECT_EQ(causes(told, What::failed), std::vector<std::string>{"link:santiago-panama"});
        EXPECT_GE(causes(told, What::failed_again).size(), 2U);
        for (const std::string& cause : causes(told, What::failed_again))
            EXPECT_EQ(cause, "link:santiago-panama");
        EXPECT_EQ(told.back().finding.what, What::over);
    }
}

// A second link fails while the first is down, on the way that the first one's traffic takes now.
TEST(OutageEngine, TellsALaterFailureFromTheOneBefore) {
    TestMesh mesh;
    mesh.down("santiago-panama", 4min);
    mesh.down("sao-paulo-panama", 7min + 5s);
    mesh.up("santiago-panama", 11min);
    mesh.up("sao-paulo-panama", 14min);
    OutageEngine engine;
    const auto told = mesh.run(engine, 20min);
    SCOPED_TRACE(story(told, mesh.start));
    EXPECT_EQ(causes(told, What::failed), (std::vector<std::string>{"link:santiago-panama", "link:sao-paulo-panama"}));
    EXPECT_EQ(causes(told, What::over), (std::vector<std::string>{"link:santiago-panama", "link:sao-paulo-panama"}));
    EXPECT_EQ(causes(told, What::failed_again), std::vector<std::string>{});
}

TEST(OutageEngine, TellsASiteFromItsLinks) {
    TestMesh mesh;
    mesh.set(Part::site, "santiago", 4min, false);
    mesh.silence("santiago", 4min);
    OutageEngine engine;
    const auto told = mesh.run(engine, 7min);
    SCOPED_TRACE(story(told, mesh.start));
    EXPECT_EQ(causes(told, What::failed), std::vector<std::string>{"site:santiago"});
}

TEST(OutageEngine, TellsAPointFromItsSite) {
    TestMesh mesh;
    mesh.silence("santiago", 4min);
    OutageEngine engine;
    const auto told = mesh.run(engine, 7min);
    SCOPED_TRACE(story(told, mesh.start));
    EXPECT_EQ(causes(told, What::failed), std::vector<std::string>{"point:santiago"});
}

// The last site of a branch: whether its link failed or the site itself is told by its point, if that has another way.
TEST(OutageEngine, SaysWhatElseItCouldBe) {
    TestMesh mesh;
    mesh.down("panama-tijuana", 4min);
    mesh.silence("tijuana", 4min);
    OutageEngine engine;
    const auto told = mesh.run(engine, 7min);
    SCOPED_TRACE(story(told, mesh.start));
    ASSERT_EQ(causes(told, What::failed).size(), 1U);
    EXPECT_GE(told[0].finding.suspects.size(), 2U);
    double sum = 0;
    for (const Suspect& suspect : told[0].finding.suspects)
        sum += suspect.likelihood;
    EXPECT_NEAR(sum, 1, 0.2);
}

TEST(OutageEngine, DoesWithoutTtl) {
    TestMesh mesh;
    mesh.ttl = false;
    mesh.down("lima-santiago", 4min + 12s);
    mesh.up("lima-santiago", 9min);
    OutageEngine engine;
    const auto told = mesh.run(engine, 16min);
    SCOPED_TRACE(story(told, mesh.start));
    EXPECT_EQ(causes(told, What::failed), std::vector<std::string>{"link:lima-santiago"});
    EXPECT_EQ(causes(told, What::over), std::vector<std::string>{"link:lima-santiago"});
}

// A program that starts again while a link is down knows it from its store, and sees it mended.
TEST(OutageEngine, GoesOnAfterARestart) {
    TestMesh mesh;
    mesh.down("santiago-panama", -1min);
    mesh.up("santiago-panama", 6min);
    OutageEngine engine;
    engine.set_topology(mesh.topology);
    engine.resume(Part::link, "santiago-panama", OutageState::open, mesh.start - 1h, {});
    const auto told = mesh.run(engine, 12min);
    SCOPED_TRACE(story(told, mesh.start));
    EXPECT_EQ(causes(told, What::failed), std::vector<std::string>{});
    EXPECT_EQ(causes(told, What::over), std::vector<std::string>{"link:santiago-panama"});
}

TEST(OutageEngine, EndsWithTheLink) {
    TestMesh mesh;
    OutageEngine engine;
    engine.set_topology(mesh.topology);
    engine.resume(Part::link, "santiago-panama", OutageState::open, mesh.start, {});
    auto rest = kRedClara;
    std::erase_if(rest, [](const TestLink& link) { return std::string_view(link.id) == "santiago-panama"; });
    engine.set_topology(topology_of(rest));
    const auto told = engine.tick(mesh.start + 1min);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].what, What::over);
    EXPECT_NE(told[0].reason, "");
}

}  // namespace
}  // namespace quipu::operations
