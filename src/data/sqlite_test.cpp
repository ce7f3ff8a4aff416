// What only a file can do: be damaged, be no database, not fit on its disk.

#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/random.h"
#include "data/database.h"
#include "data/test_file_limit.h"
#include "data/test_folder.h"

namespace quipu::data {
namespace {

using testing::HasSubstr;

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Result<void> fill(Database& database, std::int64_t from, std::int64_t to) {
    return database.write([&](Transaction& transaction) -> Result<void> {
        for (std::int64_t i = from; i < to; ++i)
            TRY(transaction.run("INSERT INTO t (id, body) VALUES (?, ?)", i, Blob(500, static_cast<std::uint8_t>(i))));
        return {};
    });
}

std::unique_ptr<Database> with_table(const std::string& path) {
    auto database = std::move(Database::open("sqlite:" + path).value());
    EXPECT_TRUE(database->write([](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("CREATE TABLE IF NOT EXISTS t (id BIGINT PRIMARY KEY, body BLOB)"));
        return {};
    }));
    return database;
}

TEST(Sqlite, AFileThatIsNoDatabaseIsLeftAlone) {
    const TestFolder folder;
    const std::string path = folder / "notes.txt";
    const std::string text =
        "These are my notes, and they are longer than a database's header is.\n" + std::string(2000, 'x');
    std::ofstream(path) << text;
    const auto opened = Database::open("sqlite:" + path);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
    EXPECT_THAT(opened.error().text(), HasSubstr(path));
    EXPECT_THAT(opened.error().text(), HasSubstr("not an SQLite database"));
    EXPECT_THAT(opened.error().hint, HasSubstr("backup"));
    EXPECT_EQ(content(path), text);
}

TEST(Sqlite, ADamagedFileIsRefusedAndLeftAlone) {
    const TestFolder folder;
    const std::string path = folder / "house.db";
    ASSERT_TRUE(fill(*with_table(path), 0, 500));
    const std::string whole = content(path);
    Rng rng(7);
    int refused = 0;
    for (int round = 0; round < 20; ++round) {
        std::string damaged = whole;
        if (round % 2 == 0)
            damaged.resize(4096 + rng.below(whole.size() - 8192));  // cut off
        else
            for (std::size_t page = 4096; page < damaged.size(); page += 4096)
                damaged[page + rng.below(8)] ^= static_cast<char>(1 + rng.below(255));  // in the pages' headers
        std::ofstream(path, std::ios::binary | std::ios::trunc) << damaged;
        const auto opened = Database::open("sqlite:" + path);
        if (opened) continue;
        ++refused;
        EXPECT_EQ(opened.error().code, ErrorCode::corrupt) << opened.error().text();
        EXPECT_THAT(opened.error().text(), HasSubstr(path));
        EXPECT_EQ(content(path), damaged);
    }
    EXPECT_EQ(refused, 20);
}

TEST(Sqlite, AFullDiskIsAnErrorAndNothingIsHalfWritten) {
    const TestFolder folder;
    const auto database = with_table(folder / "house.db");
    std::int64_t kept = 0;
    {
        const TestFileLimit limit(400'000);
        Result<void> filled;
        while ((filled = fill(*database, kept, kept + 50)))
            kept += 50;
        EXPECT_EQ(filled.error().code, ErrorCode::exhausted) << filled.error().text();
        EXPECT_THAT(filled.error().text(), HasSubstr("house.db"));
        EXPECT_EQ(database->query("SELECT count(*) FROM t")->integer(0, 0), kept);
    }
    EXPECT_GT(kept, 0);
    ASSERT_TRUE(fill(*database, kept, kept + 50));  // there is room again
    EXPECT_EQ(database->query("SELECT count(*) FROM t")->integer(0, 0), kept + 50);
}

TEST(Sqlite, AFolderThatIsNotThereIsSaid) {
    const auto opened = Database::open("sqlite:/nowhere/at/all/x.db");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::io);
    EXPECT_THAT(opened.error().text(), HasSubstr("/nowhere/at/all/x.db"));
    EXPECT_EQ(Database::open("mysql://x").error().code, ErrorCode::invalid);
    EXPECT_EQ(Database::open("sqlite:").error().code, ErrorCode::invalid);
}

TEST(Sqlite, WhatWasCommittedIsThereAfterReopening) {
    const TestFolder folder;
    ASSERT_TRUE(fill(*with_table(folder / "house.db"), 0, 10));
    EXPECT_EQ(with_table(folder / "house.db")->query("SELECT count(*) FROM t")->integer(0, 0), 10);
}

}  // namespace
}  // namespace quipu::data
