#include "data/sqlite_connection.h"

#include <sqlite3.h>
#include <sys/resource.h>

namespace quipu::data {
namespace {

constexpr int kBusyMilliseconds = 20'000;       // how long another process may hold the write lock
constexpr std::size_t kSqliteStatements = 256;  // a program has fewer; text made at run time must not pile up

constexpr std::string_view kRestore =
    "stop Quipu, move the file and those beside it that end in -wal and -shm away, and put a backup in its place; "
    "nothing was "
    "changed in it";

/// A full disk is SQLITE_FULL. A limit on file size is a failed write whose errno SQLite has lost by now.
bool met_file_limit(int code) {
    rlimit limit{};
    return code == SQLITE_IOERR_WRITE && getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

ErrorCode code_of(int code) {
    switch (code & 0xff) {
        case SQLITE_FULL:
        case SQLITE_NOMEM: return ErrorCode::exhausted;
        case SQLITE_IOERR: return met_file_limit(code) ? ErrorCode::exhausted : ErrorCode::io;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return ErrorCode::corrupt;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return ErrorCode::unavailable;
        case SQLITE_CONSTRAINT: return ErrorCode::conflict;
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH: return ErrorCode::forbidden;
        case SQLITE_CANTOPEN: return ErrorCode::io;
        case SQLITE_TOOBIG: return ErrorCode::too_large;
        case SQLITE_INTERRUPT: return ErrorCode::cancelled;
        default: return ErrorCode::internal;
    }
}

Error error_of(int code, const char* message, const std::string& path, std::string_view doing) {
    Error error{code_of(code), std::string(doing) + ": ", path};
    switch (code & 0xff) {
        case SQLITE_NOTADB:
            error.what = "this file is not an SQLite database";
            error.hint = kRestore;
            break;
        case SQLITE_CORRUPT:
            error.what += "the database is damaged";
            error.hint = kRestore;
            break;
        case SQLITE_BUSY:
            error.what += "another process holds the database";
            error.hint = "wait until it has finished, or stop it";
            break;
        case SQLITE_CANTOPEN:
            error.what += "the file cannot be opened or made";
            error.hint = "check that its folder exists and that this user may write there";
            break;
        case SQLITE_FULL:
        case SQLITE_IOERR:
            if (error.code == ErrorCode::exhausted) {
                error.what += "the disk is full or a limit on file size is reached";
                error.hint = "make room and try again; nothing was half written";
                break;
            }
            [[fallthrough]];
        default: error.what += message;
    }
    return error;
}

Cell cell_of(sqlite3_stmt* statement, int column) {
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER: return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
        case SQLITE_FLOAT: return sqlite3_column_double(statement, column);
        case SQLITE_TEXT: {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
            return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
        }
        case SQLITE_BLOB: {
            const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column));
            return Blob(bytes, bytes + sqlite3_column_bytes(statement, column));
        }
        default: return std::monostate{};
    }
}

/// A statement goes back to its cache reset, whatever happens.
struct Resetting {
    sqlite3_stmt* statement;
    explicit Resetting(sqlite3_stmt* s) : statement(s) {}
    Resetting(const Resetting&) = delete;
    Resetting& operator=(const Resetting&) = delete;
    ~Resetting() {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
};

}  // namespace

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path, Use use) {
    sqlite3* handle = nullptr;
    const int create = use == Use::read ? 0 : SQLITE_OPEN_CREATE;
    const int opened =
        sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | create, nullptr);
    if (handle == nullptr) return fail(ErrorCode::exhausted, "no memory to open the database", path);
    std::unique_ptr<SqliteConnection> connection(new SqliteConnection(path, handle));
    if (opened != SQLITE_OK) return connection->failed("open");
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kBusyMilliseconds);
    // The first look at the file happens before anything that would write to it.
    TRY(connection->simple("PRAGMA schema_version"));
    if (use == Use::check_write) TRY(connection->check());
    if (use != Use::read) TRY(connection->simple("PRAGMA journal_mode=WAL"));
    TRY(connection->simple("PRAGMA synchronous=FULL"));
    TRY(connection->simple("PRAGMA foreign_keys=ON"));
    TRY(connection->simple("PRAGMA journal_size_limit=4194304"));
    if (use == Use::read) TRY(connection->simple("PRAGMA query_only=ON"));
    return connection;
}

SqliteConnection::~SqliteConnection() {
    for (const auto& [sql, statement] : statements_)
        sqlite3_finalize(statement);
    sqlite3_close(handle_);
}

Result<void> SqliteConnection::check() {
    const Rows found = TRY(run("PRAGMA quick_check(1)"));
    if (found.size() != 1 || found.text(0, 0) != "ok")
        return fail(
            ErrorCode::corrupt,
            "the database is damaged: " + (found.empty() ? std::string("its check gave no answer") : found.text(0, 0)),
            path_, std::string(kRestore));
    return {};
}

std::unexpected<Error> SqliteConnection::failed(std::string_view doing) {
    return std::unexpected(error_of(sqlite3_extended_errcode(handle_), sqlite3_errmsg(handle_), path_, doing));
}

Result<void> SqliteConnection::simple(const char* sql) {
    if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failed(sql);
    return {};
}

Result<sqlite3_stmt*> SqliteConnection::prepared(std::string_view sql) {
    if (const auto known = statements_.find(sql); known != statements_.end()) return known->second;
    if (statements_.size() >= kSqliteStatements) {
        for (const auto& [text, statement] : statements_)
            sqlite3_finalize(statement);
        statements_.clear();
    }
    sqlite3_stmt* statement = nullptr;
    const char* rest = nullptr;
    if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                           &rest) != SQLITE_OK)
        return failed(sql);
    if (statement == nullptr) return fail(ErrorCode::internal, "empty SQL statement", path_);
    const std::string_view tail(rest, static_cast<std::size_t>(sql.data() + sql.size() - rest));
    if (tail.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
        sqlite3_finalize(statement);
        return fail(ErrorCode::internal, "more than one SQL statement: " + std::string(sql), path_);
    }
    statements_.emplace(sql, statement);
    return statement;
}

Result<void> SqliteConnection::bind(sqlite3_stmt* statement, std::string_view sql, std::span<const Cell> cells) {
    if (sqlite3_bind_parameter_count(statement) != static_cast<int>(cells.size()))
        return fail(ErrorCode::internal, "wrong number of parameters for: " + std::string(sql), path_);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const int at = static_cast<int>(i) + 1;
        int bound = SQLITE_OK;
        // The cells outlive the step, so nothing is copied (nullptr: SQLITE_STATIC).
        if (const auto* integer = std::get_if<std::int64_t>(&cells[i])) {
            bound = sqlite3_bind_int64(statement, at, *integer);
        } else if (const auto* real = std::get_if<double>(&cells[i])) {
            bound = sqlite3_bind_double(statement, at, *real);
        } else if (const auto* text = std::get_if<std::string>(&cells[i])) {
            if (text->find('\0') != std::string::npos)
                return fail(ErrorCode::invalid, "text with a zero octet cannot be stored", path_);
            bound = sqlite3_bind_text64(statement, at, text->data(), text->size(), nullptr, SQLITE_UTF8);
        } else if (const auto* blob = std::get_if<Blob>(&cells[i])) {
            bound = blob->empty() ? sqlite3_bind_zeroblob(statement, at, 0)
                                  : sqlite3_bind_blob64(statement, at, blob->data(), blob->size(), nullptr);
        } else {
            bound = sqlite3_bind_null(statement, at);
        }
        if (bound != SQLITE_OK) return failed(sql);
    }
    return {};
}

Result<Rows> SqliteConnection::execute(std::string_view sql, std::span<const Cell> parameters) {
    sqlite3_stmt* statement = TRY(prepared(sql));
    const Resetting resetting(statement);
    TRY(bind(statement, sql, parameters));
    Rows rows;
    const int columns = sqlite3_column_count(statement);
    rows.start(static_cast<std::size_t>(columns));
    int step = SQLITE_ROW;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < columns; ++i)
            rows.push(cell_of(statement, i));
    if (step != SQLITE_DONE) return failed(sql);
    rows.set_affected(sqlite3_stmt_readonly(statement) != 0 ? static_cast<std::int64_t>(rows.size())
                                                            : sqlite3_changes64(handle_));
    return rows;
}

Result<void> SqliteConnection::execute_many(std::string_view sql, std::size_t width, std::span<const Cell> cells) {
    if (width == 0 || cells.size() % width != 0)
        return fail(ErrorCode::internal, "cells do not fill whole rows of: " + std::string(sql), path_);
    sqlite3_stmt* statement = TRY(prepared(sql));
    for (std::size_t row = 0; row < cells.size(); row += width) {
        const Resetting resetting(statement);
        TRY(bind(statement, sql, cells.subspan(row, width)));
        int step = SQLITE_ROW;
        while (step == SQLITE_ROW)
            step = sqlite3_step(statement);
        if (step != SQLITE_DONE) return failed(sql);
    }
    return {};
}

Result<void> SqliteConnection::begin_write() {
    return simple("BEGIN IMMEDIATE");
}

Result<void> SqliteConnection::begin_read() {
    return simple("BEGIN");
}

Result<void> SqliteConnection::commit() {
    return simple("COMMIT");
}

void SqliteConnection::roll_back() {
    // An error such as a full disk may have ended the transaction already.
    if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace quipu::data
