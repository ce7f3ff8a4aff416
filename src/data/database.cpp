#include "data/database.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "data/drivers.h"

namespace quipu::data {
namespace {

constexpr LogEvent kMigrated{LogLevel::info, "DATA_MIGRATED", "The database's schema went a step forward."};

// Any number that no other program on the same PostgreSQL database is likely to take: "quipu" in ASCII.
constexpr std::int64_t kMigrationLock = 0x7175697075;

template <class T>
const T& as(const Cell& cell) {
    static const T none{};
    const T* value = std::get_if<T>(&cell);
    return value != nullptr ? *value : none;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Statements end with ';' at the end of a line; lines that are comments are left out.
std::vector<std::string> statements_of(std::string_view sql) {
    std::vector<std::string> out;
    std::string statement;
    while (!sql.empty()) {
        const auto end = sql.find('\n');
        const std::string_view line = trimmed(sql.substr(0, end));
        sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + 1);
        if (line.starts_with("--")) continue;
        statement.append(line).push_back('\n');
        if (!line.ends_with(';')) continue;
        out.emplace_back(trimmed(statement));
        out.back().pop_back();
        statement.clear();
    }
    if (!trimmed(statement).empty()) out.emplace_back(trimmed(statement));
    return out;
}

std::string_view floor_of(std::string_view migration) {
    return migration.substr(0, migration.find('.'));
}

/// A name under one of our floors that we do not know was written by a newer program.
Result<void> refuse_newer(const Rows& applied, std::span<const Migration> migrations) {
    std::set<std::string_view> floors;
    std::set<std::string_view> known;
    for (const Migration& migration : migrations) {
        floors.insert(floor_of(migration.name));
        known.insert(migration.name);
    }
    for (std::size_t i = 0; i < applied.size(); ++i) {
        const std::string& name = applied.text(i, 0);
        if (floors.contains(floor_of(name)) && !known.contains(name))
            return fail(ErrorCode::unsupported,
                        "the database was written by a newer Quipu: it has the schema step " + name, {},
                        "start the newer program, or restore the backup that was made before it");
    }
    return {};
}

Result<void> apply(Transaction& transaction, const Migration& migration) {
    for (const std::string& statement : statements_of(migration.sql))
        TRY(transaction.execute(statement, {}));
    TRY(transaction.run("INSERT INTO schema_migrations (name) VALUES (?)", std::string(migration.name)));
    return {};
}

Result<void> migrate_alone(Database& database, std::span<const Migration> migrations) {
    TRY(database.write([](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY)"));
        return {};
    }));
    const Rows applied = TRY(database.query("SELECT name FROM schema_migrations"));
    TRY(refuse_newer(applied, migrations));
    for (const Migration& migration : migrations) {
        bool done = false;
        auto stepped = database.write([&](Transaction& transaction) -> Result<void> {
            const Rows there =
                TRY(transaction.run("SELECT name FROM schema_migrations WHERE name = ?", std::string(migration.name)));
            done = there.empty();
            return done ? apply(transaction, migration) : Result<void>{};
        });
        if (!stepped) {
            stepped.error().what = "schema step " + std::string(migration.name) + ": " + stepped.error().what;
            return stepped;
        }
        if (done) log(kMigrated, {{"step", migration.name}});
    }
    return {};
}

}  // namespace

bool Rows::is_null(std::size_t row, std::size_t column) const {
    return std::holds_alternative<std::monostate>(at(row, column));
}

std::int64_t Rows::integer(std::size_t row, std::size_t column) const {
    return as<std::int64_t>(at(row, column));
}

double Rows::real(std::size_t row, std::size_t column) const {
    const Cell& cell = at(row, column);
    // SQLite gives a whole number back as an integer where the column has no type (an expression).
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
    return as<double>(cell);
}

const std::string& Rows::text(std::size_t row, std::size_t column) const {
    return as<std::string>(at(row, column));
}

const Blob& Rows::blob(std::size_t row, std::size_t column) const {
    return as<Blob>(at(row, column));
}

Result<std::unique_ptr<Database>> Database::open(std::string_view url) {
    constexpr std::string_view kSqlite = "sqlite:";
    if (url.starts_with(kSqlite)) return open_sqlite(std::string(url.substr(kSqlite.size())));
    if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return open_postgresql(std::string(url));
    return fail(ErrorCode::invalid, "unknown kind of database URL", std::string(url.substr(0, url.find(':'))),
                "write sqlite:PATH or postgresql://user@host/database");
}

Result<void> Database::migrate(std::span<const Migration> migrations) {
    if (dialect() == Dialect::sqlite) return migrate_alone(*this, migrations);
    // Two programs that start at once take turns. The lock belongs to the writer's session and so outlives its
    // transactions.
    TRY(write([](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("SELECT pg_advisory_lock(?)", kMigrationLock));
        return {};
    }));
    const auto migrated = migrate_alone(*this, migrations);
    const auto unlocked = write([](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("SELECT pg_advisory_unlock(?)", kMigrationLock));
        return {};
    });
    return migrated ? unlocked : migrated;
}

}  // namespace quipu::data
