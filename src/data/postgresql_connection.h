#pragma once
// One connection to PostgreSQL through libpq: statements prepared once and kept, values in and out, failures as errors.
// One thread at a time.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "data/database.h"

struct pg_conn;
struct pg_result;

namespace quipu::data {

class PostgresqlConnection {
  public:
    static Result<std::unique_ptr<PostgresqlConnection>> open(const std::string& url);
    PostgresqlConnection(const PostgresqlConnection&) = delete;
    PostgresqlConnection& operator=(const PostgresqlConnection&) = delete;
    ~PostgresqlConnection();

    [[nodiscard]] Result<Rows> execute(std::string_view sql, std::span<const Cell> parameters);
    /// A plain INSERT goes as COPY, anything else as a pipeline of one prepared statement.
    [[nodiscard]] Result<void> execute_many(std::string_view sql, std::size_t width, std::span<const Cell> cells);
    /// Connect anew first if the connection is lost.
    [[nodiscard]] Result<void> begin_write() { return begin("BEGIN ISOLATION LEVEL SERIALIZABLE"); }
    [[nodiscard]] Result<void> begin_read() { return begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); }
    [[nodiscard]] Result<void> commit();
    void roll_back();

    /// The last failure was one that passes when the transaction is run again: a serialisation conflict, a deadlock, a
    /// stale plan.
    [[nodiscard]] bool may_retry() const { return may_retry_; }

  private:
    struct Drop {
        void operator()(pg_result* result) const;
    };
    using Answer = std::unique_ptr<pg_result, Drop>;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };

    explicit PostgresqlConnection(pg_conn* handle) : handle_(handle) {}
    [[nodiscard]] Result<void> begin(const char* sql);
    [[nodiscard]] Result<void> revive();
    [[nodiscard]] Result<void> simple(const char* sql);
    [[nodiscard]] bool lost() const;
    void forget_statements();
    [[nodiscard]] Result<std::string> prepared(std::string_view sql);
    [[nodiscard]] Result<void> pipeline(std::string_view sql, std::size_t width, std::span<const Cell> cells);
    [[nodiscard]] Result<void> copy(const std::string& command, std::size_t width, std::span<const Cell> cells);
    [[nodiscard]] Result<void> end_copy();
    [[nodiscard]] std::unexpected<Error> failed(const pg_result* result, std::string_view doing);
    [[nodiscard]] std::string place() const;

    pg_conn* handle_;
    bool may_retry_ = false;
    bool stale_plan_ = false;  // a table changed under a prepared statement
    std::uint64_t names_ = 0;
    std::unordered_map<std::string, std::string, Hash, std::equal_to<>> statements_;  // SQL: name at the server
};

}  // namespace quipu::data
