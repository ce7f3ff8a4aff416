#include "services/rpki/origin/expiry.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

#include "services/rpki/cache_folder.h"
#include "services/rpki/lab_tree.h"
#include "services/rpki/origin/metrics.h"

namespace quipu::rpki {
namespace {

constexpr std::int64_t kLabTime = 1'700'000'000;

/// A generated tree, validated.
class LabRun : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("quipu-expiry-" + std::to_string(::getpid()));
        const auto made =
            write_lab({.folder = folder_, .objects = 120, .anchors = 2, .time = kLabTime, .validity = 86'400});
        ASSERT_TRUE(made) << made.error().text();
        locators_ = *read_tals(folder_ / "tals");
        cache_ = *CacheFolder::open(folder_ / "cache");
        validator_.run(locators_, *cache_, kLabTime);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
    std::vector<TrustAnchorLocator> locators_;
    std::unique_ptr<CacheFolder> cache_;
    Validator validator_{{.point = {}, .threads = 1}, nullptr};
};

TEST_F(LabRun, HasOneTimelineOfItsMembers) {
    const Vrp first = validator_.vrps().front().vrp;
    const Members members(
        std::vector<Members::Member>{{.id = "everybody",
                                      .name = "E",
                                      .prefixes = {*net::Prefix::parse("0.0.0.0/0"), *net::Prefix::parse("::/0")},
                                      .as_numbers = {}},
                                     {.id = "first", .name = "F", .prefixes = {first.prefix()}, .as_numbers = {}}});
    const auto timeline = expiries_of(validator_, members);
    EXPECT_TRUE(std::ranges::is_sorted(timeline, {}, &MemberExpiry::at));
    std::int64_t in_roas = 0;
    for (const MemberExpiry& one : timeline) {
        EXPECT_GT(one.at, Time(std::chrono::seconds(kLabTime)));
        EXPECT_GT(one.vrps, 0);
        if (one.kind == ExpiryKind::roa) in_roas += one.vrps;
    }
    EXPECT_EQ(in_roas, static_cast<std::int64_t>(validator_.totals().vrps));
    const auto has = [&](ExpiryKind kind) {
        return std::ranges::any_of(timeline,
                                   [&](const MemberExpiry& one) { return one.member == "first" && one.kind == kind; });
    };
    EXPECT_TRUE(has(ExpiryKind::roa));
    EXPECT_TRUE(has(ExpiryKind::manifest));
    EXPECT_TRUE(has(ExpiryKind::certificate));
}

TEST_F(LabRun, IsCountedByTrustAnchor) {
    AnchoredPayloads served = anchored_payloads_of(validator_, locators_);
    const Vrp gone = served.set.vrps.front();
    served.set.vrps.erase(served.set.vrps.begin());
    served.vrp_anchors.erase(served.vrp_anchors.begin());
    // One that nobody certified.
    served.anchor_names.emplace_back(kLocalAnchor);
    Vrp added = served.set.vrps.back();
    ++added.as;
    served.set.vrps.push_back(added);
    served.vrp_anchors.push_back(static_cast<std::uint16_t>(served.anchor_names.size() - 1));
    const PublicationCounts counts = count_publications(validator_.outcomes(), served);
    ASSERT_EQ(counts.anchors.size(), 2U);
    EXPECT_EQ(counts.anchors[0].name, locators_[0].name);
    EXPECT_EQ(counts.local.vrps().contributed, 1U);
    EXPECT_EQ(counts.all.vrps().contributed, served.set.vrps.size()) << gone.prefix().text();
    EXPECT_EQ(counts.all.vrps().filtered, 1U);
    EXPECT_EQ(counts.all.vrps().valid, validator_.totals().vrps);
    EXPECT_EQ(counts.all.points_valid, validator_.totals().points_valid);
    EXPECT_EQ(counts.all.aspas.contributed, served.set.aspas.size());
    std::uint64_t in_repositories = 0;
    for (const PublicationMetrics& of : counts.repositories) {
        EXPECT_TRUE(of.name.starts_with("rsync://") && of.name.ends_with("/")) << of.name;
        in_repositories += of.vrps().valid;
    }
    EXPECT_EQ(in_repositories, validator_.totals().vrps);
    for (const PublicationMetrics& of : counts.anchors) {
        EXPECT_EQ(of.manifests_valid, of.points_valid);
        EXPECT_EQ(of.crls_valid, of.points_valid);
        const PayloadCount vrps = of.vrps();
        EXPECT_EQ(vrps.valid, vrps.contributed + vrps.filtered + vrps.duplicate);
    }
}

}  // namespace
}  // namespace quipu::rpki
