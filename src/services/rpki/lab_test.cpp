// Generated trees against the validator: every planted fault gets the verdict of its label, and an incremental run is a
// full run.

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/random.h"
#include "base/time.h"
#include "services/rpki/cache_folder.h"
#include "services/rpki/lab_tree.h"
#include "services/rpki/output.h"

namespace quipu::rpki {
namespace {

constexpr std::int64_t kNow = 1'322'000'000;  // 22 November 2011
constexpr std::int64_t kDay = 86'400;

class Folder {
  public:
    Folder() {
        std::string name = std::filesystem::temp_directory_path() / "quipu-rpki-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream in(path);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);)
        out.push_back(line);
    return out;
}

/// The tree's files in memory, so that a test may change them.
class MemoryObjects final : public Objects {
  public:
    explicit MemoryObjects(const std::string& cache) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(cache)) {
            if (!entry.is_regular_file()) continue;
            std::ifstream in(entry.path(), std::ios::binary);
            files["rsync://" + entry.path().lexically_relative(cache).generic_string()] =
                std::vector<std::uint8_t>(std::istreambuf_iterator<char>(in), {});
        }
    }
    ReadOutcome read(std::string_view uri, std::size_t limit, std::vector<std::uint8_t>& out) const override {
        const auto file = files.find(uri);
        if (file == files.end()) return ReadOutcome::missing;
        if (file->second.size() > limit) return ReadOutcome::too_large;
        out.insert(out.end(), file->second.begin(), file->second.end());
        return ReadOutcome::read;
    }
    std::map<std::string, std::vector<std::uint8_t>, std::less<>> files;
};

class MemoryArchive final : public PointArchive {
  public:
    std::optional<Last> last(std::string_view uri) const override {
        const std::scoped_lock lock(mutex_);
        const auto found = points_.find(uri);
        return found == points_.end() ? std::nullopt : std::optional(found->second.first);
    }
    std::optional<StoredPoint> load(std::string_view uri) const override {
        const std::scoped_lock lock(mutex_);
        const auto found = points_.find(uri);
        return found == points_.end() ? std::nullopt : std::optional(found->second.second);
    }
    void save(std::string_view uri, const Last& last, StoredPoint point) override {
        const std::scoped_lock lock(mutex_);
        points_.insert_or_assign(std::string(uri), std::pair(last, std::move(point)));
    }

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::pair<Last, StoredPoint>, std::less<>> points_;
};

std::string verdicts_of(const Validator& validator) {
    std::string out;
    write_verdicts(validator, {}, [&](std::string_view text) { out += text; });
    return out;
}

TEST(Lab, EveryPlantedFaultGetsTheVerdictOfItsLabel) {
    const Folder folder;
    const auto made = write_lab({.folder = folder.path(),
                                 .objects = 30,
                                 .anchors = 1,
                                 .time = kNow,
                                 .validity = 10 * kDay,
                                 .threads = 2,
                                 .faults = {"all"}});
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_GT(made->faults, 100U);
    const auto locators = *read_tals(folder.path() + "/tals");
    const auto cache = *CacheFolder::open(folder.path() + "/cache");
    Validator validator({}, nullptr);
    validator.run(locators, *cache, kNow);
    std::map<std::string, std::string> found;
    std::string text;
    write_verdicts(validator, cache->all(), [&](std::string_view part) { text += part; });
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        const std::size_t comma = line.find(',');
        found[std::string(line.substr(0, comma))] = line.substr(comma + 1);
    }
    const auto labels = lines_of(folder.path() + "/labels.csv");
    ASSERT_GT(labels.size(), 300U);
    for (std::size_t i = 1; i < labels.size(); ++i) {
        const std::size_t comma = labels[i].find(',');
        const std::string path = labels[i].substr(0, comma);
        const std::string expected = labels[i].substr(comma + 1, labels[i].rfind(',') - comma);
        EXPECT_TRUE(found[path].starts_with(expected)) << path << " is " << found[path] << ", expected " << expected;
    }
}

TEST(Lab, IsTheSameForTheSameSeedWhateverTheThreads) {
    const Folder one;
    const Folder two;
    LabSettings settings{
        .folder = one.path(), .objects = 60, .anchors = 1, .time = kNow, .validity = kDay, .threads = 1};
    ASSERT_TRUE(write_lab(settings));
    settings.folder = two.path();
    settings.threads = 3;
    ASSERT_TRUE(write_lab(settings));
    const MemoryObjects first(one.path() + "/cache");
    const MemoryObjects second(two.path() + "/cache");
    EXPECT_EQ(first.files, second.files);
}

TEST(Lab, HoldersGetWhatTheyAreGiven) {
    const auto prefix = [](const char* text) { return *net::Prefix::parse(text); };
    const Folder folder;
    const LabSettings settings{
        .folder = folder.path(),
        .time = kNow,
        .validity = kDay,
        .number = 7,
        // The two /25 touch, and the second holder has neither IPv4 nor an AS number: canonical forms and absent
        // blocks.
        .holders = {{.name = "both",
                     .prefixes = {prefix("192.0.2.128/25"), prefix("192.0.2.0/25"), prefix("2001:db8::/32")},
                     .as_numbers = {64497, 64496},
                     .payloads = {{64496, prefix("192.0.2.0/25"), 25}, {64497, prefix("2001:db8::/32"), 48}}},
                    {.name = "v6",
                     .prefixes = {prefix("2001:db9::/32")},
                     .payloads = {{64496, prefix("2001:db9::/40"), 40}}}},
        .anchor = "demonstration"};
    ASSERT_TRUE(write_lab(settings));
    const auto locators = *read_tals(folder.path() + "/tals");
    ASSERT_EQ(locators.size(), 1U);
    EXPECT_EQ(locators.front().name, "demonstration");
    MemoryArchive archive;
    Validator validator({}, &archive);
    validator.run(locators, MemoryObjects(folder.path() + "/cache"), kNow);
    EXPECT_EQ(validator.totals().refused, 0U);
    std::string found;
    for (const AnchoredVrp& one : validator.vrps())
        found += fmt::format("{}-{} AS{}\n", one.vrp.prefix().text(), one.vrp.max_length, one.vrp.as);
    EXPECT_EQ(found, "192.0.2.0/25-25 AS64496\n2001:db8::/32-48 AS64497\n2001:db9::/40-40 AS64496\n");

    // Written anew in its place with a higher number it replaces what was there.
    LabSettings later = settings;
    later.time += 60;
    later.number = 8;
    later.holders.pop_back();
    ASSERT_TRUE(write_lab(later));
    validator.run(*read_tals(folder.path() + "/tals"), MemoryObjects(folder.path() + "/cache"), later.time);
    EXPECT_EQ(validator.totals().points_stored, 0U);
    EXPECT_EQ(validator.vrps().size(), 2U);
}

TEST(Validator, NamesTheLimitThatWasExceeded) {
    const Folder folder;
    ASSERT_TRUE(write_lab({.folder = folder.path(), .objects = 100, .anchors = 1, .time = kNow, .validity = kDay}));
    const auto locators = *read_tals(folder.path() + "/tals");
    const auto cache = *CacheFolder::open(folder.path() + "/cache");
    const auto with = [&](Limits limits) {
        Validator validator({.point = {.limits = limits, .profile = {}}}, nullptr);
        validator.run(locators, *cache, kNow);
        return verdicts_of(validator);
    };
    EXPECT_EQ(with({}).find("limit"), std::string::npos);
    EXPECT_NE(with({.max_object_size = 1'500}).find("object-too-large,limit"), std::string::npos);
    EXPECT_NE(with({.max_files = 3}).find("too-many-files,limit"), std::string::npos);
    EXPECT_NE(with({.max_point_size = 4'000}).find("point-too-large,limit"), std::string::npos);
    EXPECT_NE(with({.max_depth = 0}).find("chain-too-deep,limit"), std::string::npos);
    EXPECT_NE(with({.max_authorities = 3}).find("too-many-authorities,limit"), std::string::npos);
}

TEST(Validator, KeepsTheLastValidVersionOfAPointAndRefusesAnOlderOne) {
    const Folder older_folder;
    const Folder folder;
    LabSettings settings{
        .folder = older_folder.path(), .objects = 40, .anchors = 1, .time = kNow - kDay, .validity = 10 * kDay};
    ASSERT_TRUE(write_lab(settings));
    settings.folder = folder.path();
    settings.time = kNow;
    ASSERT_TRUE(write_lab(settings));
    const auto locators = *read_tals(folder.path() + "/tals");
    MemoryObjects objects(folder.path() + "/cache");
    MemoryArchive archive;
    Validator validator({}, &archive);
    validator.run(locators, objects, kNow);
    const auto vrps = validator.vrps();
    ASSERT_FALSE(vrps.empty());
    const auto roa = std::ranges::find_if(objects.files, [](const auto& f) { return f.first.ends_with(".roa"); });
    const auto bytes = roa->second;
    objects.files.erase(roa);
    validator.run(locators, objects, kNow + 60);
    EXPECT_EQ(validator.vrps(), vrps);
    EXPECT_EQ(validator.totals().points_stored, 1U);
    EXPECT_NE(verdicts_of(validator).find("file-missing"), std::string::npos);
    // The whole repository of the day before: same numbers, earlier dates.
    const MemoryObjects older(older_folder.path() + "/cache");
    validator.run(locators, older, kNow + 120);
    EXPECT_EQ(validator.vrps(), vrps);
    EXPECT_NE(verdicts_of(validator).find("manifest-regressed"), std::string::npos);
    // Once that version is no longer valid either, nothing is left of it.
    validator.run(locators, older, kNow + 30 * kDay);
    EXPECT_TRUE(validator.vrps().empty());
}

TEST(Validator, AnIncrementalRunIsAFullRun) {
    const Folder folder;
    ASSERT_TRUE(write_lab({.folder = folder.path(),
                           .objects = 250,
                           .anchors = 2,
                           .time = kNow,
                           .validity = 10 * kDay,
                           .threads = 2,
                           .faults = {"ee-expired", "ee-not-yet-valid", "crl-stale", "manifest-premature"}}));
    const auto locators = *read_tals(folder.path() + "/tals");
    const MemoryObjects whole(folder.path() + "/cache");
    std::vector<std::string> uris;
    for (const auto& [uri, bytes] : whole.files)
        uris.push_back(uri);
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        Rng rng(seed);
        MemoryObjects objects(folder.path() + "/cache");
        MemoryArchive archive;
        MemoryArchive archive_of_full;
        Validator incremental({.point = {}, .threads = 2}, &archive);
        std::int64_t time = kNow - 2 * kDay;
        incremental.run(locators, objects, time);
        {
            Validator first({}, &archive_of_full);
            first.run(locators, objects, time);
        }
        std::size_t examined = 0;
        for (int step = 0; step < 25; ++step) {
            std::set<std::string, std::less<>> changed;
            for (std::uint64_t n = rng.below(4); n > 0; --n) {
                const std::string& uri = uris[rng.below(uris.size())];
                if (rng.below(3) == 0)
                    objects.files.erase(uri);
                else if (auto& bytes = objects.files[uri]; rng.below(2) == 0 && !bytes.empty())
                    bytes[rng.below(bytes.size())] ^= 1U;
                else
                    bytes = whole.files.at(uri);
                changed.insert(uri.substr(0, uri.rfind('/') + 1));
            }
            time += static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(kDay)));
            if (rng.below(8) == 0) time -= kDay;
            incremental.run(locators, objects, time, changed);
            examined += incremental.points_examined();
            Validator full({.point = {}, .threads = 1}, &archive_of_full);
            full.run(locators, objects, time);
            ASSERT_EQ(incremental.vrps(), full.vrps()) << seed << ' ' << step;
            ASSERT_EQ(verdicts_of(incremental), verdicts_of(full)) << seed << ' ' << step;
            ASSERT_EQ(incremental.totals(), full.totals());
        }
        EXPECT_LT(examined, 25 * incremental.totals().points / 2) << "most points were taken over";
    }
}

TEST(Validator, OtherLocatorsNeedNoOtherValidator) {
    const Folder folder;
    ASSERT_TRUE(write_lab(
        {.folder = folder.path(), .objects = 120, .anchors = 2, .time = kNow, .validity = kDay, .threads = 2}));
    const auto both = *read_tals(folder.path() + "/tals");
    ASSERT_EQ(both.size(), 2U);
    const std::vector<TrustAnchorLocator> first{both[0]}, second{both[1]}, turned{both[1], both[0]};
    TrustAnchorLocator with_other_key = both[0];
    with_other_key.key_info = both[1].key_info;
    const std::vector<TrustAnchorLocator> wrong{with_other_key, both[1]};
    const MemoryObjects objects(folder.path() + "/cache");
    Validator incremental({.point = {}, .threads = 2}, nullptr);
    incremental.run(first, objects, kNow);
    for (const auto& locators : {both, second, turned, wrong, both, first}) {
        incremental.run(locators, objects, kNow, std::set<std::string, std::less<>>());
        Validator full({.point = {}, .threads = 1}, nullptr);
        full.run(locators, objects, kNow);
        ASSERT_EQ(incremental.vrps(), full.vrps());
        ASSERT_EQ(verdicts_of(incremental), verdicts_of(full));
        ASSERT_EQ(incremental.totals(), full.totals());
    }
}

TEST(Outputs, HaveTheShapesThatScriptsKnow) {
    const Folder folder;
    ASSERT_TRUE(write_lab({.folder = folder.path(), .objects = 60, .anchors = 1, .time = kNow, .validity = kDay}));
    const auto locators = *read_tals(folder.path() + "/tals");
    const auto cache = *CacheFolder::open(folder.path() + "/cache");
    Validator validator({}, nullptr);
    validator.run(locators, *cache, kNow);
    const auto text = [&](Format format) {
        std::string out;
        write_payloads(validator, locators, kNow, format, [&](std::string_view part) { out += part; });
        return out;
    };
    EXPECT_TRUE(
        text(Format::csv).starts_with("ASN,IP Prefix,Max Length,Trust Anchor\nAS4200000000,16.0.0.0/24,24,ta0\n"));
    EXPECT_NE(text(Format::csvcompat).find("\n\"4200000000\",\"16.0.0.0/24\",\"24\",\"ta0\"\n"), std::string::npos);
    EXPECT_NE(text(Format::csvext)
                  .find("\nrsync://rpki0.example.net/repo/ta0/roa000.roa,AS4200000000,16.0.0.0/24,24,2011-11-21 "
                        "22:13:20,2011-11-23 22:13:20\n"),
              std::string::npos);
    EXPECT_NE(text(Format::openbgpd).find("roa-set {\n    16.0.0.0/24 source-as 4200000000\n"), std::string::npos);
    EXPECT_NE(text(Format::bird1).find("roa 16.0.0.0/24 max 24 as 4200000000;\n"), std::string::npos);
    EXPECT_NE(text(Format::bird2).find("route 16.0.0.0/24 max 24 as 4200000000;\n"), std::string::npos);
    EXPECT_NE(text(Format::rpsl).find("\nroute: 16.0.0.0/24\norigin: AS4200000000\n"), std::string::npos);
    for (const Format format : {Format::json, Format::jsonext, Format::slurm}) {
        const auto value = parse_json(text(format));
        ASSERT_TRUE(value) << value.error().text();
    }
    const auto json = *parse_json(text(Format::json));
    EXPECT_EQ(json.find("roas")->if_array()->size(), validator.vrps().size());
}

}  // namespace
}  // namespace quipu::rpki
