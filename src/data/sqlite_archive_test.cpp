// What the archive does with its SQLite files when they are damaged, in the way, or too large for the disk.

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "data/archive.h"
#include "data/sqlite_connection.h"
#include "data/test_archive_place.h"
#include "data/test_file_limit.h"

namespace quipu::data {
namespace {

using namespace archive_test;
using testing::HasSubstr;

class SqliteArchiveTest : public ArchiveIn {
  protected:
    [[nodiscard]] std::string file(const std::string& name) const { return place_ + "/" + name; }
};
INSTANTIATE_TEST_SUITE_P(Places, SqliteArchiveTest, testing::Values(Place::sqlite), ArchiveIn::name);

TEST_P(SqliteArchiveTest, AFailureBetweenTwoMonthsNeitherLosesNorDoubles) {
    const std::vector<ArchiveRecord> batch = {record("a", kDecember - 1min, 1), record("a", kDecember, 2),
                                              record("a", kDecember - 2min, 3)};
    append(batch, Source{"agent", 1});
    // December cannot be written: November has its blocks already, and everything is still staged.
    std::filesystem::create_directory(file("2011-12.sqlite"));
    EXPECT_FALSE(archive_->compact());
    const std::vector<ArchiveRecord> expected = {batch[2], batch[0], batch[1]};
    EXPECT_TRUE(same(all("a"), expected));
    std::filesystem::remove(file("2011-12.sqlite"));
    reopen();
    EXPECT_TRUE(same(all("a"), expected));
    append({record("a", kDecember - 1min, 4)}, Source{"agent", 4});
    ASSERT_TRUE(archive_->compact());
    EXPECT_TRUE(same(all("a"), {batch[2], record("a", kDecember - 1min, 4), batch[1]}));
    EXPECT_EQ(mark("agent"), 4U);
}

TEST_P(SqliteArchiveTest, DamagedRecentRecordsAreSetAside) {
    append({record("a", kNovember, 1)}, Source{"agent", 1});
    ASSERT_TRUE(archive_->compact());
    append({record("a", kNovember + 1min, 2)}, Source{"agent", 2});
    archive_.reset();
    std::ofstream(file("recent.sqlite"), std::ios::binary | std::ios::trunc) << std::string(5000, 'x');
    reopen();
    EXPECT_TRUE(std::filesystem::exists(file("recent.sqlite.corrupt")));
    EXPECT_TRUE(same(all("a"), {record("a", kNovember, 1)}));
    EXPECT_EQ(mark("agent"), 0U);
    // The source sends what it still has; what is there already is replaced by the same.
    append({record("a", kNovember, 1), record("a", kNovember + 1min, 2)}, Source{"agent", 1});
    EXPECT_TRUE(same(all("a"), {record("a", kNovember, 1), record("a", kNovember + 1min, 2)}));
}

TEST_P(SqliteArchiveTest, ADamagedMonthIsSetAsideAndTheOthersServed) {
    append({record("a", kNovember, 1), record("a", kDecember, 2), record("a", kDecember + 31 * 24h, 3)});
    ASSERT_TRUE(archive_->compact());
    archive_.reset();
    {
        std::ofstream(file("2011-12.sqlite"), std::ios::binary | std::ios::trunc) << std::string(5000, 'x');
        std::fstream cut(file("2012-01.sqlite"), std::ios::binary | std::ios::in | std::ios::out);
        cut.seekp(4096);
        cut << std::string(12'000, '\xff');
    }
    reopen();
    EXPECT_TRUE(same(all("a"), {record("a", kNovember, 1)}));
    EXPECT_TRUE(std::filesystem::exists(file("2011-12.sqlite.corrupt")));
    EXPECT_TRUE(std::filesystem::exists(file("2012-01.sqlite.corrupt")));
    append({record("a", kDecember, 5)});
    EXPECT_TRUE(same(all("a"), {record("a", kNovember, 1), record("a", kDecember, 5)}));
}

TEST_P(SqliteArchiveTest, ADamagedBlockIsNamedAndCompactionGoesOn) {
    append({record("a", kNovember, 1), record("b", kNovember, 2)});
    ASSERT_TRUE(archive_->compact());
    archive_.reset();
    {
        auto connection =
            std::move(SqliteConnection::open(file("2011-11.sqlite"), SqliteConnection::Use::write).value());
        ASSERT_TRUE(connection->run("UPDATE blocks SET body = ? WHERE series = (SELECT id FROM series WHERE key = 'a')",
                                    Blob{1, 2, 3}));
    }
    reopen();
    const auto a = archive_->read("minute", "a", kNever, kForever, 10);
    ASSERT_FALSE(a);
    EXPECT_EQ(a.error().code, ErrorCode::corrupt);
    EXPECT_THAT(a.error().text(), HasSubstr("2011-11.sqlite"));
    EXPECT_TRUE(same(all("b"), {record("b", kNovember, 2)}));
    append({record("a", kNovember + 1min, 3), record("b", kNovember + 1min, 4)});
    EXPECT_TRUE(archive_->compact());
    EXPECT_EQ(all("b").size(), 2U);
    EXPECT_EQ(archive_->read("minute", "a", kNovember + 1s, kForever, 10)->size(), 1U);
}

TEST_P(SqliteArchiveTest, AFullDiskIsAnErrorAndNothingIsHalfKept) {
    append({record("a", kDecember, 0)}, Source{"agent", 1});
    std::vector<ArchiveRecord> kept = all("a");
    Rng rng(3);
    std::uint64_t sequence = 2;
    {
        const TestFileLimit limit(300'000);
        for (;;) {
            std::vector<ArchiveRecord> batch;
            for (int i = 0; i < 100; ++i) {
                // From November's last day into December, with noise that does not compress.
                auto one = record("a", kDecember - 50min + i * 1min + sequence * 1ns, 1);
                for (int j = 0; j < 50; ++j)
                    one.histograms[0].add(static_cast<std::int64_t>(rng.next() >> 2U));
                batch.push_back(one);
            }
            const auto done = archive_->append("minute", batch, Source{"agent", sequence});
            if (!done) {
                EXPECT_EQ(done.error().code, ErrorCode::exhausted) << done.error().text();
                break;
            }
            sequence += batch.size();
            kept.insert(kept.end(), batch.begin(), batch.end());
        }
        EXPECT_EQ(mark("agent"), sequence - 1);
    }
    std::ranges::sort(kept, {}, &ArchiveRecord::time);
    EXPECT_TRUE(same(all("a"), kept));
    reopen();
    EXPECT_TRUE(same(all("a"), kept));
    EXPECT_EQ(mark("agent"), sequence - 1);
    append({record("b", kDecember, 1)}, Source{"agent", sequence});
    EXPECT_EQ(all("b").size(), 1U);
}

}  // namespace
}  // namespace quipu::data
