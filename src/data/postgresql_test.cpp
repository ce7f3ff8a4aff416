// What only a server can do: be away, come back, refuse a race.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/drivers.h"
#include "data/postgresql_values.h"
#include "data/test_postgresql.h"

namespace quipu::data {
namespace {

using testing::HasSubstr;

TEST(PostgresqlText, PlaceholdersAndTypes) {
    EXPECT_EQ(postgresql_sql("SELECT a FROM t WHERE b = ? AND c = ?"), "SELECT a FROM t WHERE b = $1 AND c = $2");
    EXPECT_EQ(postgresql_sql("CREATE TABLE t (BLOBS BLOB, b BLOB)"), "CREATE TABLE t (BLOBS BYTEA, b BYTEA)");
    EXPECT_EQ(postgresql_sql("SELECT '? BLOB', \"?\", ? -- ?\n, ? /* ? */ , 'it''s ?', ?"),
              "SELECT '? BLOB', \"?\", $1 -- ?\n, $2 /* ? */ , 'it''s ?', $3");
    EXPECT_EQ(postgresql_sql("SELECT 'open ?"), "SELECT 'open ?");
}

TEST(PostgresqlText, OnlyAPlainInsertIsCopied) {
    EXPECT_EQ(copy_command("INSERT INTO t (a, b) VALUES (?, ?)"), "COPY t (a, b) FROM STDIN");
    EXPECT_EQ(copy_command("INSERT INTO t(a,b)\nVALUES(?,?)"), "COPY t(a,b) FROM STDIN");
    EXPECT_EQ(copy_command("INSERT INTO t (a, b) VALUES (?, 1)"), "");
    EXPECT_EQ(copy_command("INSERT INTO t (a) VALUES (?) ON CONFLICT DO NOTHING"), "");
    EXPECT_EQ(copy_command("INSERT INTO t (a) VALUES (?) RETURNING a"), "");
    EXPECT_EQ(copy_command("INSERT INTO t (a) SELECT ?"), "");
    EXPECT_EQ(copy_command("UPDATE t SET a = ?"), "");
    EXPECT_EQ(copy_command(""), "");
}

TEST(Postgresql, AServerThatIsAwayIsNamed) {
    const auto opened = Database::open("postgresql://quipu:hidden@/house?host=/nowhere");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::unavailable);
    EXPECT_THAT(opened.error().text(), HasSubstr("/nowhere"));
    EXPECT_THAT(opened.error().text(), testing::Not(HasSubstr("hidden")));
}

TEST(Postgresql, ALostConnectionIsMadeAgain) {
    auto server = TestPostgresql::start();
    if (!server && server.error().code == ErrorCode::not_found) GTEST_SKIP() << server.error().text();
    ASSERT_TRUE(server) << server.error().text();
    const auto url = (*server)->fresh_url();
    ASSERT_TRUE(url);
    const auto database = std::move(Database::open(*url).value());
    const auto add = [](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("INSERT INTO t (id) VALUES (1)"));
        return {};
    };
    ASSERT_TRUE(database->write([](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("CREATE TABLE t (id BIGINT)"));
        return {};
    }));
    ASSERT_TRUE(database->write(add));
    ASSERT_TRUE(database->query("SELECT 1"));
    ASSERT_TRUE((*server)->cut_sessions());
    EXPECT_TRUE(database->write(add));  // while idle: nobody notices
    EXPECT_TRUE(database->query("SELECT 1"));
    const auto cut = database->write([&](Transaction& transaction) -> Result<void> {
        TRY(add(transaction));
        EXPECT_TRUE((*server)->cut_sessions());
        return add(transaction);
    });
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, ErrorCode::unavailable);
    EXPECT_THAT(cut.error().text(), HasSubstr("try again"));
    EXPECT_TRUE(database->write(add));
    EXPECT_EQ(database->query("SELECT count(*) FROM t")->integer(0, 0), 3);
}

}  // namespace
}  // namespace quipu::data
