#pragma once
// One SQLite connection: opened with checks, prepared statements that are kept, failures as errors that name the file.
// The database and the archive's months both stand on it. One thread at a time.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "data/database.h"

struct sqlite3;
struct sqlite3_stmt;

namespace quipu::data {

class SqliteConnection {
  public:
    enum class Use : std::uint8_t {
        write,        ///< makes the file if missing; WAL, synchronous=FULL, foreign keys
        read,         ///< the same file, statements that change anything are refused
        check_write,  ///< as write, and looks at every page first
    };
    /// A file that is no database or is damaged is `corrupt`; it is left as it was.
    static Result<std::unique_ptr<SqliteConnection>> open(const std::string& path, Use use);

    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;
    ~SqliteConnection();

    [[nodiscard]] Result<Rows> execute(std::string_view sql, std::span<const Cell> parameters);
    template <class... P>
    [[nodiscard]] Result<Rows> run(std::string_view sql, P&&... parameters) {
        const std::array<Cell, sizeof...(P)> cells{Cell(std::forward<P>(parameters))...};
        return execute(sql, cells);
    }
    [[nodiscard]] Result<void> execute_many(std::string_view sql, std::size_t width, std::span<const Cell> cells);

    [[nodiscard]] Result<void> begin_write();
    [[nodiscard]] Result<void> begin_read();
    [[nodiscard]] Result<void> commit();
    void roll_back();

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    SqliteConnection(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
    [[nodiscard]] Result<void> check();
    [[nodiscard]] Result<sqlite3_stmt*> prepared(std::string_view sql);
    [[nodiscard]] Result<void> bind(sqlite3_stmt* statement, std::string_view sql, std::span<const Cell> cells);
    [[nodiscard]] Result<void> simple(const char* sql);
    [[nodiscard]] std::unexpected<Error> failed(std::string_view doing);

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    std::string path_;
    sqlite3* handle_;
    std::unordered_map<std::string, sqlite3_stmt*, Hash, std::equal_to<>> statements_;
};

}  // namespace quipu::data
