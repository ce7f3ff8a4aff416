#include "registry/store.h"

#include <fmt/format.h>

#include "data/instants.h"

namespace quipu::registry {

// The SQL is in the subset that SQLite and PostgreSQL share.
const std::vector<data::Migration> kRegistryMigrations = {
    {"registry.001.versions", R"(
CREATE TABLE registry_versions (
    seq BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    effective TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    action TEXT NOT NULL,
    body TEXT
);
CREATE UNIQUE INDEX registry_versions_object ON registry_versions (kind, id, version);
CREATE TABLE registry_head (
    name TEXT PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO registry_head (name, seq) VALUES ('registry', 0);
)"},
};

namespace store {
namespace {

constexpr std::size_t kColumns = 10;

Result<Row> row_at(const data::Rows& rows, std::size_t i) {
    const auto damaged = [&](std::string_view what) {
        return fail(ErrorCode::corrupt, fmt::format("version {} of the registry has {}", rows.integer(i, 0), what),
                    "registry_versions", "restore the database from its backup");
    };
    Row row;
    row.seq = rows.integer(i, 0);
    const auto kind = enum_value<Kind>(rows.text(i, 1));
    if (!kind) return damaged("an unknown kind");
    row.kind = *kind;
    row.id = rows.text(i, 2);
    row.version = rows.integer(i, 3);
    const auto effective = parse_date(rows.text(i, 4));
    if (!effective) return damaged("no date");
    row.effective = *effective;
    row.recorded = data::time_at(rows, i, 5);
    row.who = rows.text(i, 6);
    row.why = rows.text(i, 7);
    row.action = rows.text(i, 8);
    if (!rows.is_null(i, 9)) row.body = rows.text(i, 9);
    return row;
}

Result<std::vector<Row>> all_rows(const data::Rows& rows) {
    std::vector<Row> out;
    out.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back(TRY(row_at(rows, i)));
    return out;
}

Result<std::int64_t> only_integer(const Result<data::Rows>& rows) {
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return fail(ErrorCode::corrupt, "the registry's head is missing", "registry_head");
    return rows->integer(0, 0);
}

}  // namespace

Result<std::int64_t> lock_head(data::Transaction& transaction) {
    return only_integer(
        transaction.run("UPDATE registry_head SET seq = seq + 0 WHERE name = 'registry' RETURNING seq"));
}

Result<void> set_head(data::Transaction& transaction, std::int64_t seq) {
    TRY(transaction.run("UPDATE registry_head SET seq = ? WHERE name = 'registry'", seq));
    return {};
}

Result<std::int64_t> head(data::Transaction& transaction) {
    return only_integer(transaction.run("SELECT seq FROM registry_head WHERE name = 'registry'"));
}

Result<std::vector<Row>> rows_after(data::Transaction& transaction, std::int64_t after, std::int64_t limit) {
    return all_rows(
        TRY(transaction.run("SELECT seq, kind, id, version, effective, recorded, who, why, action, body "
                            "FROM registry_versions WHERE seq > ? ORDER BY seq LIMIT ?",
                            after, limit)));
}

Result<std::vector<Row>> rows_of(data::Transaction& transaction, Kind kind, std::string_view id) {
    return all_rows(
        TRY(transaction.run("SELECT seq, kind, id, version, effective, recorded, who, why, action, body "
                            "FROM registry_versions WHERE kind = ? AND id = ? ORDER BY version",
                            std::string(enum_name(kind)), std::string(id))));
}

Result<void> insert(data::Transaction& transaction, std::span<const Row> rows) {
    std::vector<data::Cell> cells;
    cells.reserve(rows.size() * kColumns);
    for (const Row& row : rows) {
        cells.emplace_back(row.seq);
        cells.emplace_back(std::string(enum_name(row.kind)));
        cells.emplace_back(row.id);
        cells.emplace_back(row.version);
        cells.emplace_back(format_date(row.effective));
        cells.emplace_back(data::count_of(row.recorded));
        cells.emplace_back(row.who);
        cells.emplace_back(row.why);
        cells.emplace_back(row.action);
        cells.push_back(row.body ? data::Cell(*row.body) : data::Cell(std::monostate{}));
    }
    return transaction.execute_many(
        "INSERT INTO registry_versions (seq, kind, id, version, effective, recorded, who, why, action, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        kColumns, cells);
}

}  // namespace store
}  // namespace quipu::registry
