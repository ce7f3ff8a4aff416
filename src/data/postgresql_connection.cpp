#include "data/postgresql_connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include "data/drivers.h"
#include "data/libpq.h"
#include "data/postgresql_values.h"

namespace quipu::data {
namespace {

// What is sent before answers are read. The answers to so many rows fit into the socket's buffer, so neither side waits
// for the other to read.
constexpr std::size_t kPipelined = 256;
constexpr std::size_t kCopyChunk = std::size_t{256} << 10U;
constexpr std::size_t kCopyFrom = 16;  // rows from which COPY's two round trips pay
constexpr std::size_t kKeptStatements = 256;

ErrorCode code_of(std::string_view state) {
    const std::string_view family = state.substr(0, 2);
    if (family == "23") return ErrorCode::conflict;
    if (family == "22") return ErrorCode::invalid;
    if (family == "53") return ErrorCode::exhausted;
    if (family == "08" || family == "57" || family == "40") return ErrorCode::unavailable;
    if (family == "28" || state == "42501" || state == "25006") return ErrorCode::forbidden;
    if (family == "XX") return ErrorCode::corrupt;
    return ErrorCode::internal;
}

std::string one_line(std::string_view message) {
    while (!message.empty() && (message.back() == '\n' || message.back() == ' '))
        message.remove_suffix(1);
    std::string out;
    for (const char c : message)
        out += c == '\n' ? ' ' : c;
    return out;
}

/// Only these are worth keeping, and only these have plans that can be kept.
bool keeps(std::string_view sql) {
    for (const std::string_view word : {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
        if (sql.starts_with(word)) return true;
    return false;
}

}  // namespace

void PostgresqlConnection::Drop::operator()(pg_result* result) const {
    PQclear(result);
}

Result<std::unique_ptr<PostgresqlConnection>> PostgresqlConnection::open(const std::string& url) {
    const std::array<const char*, 4> keys = {"dbname", "fallback_application_name", "client_encoding", nullptr};
    const std::array<const char*, 4> values = {url.c_str(), "quipu", "UTF8", nullptr};
    TRY(load_libpq());
    pg_conn* handle = PQconnectdbParams(keys.data(), values.data(), 1);
    if (handle == nullptr) return fail(ErrorCode::exhausted, "no memory for a connection to PostgreSQL");
    std::unique_ptr<PostgresqlConnection> connection(new PostgresqlConnection(handle));
    if (PQstatus(handle) != CONNECTION_OK)
        return fail(ErrorCode::unavailable, "cannot connect to PostgreSQL: " + one_line(PQerrorMessage(handle)),
                    connection->place(),
                    "check that the server runs and that the URL names its host, user and database");
    // What the server remarks on (a table that exists already) is of no interest to anybody.
    PQsetNoticeReceiver(handle, [](void*, const PGresult*) {}, nullptr);
    return connection;
}

PostgresqlConnection::~PostgresqlConnection() {
    PQfinish(handle_);
}

bool PostgresqlConnection::lost() const {
    return PQstatus(handle_) != CONNECTION_OK;
}

std::string PostgresqlConnection::place() const {
    const auto shown = [](const char* text) { return text == nullptr ? "" : text; };
    return fmt::format("postgresql://{}/{}", shown(PQhost(handle_)), shown(PQdb(handle_)));
}

Result<void> PostgresqlConnection::revive() {
    if (!lost()) return {};
    statements_.clear();
    PQreset(handle_);
    if (lost())
        return fail(ErrorCode::unavailable, "cannot reach PostgreSQL again: " + one_line(PQerrorMessage(handle_)),
                    place(), "check that the server runs; Quipu connects again by itself");
    return {};
}

void PostgresqlConnection::forget_statements() {
    statements_.clear();
    const Answer answer(PQexec(handle_, "DEALLOCATE ALL"));
}

std::unexpected<Error> PostgresqlConnection::failed(const pg_result* result, std::string_view doing) {
    const char* state_text = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    const std::string_view state = state_text != nullptr ? state_text : "";
    const char* message = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    stale_plan_ = state == "0A000";
    may_retry_ = state == "40001" || state == "40P01" || stale_plan_;
    if (lost())
        return fail(ErrorCode::unavailable,
                    "the connection to PostgreSQL was lost: " + one_line(PQerrorMessage(handle_)), place(),
                    "nothing of this change was confirmed; try again, Quipu connects again by itself");
    const std::string what = one_line(message != nullptr ? message : PQerrorMessage(handle_));
    const ErrorCode code = code_of(state);
    if (code == ErrorCode::exhausted)
        return fail(code, what, place(), "make room at the database server and try again; nothing was half written");
    if (code == ErrorCode::internal) return fail(code, fmt::format("{}: {}", doing, what), place());
    return fail(code, what, place());
}

Result<void> PostgresqlConnection::simple(const char* sql) {
    const Answer answer(PQexec(handle_, sql));
    const auto status = PQresultStatus(answer.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failed(answer.get(), sql);
    return {};
}

Result<void> PostgresqlConnection::begin(const char* sql) {
    may_retry_ = false;
    TRY(revive());
    if (stale_plan_) forget_statements();
    stale_plan_ = false;
    // An idle connection may have been closed from afar; that shows at the first command.
    auto begun = simple(sql);
    if (begun || !lost()) return begun;
    TRY(revive());
    return simple(sql);
}

Result<void> PostgresqlConnection::commit() {
    auto done = simple("COMMIT");
    if (!done && lost()) done.error().hint = "whether the change was kept is not known; look before trying again";
    return done;
}

void PostgresqlConnection::roll_back() {
    if (lost()) return;
    const Answer answer(PQexec(handle_, "ROLLBACK"));
}

Result<std::string> PostgresqlConnection::prepared(std::string_view sql) {
    if (const auto known = statements_.find(sql); known != statements_.end()) return known->second;
    if (statements_.size() >= kKeptStatements) forget_statements();
    std::string name = "q" + std::to_string(++names_);
    const Answer answer(PQprepare(handle_, name.c_str(), postgresql_sql(sql).c_str(), 0, nullptr));
    if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) return failed(answer.get(), sql);
    statements_.emplace(sql, name);
    return name;
}

Result<Rows> PostgresqlConnection::execute(std::string_view sql, std::span<const Cell> parameters) {
    PostgresqlParameters given;
    TRY(given.set(parameters));
    Answer answer;
    if (keeps(sql)) {
        const std::string name = TRY(prepared(sql));
        answer.reset(
            PQexecPrepared(handle_, name.c_str(), given.size(), given.values(), given.lengths(), given.formats(), 1));
    } else {
        answer.reset(PQexecParams(handle_, postgresql_sql(sql).c_str(), given.size(), nullptr, given.values(),
                                  given.lengths(), given.formats(), 1));
    }
    const auto status = PQresultStatus(answer.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return failed(answer.get(), sql);
    Rows rows = TRY(postgresql_rows(answer.get()));
    const std::string_view count = PQcmdTuples(answer.get());
    rows.set_affected(count.empty() ? 0 : std::strtoll(count.data(), nullptr, 10));
    return rows;
}

Result<void> PostgresqlConnection::execute_many(std::string_view sql, std::size_t width, std::span<const Cell> cells) {
    if (width == 0 || cells.size() % width != 0)
        return fail(ErrorCode::internal, "cells do not fill whole rows of: " + std::string(sql), place());
    if (cells.size() >= width * kCopyFrom)
        if (const std::string command = copy_command(sql); !command.empty()) return copy(command, width, cells);
    return pipeline(sql, width, cells);
}

Result<void> PostgresqlConnection::pipeline(std::string_view sql, std::size_t width, std::span<const Cell> cells) {
    const std::string name = TRY(prepared(sql));
    if (PQenterPipelineMode(handle_) != 1) return failed(nullptr, sql);
    std::optional<Error> first;
    const auto note = [&](std::unexpected<Error> error) {
        if (!first) first = std::move(error.error());
    };
    PostgresqlParameters given;
    for (std::size_t row = 0; row < cells.size() && !first;) {
        std::size_t sent = 0;
        for (; row < cells.size() && sent < kPipelined && !first; row += width, ++sent) {
            if (auto set = given.set(cells.subspan(row, width)); !set) {
                note(std::unexpected(set.error()));
                break;
            }
            if (PQsendQueryPrepared(handle_, name.c_str(), given.size(), given.values(), given.lengths(),
                                    given.formats(), 1) != 1)
                note(failed(nullptr, sql));
        }
        if (PQpipelineSync(handle_) != 1) note(failed(nullptr, sql));
        // Each statement answers with a result and a null pointer, the synchronisation with a result alone.
        while (!lost()) {
            const Answer answer(PQgetResult(handle_));
            const auto status = PQresultStatus(answer.get());
            if (answer && status == PGRES_PIPELINE_SYNC) break;
            if (answer && status == PGRES_FATAL_ERROR) note(failed(answer.get(), sql));
        }
    }
    if (PQexitPipelineMode(handle_) != 1 && !first) note(failed(nullptr, sql));
    if (first) return std::unexpected(*first);
    return {};
}

Result<void> PostgresqlConnection::copy(const std::string& command, std::size_t width, std::span<const Cell> cells) {
    {
        const Answer answer(PQexec(handle_, command.c_str()));
        if (PQresultStatus(answer.get()) != PGRES_COPY_IN) return failed(answer.get(), command);
    }
    std::string buffer;
    for (std::size_t row = 0; row < cells.size(); row += width) {
        if (auto appended = append_copy_row(buffer, cells.subspan(row, width)); !appended) {
            PQputCopyEnd(handle_, "the client found an error");
            static_cast<void>(end_copy());
            return appended;
        }
        if (buffer.size() < kCopyChunk && row + width < cells.size()) continue;
        if (PQputCopyData(handle_, buffer.data(), static_cast<int>(buffer.size())) != 1) break;
        buffer.clear();
    }
    PQputCopyEnd(handle_, nullptr);
    return end_copy();
}

Result<void> PostgresqlConnection::end_copy() {
    std::optional<Error> first;
    while (const Answer answer{PQgetResult(handle_)}) {
        if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK || first) continue;
        first = failed(answer.get(), "COPY").error();
    }
    if (!first && lost()) first = failed(nullptr, "COPY").error();
    if (first) return std::unexpected(*first);
    return {};
}

}  // namespace quipu::data
