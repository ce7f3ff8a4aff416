#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "data/test_folder.h"
#include "services/rpki/transport/point_archive.h"
#include "services/rpki/transport/store.h"

namespace quipu::rpki {
namespace {

using data::TestFolder;
using Contents = std::map<std::string, std::vector<std::uint8_t>>;

Contents contents_of(const Pack& pack) {
    Contents out;
    const auto done = pack.for_each([&](std::string_view key, const Pack::Found&) -> Result<void> {
        EXPECT_TRUE(pack.read(key, SIZE_MAX, out[std::string(key)]));
        return {};
    });
    EXPECT_TRUE(done);
    EXPECT_EQ(out.size(), pack.size());
    return out;
}

std::vector<std::uint8_t> random_octets(Rng& rng, std::size_t most) {
    std::vector<std::uint8_t> out(rng.below(most));
    rng.fill(out);
    return out;
}

std::string octets_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_octets(const std::string& path, std::string_view octets) {
    std::ofstream(path, std::ios::binary) << octets;
}

TEST(Pack, IsAMapThatSurvives) {
    const TestFolder folder;
    Rng rng(1);
    Contents model;
    auto pack = *Pack::open(folder / "a.pack");
    for (int round = 0; round < 60; ++round) {
        Contents next = model;
        for (std::size_t i = rng.below(40); i-- > 0;) {
            const std::string key =
                "key" + std::to_string(rng.below(100)) + std::string(rng.below(9) == 0 ? 700 : 0, 'x');
            if (rng.below(3) == 0) {
                ASSERT_TRUE(pack->erase(key));
                next.erase(key);
            } else {
                const auto body = random_octets(rng, rng.below(20) == 0 ? 20'000 : 300);
                ASSERT_TRUE(pack->put(key, body));
                next[key] = body;
            }
        }
        EXPECT_EQ(contents_of(*pack), model);  // nothing is seen before the commit
        if (rng.below(5) == 0) {
            pack->rollback();
        } else {
            ASSERT_TRUE(pack->commit(as_bytes(std::to_string(round))));
            model = std::move(next);
            EXPECT_EQ(as_text(pack->note()), std::to_string(round));
        }
        if (rng.below(6) == 0) ASSERT_TRUE(pack->compact());
        if (rng.below(4) == 0) {
            pack.reset();
            pack = *Pack::open(folder / "a.pack");
        }
        ASSERT_EQ(contents_of(*pack), model);
    }
    for (const auto& [key, body] : model)
        EXPECT_TRUE(pack->contains(key));
    EXPECT_FALSE(pack->contains("another"));
}

/// However much of the last writes reached the disk, the state is that of a commit.
TEST(Pack, IsCutBackToACommitWhateverWasWritten) {
    const TestFolder folder;
    const std::string path = folder / "a.pack";
    std::vector<std::pair<std::size_t, Contents>> commits{{0, {}}};  // length of the file, what it then holds
    Contents model;
    {
        Rng rng(2);
        auto pack = *Pack::open(path);
        for (int round = 0; round < 4; ++round) {
            for (int i = 0; i < 4; ++i) {
                const std::string key = "k" + std::to_string(rng.below(6));
                const auto body = random_octets(rng, 40);
                ASSERT_TRUE(pack->put(key, body));
                model[key] = body;
            }
            ASSERT_TRUE(pack->erase("k1"));
            model.erase("k1");
            ASSERT_TRUE(pack->commit(as_bytes("note")));
            commits.emplace_back(pack->octets(), model);
        }
    }
    const std::string whole = octets_of(path);
    const auto expected = [&](std::size_t length) {
        const auto after = std::ranges::upper_bound(commits, length, {}, [](const auto& c) { return c.first; });
        return std::prev(after)->second;
    };
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        write_octets(path, std::string_view(whole).substr(0, length));
        const auto pack = Pack::open(path);
        ASSERT_TRUE(pack) << length;
        ASSERT_EQ(contents_of(**pack), expected(length)) << length;
        if (length % 16 != 0) continue;
        ASSERT_TRUE((*pack)->put("after", as_bytes("x")));
        ASSERT_TRUE((*pack)->commit({}));
        ASSERT_TRUE((*pack)->contains("after"));
    }
    // Pages reach the disk in any order: an octet wrong in what was not committed yet.
    Rng rng(3);
    for (std::size_t at = 0; at + 1 < commits.size(); ++at)
        for (int turn = 0; turn < 40; ++turn) {
            std::string torn = whole.substr(0, commits[at + 1].first);
            const std::size_t begin = std::max<std::size_t>(8, commits[at].first);
            // The commit's own record ends the stretch: 16 octets and the note.
            const std::size_t place = torn.size() - 20 + rng.below(20);
            ASSERT_GE(place, begin);
            torn[place] = static_cast<char>(torn[place] ^ static_cast<char>(1 + rng.below(255)));
            write_octets(path, torn);
            const auto pack = Pack::open(path);
            ASSERT_TRUE(pack);
            ASSERT_EQ(contents_of(**pack), commits[at].second);
        }
}

TEST(Pack, RefusesAnotherFile) {
    const TestFolder folder;
    write_octets(folder / "a.pack", "something else altogether");
    const auto pack = Pack::open(folder / "a.pack");
    ASSERT_FALSE(pack);
    EXPECT_EQ(pack.error().code, ErrorCode::corrupt);
    EXPECT_EQ(octets_of(folder / "a.pack"), "something else altogether");
}

TEST(PointArchive, KeepsWhatWasFlushedAndNothingHalf) {
    const TestFolder folder;
    const std::string path = folder / "points.pack";
    const auto point_of = [](std::uint8_t version) {
        StoredPoint point;
        point.manifest = {version, 1, 2};
        point.files["a.roa"] = std::vector<std::uint8_t>(3'000, version);
        point.files["b.crl"] = {version};
        return point;
    };
    const auto last_of = [](std::uint8_t version) {
        return PointArchive::Last{Sha256{version}, {version, 0}, 1'000 + version};
    };
    std::vector<std::uint64_t> lengths{0};
    {
        const auto archive = *PackArchive::open(path);
        for (std::uint8_t version = 1; version <= 3; ++version) {
            archive->save("rsync://a/b/c.mft", last_of(version), point_of(version));
            ASSERT_TRUE(archive->flush(0));
            lengths.push_back(archive->octets());
        }
        archive->save("rsync://a/b/c.mft", last_of(9), point_of(9));  // not flushed
    }
    const std::string whole = octets_of(path);
    for (std::size_t length = 0; length <= whole.size(); length += length % 37 + 29) {
        write_octets(path, std::string_view(whole).substr(0, length));
        const auto archive = PackArchive::open(path);
        ASSERT_TRUE(archive);
        const auto version = static_cast<std::uint8_t>(
            std::ranges::count_if(lengths, [&](std::uint64_t l) { return l > 0 && l <= length; }));
        const auto last = (*archive)->last("rsync://a/b/c.mft");
        const auto point = (*archive)->load("rsync://a/b/c.mft");
        ASSERT_EQ(last.has_value(), version > 0) << length;
        ASSERT_EQ(point.has_value(), version > 0);
        if (version == 0) continue;
        EXPECT_EQ(last->number, last_of(version).number);
        EXPECT_EQ(last->this_update, 1'000 + version);
        EXPECT_EQ(point->files, point_of(version).files);
        EXPECT_EQ(point->manifest, point_of(version).manifest);
    }
}

TEST(Store, IsHeldByOneProcess) {
    const TestFolder folder;
    const auto store = Store::open(folder / "store");
    ASSERT_TRUE(store);
    const auto second = Store::open(folder / "store");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST(Store, ShowsARepositoryToThoseThatNameIt) {
    const TestFolder folder;
    const std::string a = "https://a.example/notification.xml";
    const std::string uri = "rsync://victim.example/repo/x.roa";
    std::vector<std::uint8_t> out;
    {
        const auto store = *Store::open(folder / "store");
        RrdpCopy* copy = *store->rrdp(a);
        auto change = *copy->begin_snapshot();
        ASSERT_TRUE(change->publish(uri, nullptr, as_bytes("object"), false));
        ASSERT_TRUE(change->publish("rsync://victim.example/repo/big.roa", nullptr, Sha256{}, true));
        Folders changed;
        ASSERT_TRUE(
            change->commit({.session = "s", .serial = 7, .etag = "\"e\"", .last_modified = "", .deltas = {}}, changed));
        EXPECT_EQ(changed, Folders{"rsync://victim.example/repo/"});
        store->set_way(a, Way::rrdp);
        EXPECT_EQ(store->of(a).read(uri, 100, out), ReadOutcome::read);
        EXPECT_EQ(store->of(a).read(uri, 3, out), ReadOutcome::too_large);
        EXPECT_EQ(as_text(out), "object");
        EXPECT_EQ(store->of(a).read("rsync://victim.example/repo/big.roa", 100, out), ReadOutcome::too_large);
        EXPECT_EQ(store->of("https://b.example/notification.xml").read(uri, 100, out), ReadOutcome::missing);
        EXPECT_EQ(store->of("").read(uri, 100, out), ReadOutcome::missing);
        EXPECT_EQ(store->read(uri, 100, out), ReadOutcome::missing);
        RepositoryStatus status;
        status.source = a;
        status.way = Way::rrdp;
        status.last_success = SystemClock().now();
        ASSERT_TRUE(store->save_statuses({status}));
    }
    out.clear();
    const auto store = *Store::open(folder / "store");
    EXPECT_EQ(store->of(a).read(uri, 100, out), ReadOutcome::read);
    const auto state = (*store->rrdp(a))->state();
    ASSERT_TRUE(state);
    EXPECT_EQ(state->serial, 7U);
    EXPECT_EQ(state->etag, "\"e\"");
    EXPECT_EQ(store->load_statuses().size(), 1U);
}

TEST(Store, ChecksWhatADeltaReplaces) {
    const TestFolder folder;
    const auto copy = *RrdpCopy::open(folder / "a.pack");
    Folders changed;
    const Sha256 one = sha256(as_bytes("one"));
    {
        auto change = *copy->begin_snapshot();
        ASSERT_TRUE(change->publish("rsync://a/r/1", nullptr, as_bytes("one"), false));
        ASSERT_TRUE(change->commit({.session = "s", .serial = 1}, changed));
    }
    {
        const auto change = copy->begin_delta();
        EXPECT_FALSE(change->publish("rsync://a/r/1", nullptr, as_bytes("two"), false));
        EXPECT_FALSE(change->publish("rsync://a/r/2", &one, as_bytes("two"), false));
        EXPECT_FALSE(change->withdraw("rsync://a/r/1", sha256(as_bytes("other"))));
        EXPECT_FALSE(change->withdraw("rsync://a/r/2", one));
        ASSERT_TRUE(change->publish("rsync://a/r/1", &one, as_bytes("two"), false));
        // and given up
    }
    std::vector<std::uint8_t> out;
    EXPECT_EQ(copy->read("rsync://a/r/1", 100, out), ReadOutcome::read);
    EXPECT_EQ(as_text(out), "one");
    changed.clear();
    const auto change = copy->begin_delta();
    ASSERT_TRUE(change->withdraw("rsync://a/r/1", one));
    ASSERT_TRUE(change->commit({.session = "s", .serial = 2}, changed));
    EXPECT_EQ(changed, Folders{"rsync://a/r/"});
    EXPECT_EQ(copy->size(), 0U);
}

}  // namespace
}  // namespace quipu::rpki
