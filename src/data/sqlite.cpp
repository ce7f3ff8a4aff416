// The database on SQLite: one writing connection, and readers that go on beside it (WAL).

#include <filesystem>

#include "data/connections.h"
#include "data/drivers.h"
#include "data/sqlite_connection.h"

namespace quipu::data {
namespace {

constexpr std::size_t kSqliteReaders = 4;
// A whole look at the file is worth its time up to here (some 0.2 s); damage in larger ones shows when it is met.
constexpr std::uintmax_t kCheckedSize = 128ULL << 20U;

using SqliteTransaction = ConnectionTransaction<SqliteConnection, Dialect::sqlite>;

class SqliteDatabase final : public Database {
  public:
    SqliteDatabase(const std::string& path, std::unique_ptr<SqliteConnection> writer)
        : writer_(std::move(writer)),
          readers_(kSqliteReaders, [path] { return SqliteConnection::open(path, SqliteConnection::Use::read); }) {}

    Result<void> write(const std::function<Result<void>(Transaction&)>& work) override {
        std::vector<std::function<void()>> after_commit;
        TRY(writer_.with([&](SqliteConnection& connection) -> Result<void> {
            TRY(connection.begin_write());
            SqliteTransaction transaction(connection);
            TRY(work(transaction));
            TRY(transaction.commit());
            after_commit = transaction.take_after_commit();
            return {};
        }));
        for (const auto& then : after_commit)
            then();
        return {};
    }

    Result<void> read(const std::function<Result<void>(Transaction&)>& work) override {
        return readers_.with([&](SqliteConnection& connection) -> Result<void> {
            TRY(connection.begin_read());
            SqliteTransaction transaction(connection);
            TRY(work(transaction));
            return transaction.commit();
        });
    }

    [[nodiscard]] Dialect dialect() const override { return Dialect::sqlite; }

  private:
    WriterSeat<SqliteConnection> writer_;
    ReaderPool<SqliteConnection> readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path) {
    if (path.empty()) return fail(ErrorCode::invalid, "the URL sqlite: names no file", {}, "write sqlite:PATH");
    std::error_code unread;
    const auto size = std::filesystem::file_size(path, unread);
    const auto use =
        !unread && size <= kCheckedSize ? SqliteConnection::Use::check_write : SqliteConnection::Use::write;
    auto writer = TRY(SqliteConnection::open(path, use));
    return std::make_unique<SqliteDatabase>(path, std::move(writer));
}

}  // namespace quipu::data
