#pragma once
// SQL behind one interface, SQLite and PostgreSQL underneath, chosen by URL:
//     sqlite:PATH                 WAL, one writer, foreign keys on, synchronous=FULL (an acknowledged commit survives
//     power loss) postgresql://user@host/db   any libpq URI
//
// SQL is written once in the common subset: `?` placeholders, types BIGINT, DOUBLE PRECISION, TEXT, BLOB (BYTEA is put
// in for PostgreSQL), INSERT … ON CONFLICT, RETURNING. All calls block: from an event loop use EventLoop::blocking.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu::data {

using Blob = std::vector<std::uint8_t>;
/// A parameter or a column's value.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

/// Rows of a result, held whole. Columns are read by index; a wrong type is a programming error and answers the
/// default.
class Rows {
  public:
    [[nodiscard]] std::size_t size() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
    [[nodiscard]] bool empty() const { return cells_.empty(); }
    [[nodiscard]] const Cell& at(std::size_t row, std::size_t column) const { return cells_[row * columns_ + column]; }
    [[nodiscard]] bool is_null(std::size_t row, std::size_t column) const;
    [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t column) const;
    [[nodiscard]] double real(std::size_t row, std::size_t column) const;
    [[nodiscard]] const std::string& text(std::size_t row, std::size_t column) const;
    [[nodiscard]] const Blob& blob(std::size_t row, std::size_t column) const;
    [[nodiscard]] std::int64_t affected() const { return affected_; }

    // For drivers.
    void start(std::size_t columns) { columns_ = columns; }
    void push(Cell cell) { cells_.push_back(std::move(cell)); }
    void set_affected(std::int64_t count) { affected_ = count; }

  private:
    std::vector<Cell> cells_;
    std::size_t columns_ = 0;
    std::int64_t affected_ = 0;
};

enum class Dialect : std::uint8_t { sqlite, postgresql };

/// One connection inside one transaction. Statements are prepared once per connection and kept. A statement that failed
/// dooms the transaction: later ones fail too and nothing is committed (as PostgreSQL does; SQLite is held to it).
class Transaction {
  public:
    virtual ~Transaction() = default;
    [[nodiscard]] virtual Result<Rows> execute(std::string_view sql, std::span<const Cell> parameters) = 0;
    template <class... P>
    [[nodiscard]] Result<Rows> run(std::string_view sql, P&&... parameters) {
        const std::array<Cell, sizeof...(P)> cells{Cell(std::forward<P>(parameters))...};
        return execute(sql, cells);
    }
    /// The same statement for many rows of `width` cells each: COPY or pipelining on PostgreSQL, a prepared loop on
    /// SQLite.
    [[nodiscard]] virtual Result<void> execute_many(std::string_view sql, std::size_t width,
                                                    std::span<const Cell> cells) = 0;
    /// Called once after the commit, from the writer's thread, when the next write may begin; never after a rollback.
    virtual void on_commit(std::function<void()> then) = 0;
    [[nodiscard]] virtual Dialect dialect() const = 0;
};

/// A step of the schema: a name that is never changed once released, and SQL statements separated by ';' at line ends.
struct Migration {
    std::string_view name;  ///< "registry.001.versions": floor, number, subject
    std::string_view sql;
};

class Database {
  public:
    /// Opens or creates. A damaged file is `corrupt` and says how to restore; nothing is overwritten.
    static Result<std::unique_ptr<Database>> open(std::string_view url);
    virtual ~Database() = default;

    /// Runs `work` in a transaction and commits if it answers ok; any error rolls back. Serialisation failures are
    /// retried (the work may run again). Thread-safe: writers queue, readers go on. A write inside a write's work is
    /// refused.
    [[nodiscard]] virtual Result<void> write(const std::function<Result<void>(Transaction&)>& work) = 0;
    /// A read-only snapshot.
    [[nodiscard]] virtual Result<void> read(const std::function<Result<void>(Transaction&)>& work) = 0;
    /// One read statement.
    template <class... P>
    [[nodiscard]] Result<Rows> query(std::string_view sql, P&&... parameters) {
        const std::array<Cell, sizeof...(P)> cells{Cell(std::forward<P>(parameters))...};
        Rows rows;
        auto done = read([&](Transaction& transaction) -> Result<void> {
            rows = TRY(transaction.execute(sql, cells));
            return {};
        });
        if (!done) return std::unexpected(done.error());
        return rows;
    }
    [[nodiscard]] virtual Dialect dialect() const = 0;

    /// Applies those that are not applied yet, in order, each in its transaction; refuses a database that knows a
    /// migration that this program does not (a newer program wrote it).
    [[nodiscard]] Result<void> migrate(std::span<const Migration> migrations);
};

}  // namespace quipu::data
