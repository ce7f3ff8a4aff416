#include "data/database.h"

#include <atomic>
#include <gmock/gmock.h>
#include <set>
#include <thread>

#include "base/random.h"
#include "data/test_database.h"

namespace quipu::data {
namespace {

using testing::HasSubstr;

class DatabaseTest : public BothDatabases {
  protected:
    Result<Rows> write(std::string_view sql, std::vector<Cell> cells = {}) {
        Rows rows;
        auto done = database_->write([&](Transaction& transaction) -> Result<void> {
            rows = TRY(transaction.execute(sql, cells));
            return {};
        });
        if (!done) return std::unexpected(done.error());
        return rows;
    }
    void make_table() {
        ASSERT_TRUE(
            write("CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT NOT NULL, size DOUBLE PRECISION, body BLOB)"));
    }
    std::int64_t count() {
        const auto rows = database_->query("SELECT count(*) FROM things");
        return rows ? rows->integer(0, 0) : -1;
    }
};

INSTANTIATE_TEST_SUITE_P(Databases, DatabaseTest, testing::Values(Dialect::sqlite, Dialect::postgresql),
                         BothDatabases::name);

TEST_P(DatabaseTest, ValuesComeBackAsTheyWent) {
    make_table();
    const Blob every = [] {
        Blob blob(256);
        for (std::size_t i = 0; i < blob.size(); ++i)
            blob[i] = static_cast<std::uint8_t>(i);
        return blob;
    }();
    const std::string text = "São Paulo \"'\\ \t\n$1 ? 日本";
    const std::vector<Cell> cells = {INT64_MAX, text, 0.1, every, INT64_MIN, std::string(), std::monostate{}, Blob{}};
    ASSERT_TRUE(database_->write([&](Transaction& transaction) {
        return transaction.execute_many("INSERT INTO things (id, name, size, body) VALUES (?, ?, ?, ?)", 4, cells);
    }));
    const auto rows = database_->query("SELECT id, name, size, body FROM things WHERE name <> '?' ORDER BY id DESC");
    ASSERT_TRUE(rows) << rows.error().text();
    ASSERT_EQ(rows->size(), 2U);
    for (std::size_t i = 0; i < cells.size(); ++i)
        EXPECT_EQ(rows->at(i / 4, i % 4), cells[i]) << i;
    EXPECT_TRUE(rows->is_null(1, 2));
}

TEST_P(DatabaseTest, AggregatesAreIntegers) {
    make_table();
    ASSERT_TRUE(write("INSERT INTO things (id, name) VALUES (?, 'a'), (?, 'b')",
                      {std::int64_t{40'000'000'000}, std::int64_t{2}}));
    const auto rows = database_->query("SELECT sum(id), max(id), count(*), -sum(id) FROM things");
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows->integer(0, 0), 40'000'000'002);
    EXPECT_EQ(rows->integer(0, 1), 40'000'000'000);
    EXPECT_EQ(rows->integer(0, 2), 2);
    EXPECT_EQ(rows->integer(0, 3), -40'000'000'002);
}

TEST_P(DatabaseTest, ReturningAndUpsertAndAffected) {
    make_table();
    constexpr std::string_view kUpsert =
        "INSERT INTO things (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING "
        "name";
    EXPECT_EQ(write(kUpsert, {std::int64_t{1}, std::string("a")})->text(0, 0), "a");
    EXPECT_EQ(write(kUpsert, {std::int64_t{1}, std::string("b")})->text(0, 0), "b");
    EXPECT_EQ(write("UPDATE things SET size = ? WHERE id < ?", {1.5, std::int64_t{9}})->affected(), 1);
    EXPECT_EQ(write("DELETE FROM things WHERE id = ?", {std::int64_t{7}})->affected(), 0);
}

TEST_P(DatabaseTest, ManyRowsByEveryWay) {
    make_table();
    std::vector<Cell> cells;
    for (std::int64_t i = 0; i < 3000; ++i) {
        cells.emplace_back(i);
        cells.emplace_back("name " + std::to_string(i));
    }
    for (const std::string_view sql : {"INSERT INTO things (id, name) VALUES (?, ?)",
                                       "INSERT INTO things (id, name) VALUES (?, ?) ON CONFLICT (id) DO NOTHING"}) {
        ASSERT_TRUE(write("DELETE FROM things"));
        const auto done =
            database_->write([&](Transaction& transaction) { return transaction.execute_many(sql, 2, cells); });
        ASSERT_TRUE(done) << done.error().text();
        EXPECT_EQ(count(), 3000);
    }
    // One that is there already: all or nothing, whichever way they travel.
    for (const std::string_view sql :
         {"INSERT INTO things (id, name) VALUES (?, ?)", "INSERT INTO things (id, name) VALUES (?, ?) RETURNING id"}) {
        ASSERT_TRUE(write("DELETE FROM things WHERE id <> 2999"));
        const auto done =
            database_->write([&](Transaction& transaction) { return transaction.execute_many(sql, 2, cells); });
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::conflict) << done.error().text();
        EXPECT_EQ(count(), 1);
    }
}

TEST_P(DatabaseTest, AnErrorRollsBackAndDooms) {
    make_table();
    ASSERT_TRUE(write("INSERT INTO things (id, name) VALUES (1, 'a')"));
    const auto done = database_->write([&](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("INSERT INTO things (id, name) VALUES (?, ?)", std::int64_t{2}, std::string("b")));
        const auto again = transaction.run("INSERT INTO things (id, name) VALUES (1, 'c')");
        EXPECT_FALSE(again);
        EXPECT_EQ(again.error().code, ErrorCode::conflict);
        EXPECT_FALSE(transaction.run("SELECT 1"));
        return {};
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::conflict);
    EXPECT_EQ(count(), 1);
    EXPECT_EQ(write("INSERT INTO things (id) VALUES (5)").error().code, ErrorCode::conflict);  // name is missing
    EXPECT_EQ(write("INSERT INTO things (id, name) VALUES (5, ?)", {std::string("a\0b", 3)}).error().code,
              ErrorCode::invalid);
    EXPECT_EQ(write("SELEKT").error().code, ErrorCode::internal);
    EXPECT_THROW(static_cast<void>(database_->write([&](Transaction& transaction) -> Result<void> {
                     TRY(transaction.run("INSERT INTO things (id, name) VALUES (8, 'x')"));
                     throw std::runtime_error("work");
                 })),
                 std::runtime_error);
    EXPECT_EQ(count(), 1);
    EXPECT_TRUE(write("INSERT INTO things (id, name) VALUES (2, 'b')"));
}

TEST_P(DatabaseTest, ForeignKeysHold) {
    make_table();
    ASSERT_TRUE(write("CREATE TABLE parts (thing BIGINT NOT NULL REFERENCES things (id))"));
    EXPECT_EQ(write("INSERT INTO parts (thing) VALUES (9)").error().code, ErrorCode::conflict);
}

TEST_P(DatabaseTest, OnCommitIsCalledAfterACommitOnly) {
    make_table();
    int called = 0;
    const auto work = [&](bool succeed) {
        return [&, succeed](Transaction& transaction) -> Result<void> {
            transaction.on_commit([&] {
                ++called;
                EXPECT_TRUE(write("INSERT INTO things (id, name) VALUES (1, 'from on_commit')"));
            });
            if (!succeed) return fail(ErrorCode::invalid, "no");
            return {};
        };
    };
    EXPECT_FALSE(database_->write(work(false)));
    EXPECT_EQ(called, 0);
    EXPECT_TRUE(database_->write(work(true)));
    EXPECT_EQ(called, 1);
    EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseTest, AReadIsASnapshotAndChangesNothing) {
    make_table();
    const auto done = database_->read([&](Transaction& transaction) -> Result<void> {
        const auto before = TRY(transaction.run("SELECT count(*) FROM things"))
        .integer(0, 0);
        EXPECT_TRUE(write("INSERT INTO things (id, name) VALUES (1, 'a')"));
        EXPECT_EQ(TRY(transaction.run("SELECT count(*) FROM things")).integer(0, 0), before);
        return {};
    });
    EXPECT_TRUE(done) << done.error().text();
    EXPECT_EQ(count(), 1);
    EXPECT_EQ(database_->query("DELETE FROM things RETURNING id").error().code, ErrorCode::forbidden);
    EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseTest, AWriteInsideAWriteIsRefused) {
    const auto done =
        database_->write([&](Transaction&) { return database_->write([](Transaction&) { return Result<void>(); }); });
    EXPECT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::internal);
}

TEST_P(DatabaseTest, TwoProgramsCountTogether) {
    ASSERT_TRUE(write("CREATE TABLE counter (value BIGINT)"));
    ASSERT_TRUE(write("INSERT INTO counter (value) VALUES (0)"));
    const auto other = open();
    constexpr int kEach = 40;
    std::atomic<int> failures = 0;
    const auto add = [&](Database& database) {
        for (int i = 0; i < kEach; ++i) {
            const auto done = database.write([](Transaction& transaction) -> Result<void> {
                const auto value = TRY(transaction.run("SELECT value FROM counter"))
                .integer(0, 0);
                TRY(transaction.run("UPDATE counter SET value = ?", value + 1));
                return {};
            });
            if (!done) ++failures;
        }
    };
    std::vector<std::thread> threads;
    for (Database* database : {database_.get(), database_.get(), other.get()})
        threads.emplace_back(add, std::ref(*database));
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(database_->query("SELECT value FROM counter")->integer(0, 0), 3 * kEach);
}

TEST_P(DatabaseTest, ATableMayChangeUnderAPreparedStatement) {
    make_table();
    ASSERT_TRUE(write("INSERT INTO things (id, name) VALUES (1, 'a')"));
    ASSERT_TRUE(database_->query("SELECT * FROM things"));
    ASSERT_TRUE(write("SELECT * FROM things"));
    ASSERT_TRUE(write("ALTER TABLE things ADD COLUMN more TEXT"));
    const auto rows = database_->query("SELECT * FROM things");
    EXPECT_TRUE(rows) << rows.error().text();
    EXPECT_TRUE(write("SELECT * FROM things"));
}

// ---- migrations

constexpr Migration kFirst{"test.001.things", R"(
-- A comment; with semicolons;
CREATE TABLE things (
    id BIGINT PRIMARY KEY,
    name TEXT DEFAULT 'a;b'
);
CREATE INDEX things_name ON things (name);
)"};
constexpr Migration kSecond{"test.002.size", "ALTER TABLE things ADD COLUMN size BIGINT"};
constexpr Migration kBroken{"test.002.broken", "CREATE TABLE half (id BIGINT);\nCREATE TABEL whole (id BIGINT);"};

TEST_P(DatabaseTest, MigrationsAreAppliedOnceInOrder) {
    const std::array both = {kFirst, kSecond};
    ASSERT_TRUE(database_->migrate(std::span(both).first(1)));
    ASSERT_TRUE(database_->migrate(both));
    const auto again = database_->migrate(both);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_TRUE(write("INSERT INTO things (id, size) VALUES (1, 2)"));
    // Another floor's list neither knows ours nor minds them.
    const std::array other = {Migration{"other.001.x", "CREATE TABLE other_x (id BIGINT)"}};
    EXPECT_TRUE(database_->migrate(other));
    const auto older = database_->migrate(std::span(both).first(1));
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().code, ErrorCode::unsupported);
    EXPECT_THAT(older.error().text(), HasSubstr("test.002.size"));
}

TEST_P(DatabaseTest, AFailedMigrationLeavesNothing) {
    const std::array both = {kFirst, kBroken};
    const auto failed = database_->migrate(both);
    ASSERT_FALSE(failed);
    EXPECT_THAT(failed.error().text(), HasSubstr("test.002.broken"));
    EXPECT_FALSE(database_->query("SELECT * FROM half"));
    EXPECT_TRUE(database_->query("SELECT * FROM things"));
}

TEST_P(DatabaseTest, ProgramsThatStartAtOnceMigrateOnce) {
    const std::array both = {kFirst, kSecond};
    std::vector<std::unique_ptr<Database>> programs;
    for (int i = 0; i < 4; ++i)
        programs.push_back(open());
    std::vector<std::thread> threads;
    for (auto& program : programs)
        threads.emplace_back([&] {
            const auto done = program->migrate(both);
            EXPECT_TRUE(done) << done.error().text();
        });
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(database_->query("SELECT count(*) FROM schema_migrations")->integer(0, 0), 2);
}

}  // namespace
}  // namespace quipu::data
