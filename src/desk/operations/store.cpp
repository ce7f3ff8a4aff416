#include "desk/operations/store.h"

#include <fmt/format.h>

#include "data/instants.h"

namespace quipu::operations {
namespace {

using data::Rows;
using data::Transaction;

template <class T>
Result<T> body_at(const Rows& rows, std::size_t row, std::size_t column) {
    return read<T>(TRY(parse_json(rows.text(row, column))), "body");
}
template <class T>
Result<std::vector<T>> bodies(const Rows& rows) {
    std::vector<T> out;
    out.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back(TRY(body_at<T>(rows, row, 0)));
    return out;
}
template <class T>
Result<std::optional<T>> first_body(const Rows& rows) {
    if (rows.empty()) return std::optional<T>();
    return std::optional<T>(TRY(body_at<T>(rows, 0, 0)));
}

Result<std::int64_t> next_id(Transaction& transaction, std::string_view table) {
    const Rows last = TRY(transaction.run(fmt::format("SELECT COALESCE(MAX(id), 0) FROM {}", table)));
    return last.integer(0, 0) + 1;
}

std::unexpected<Error> changed_since() {
    return fail(ErrorCode::precondition_failed, "has been changed since it was read", "If-Match",
                "read it again and repeat the change");
}

constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();

}  // namespace

const std::vector<data::Migration> kOperationsMigrations = {
    {"operations.001.tables",
     "CREATE TABLE operations_outages (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    cause TEXT NOT NULL,\n"
     "    object TEXT NOT NULL,\n"
     "    state TEXT NOT NULL,\n"
     "    began_ns BIGINT NOT NULL,\n"
     "    ended_ns BIGINT NOT NULL,\n"
     "    body TEXT NOT NULL\n"
     ");\n"
     "CREATE INDEX operations_outages_cause ON operations_outages (cause, id);\n"
     "CREATE INDEX operations_outages_began ON operations_outages (began_ns);\n"
     "CREATE TABLE operations_downs (\n"
     "    outage BIGINT NOT NULL REFERENCES operations_outages (id),\n"
     "    part TEXT NOT NULL,\n"
     "    object TEXT NOT NULL,\n"
     "    began_ns BIGINT NOT NULL,\n"
     "    ended_ns BIGINT NOT NULL,\n"
     "    PRIMARY KEY (outage, began_ns)\n"
     ");\n"
     "CREATE INDEX operations_downs_began ON operations_downs (began_ns);\n"
     "CREATE TABLE operations_windows (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    begin_ns BIGINT NOT NULL,\n"
     "    end_ns BIGINT NOT NULL,\n"
     "    version BIGINT NOT NULL,\n"
     "    body TEXT NOT NULL\n"
     ");\n"
     "CREATE INDEX operations_windows_begin ON operations_windows (begin_ns);\n"
     "CREATE TABLE operations_told (\n"
     "    maintenance BIGINT NOT NULL REFERENCES operations_windows (id),\n"
     "    ahead_s BIGINT NOT NULL,\n"
     "    PRIMARY KEY (maintenance, ahead_s)\n"
     ");\n"
     "CREATE TABLE operations_rotas (id TEXT PRIMARY KEY, version BIGINT NOT NULL, body TEXT NOT NULL);\n"
     "CREATE TABLE operations_overrides (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    rota TEXT NOT NULL REFERENCES operations_rotas (id),\n"
     "    body TEXT NOT NULL\n"
     ");\n"
     "CREATE TABLE operations_feeds (\n"
     "    id TEXT PRIMARY KEY,\n"
     "    token_hash TEXT NOT NULL,\n"
     "    made_by TEXT NOT NULL,\n"
     "    body TEXT NOT NULL\n"
     ");\n"
     "CREATE UNIQUE INDEX operations_feeds_token ON operations_feeds (token_hash);\n"},
};

// ---- outages

Result<void> Store::keep(Transaction& transaction, Outage& outage) {
    if (outage.id == 0) outage.id = TRY(next_id(transaction, "operations_outages"));
    TRY(transaction.run(
        "INSERT INTO operations_outages (id, cause, object, state, began_ns, ended_ns, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, "
        "ended_ns = excluded.ended_ns, body = excluded.body",
        outage.id, outage.cause, outage.object, std::string(enum_name(outage.state)), data::count_of(outage.began),
        outage.state == OutageState::closed && outage.ended ? data::count_of(*outage.ended) : kEver,
        json_text(outage)));
    return {};
}

Result<std::vector<Outage>> Store::outages(const OutageFilter& filter) const {
    const std::string state = filter.state ? std::string(enum_name(*filter.state)) : std::string();
    return bodies<Outage>(TRY(database_.query(
        "SELECT body FROM operations_outages WHERE (? = '' OR state = ?) AND (? = '' OR object = ?) AND ended_ns >= ? "
        "AND began_ns < ? AND (? = 0 OR id < ?) ORDER BY id DESC LIMIT ?",
        state, state, filter.object, filter.object, filter.since ? data::count_of(*filter.since) : std::int64_t{0},
        filter.until ? data::count_of(*filter.until) : kEver, filter.before, filter.before, filter.limit)));
}

Result<std::optional<Outage>> Store::outage(std::int64_t id) const {
    return first_body<Outage>(TRY(database_.query("SELECT body FROM operations_outages WHERE id = ?", id)));
}

Result<std::optional<Outage>> Store::outage_of(std::string_view cause) const {
    return first_body<Outage>(TRY(database_.query(
        "SELECT body FROM operations_outages WHERE cause = ? ORDER BY id DESC LIMIT 1", std::string(cause))));
}

Result<void> Store::begin_down(Transaction& transaction, const Outage& outage, Time begin) {
    TRY(transaction.run(
        "INSERT INTO operations_downs (outage, part, object, began_ns, ended_ns) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (outage, began_ns) DO UPDATE SET ended_ns = excluded.ended_ns",
        outage.id, std::string(enum_name(outage.part)), outage.object, data::count_of(begin), kEver));
    return {};
}

Result<void> Store::end_down(Transaction& transaction, std::int64_t outage, Time end) {
    TRY(transaction.run("UPDATE operations_downs SET ended_ns = ? WHERE outage = ? AND ended_ns = ?",
                        data::count_of(end), outage, kEver));
    return {};
}

Result<std::vector<Down>> Store::downs(Interval time, Time now) const {
    const Rows rows =
        TRY(database_.query("SELECT outage, part, object, began_ns, ended_ns FROM operations_downs WHERE "
                            "began_ns < ? AND ended_ns > ? ORDER BY began_ns",
                            data::count_of(time.end), data::count_of(time.begin)));
    std::vector<Down> out;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const Time end =
            rows.integer(row, 4) == kEver ? std::max(now, data::time_at(rows, row, 3)) : data::time_at(rows, row, 4);
        out.push_back({rows.integer(row, 0),
                       enum_value<Part>(rows.text(row, 1)).value_or(Part::link),
                       rows.text(row, 2),
                       {data::time_at(rows, row, 3), end}});
    }
    return out;
}

Result<std::int64_t> Store::down_seconds(std::int64_t outage, Time now) const {
    const Rows rows = TRY(database_.query("SELECT began_ns, ended_ns FROM operations_downs WHERE outage = ?", outage));
    std::vector<Interval> all;
    for (std::size_t row = 0; row < rows.size(); ++row)
        all.push_back({data::time_at(rows, row, 0), rows.integer(row, 1) == kEver ? now : data::time_at(rows, row, 1)});
    return std::chrono::round<std::chrono::seconds>(length(normal(std::move(all)))).count();
}

// ---- maintenance windows

Result<void> Store::add(Window& window) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        window.id = TRY(next_id(transaction, "operations_windows"));
        TRY(transaction.run(
            "INSERT INTO operations_windows (id, begin_ns, end_ns, version, body) VALUES (?, ?, ?, ?, ?)", window.id,
            data::count_of(window.begin), data::count_of(window.end), window.version, json_text(window)));
        return {};
    });
}

Result<void> Store::replace(const Window& window, std::int64_t expected) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        const Rows done =
            TRY(transaction.run("UPDATE operations_windows SET begin_ns = ?, end_ns = ?, version = ?, "
                                "body = ? WHERE id = ? AND version = ?",
                                data::count_of(window.begin), data::count_of(window.end), window.version,
                                json_text(window), window.id, expected));
        if (done.affected() == 0) return changed_since();
        return {};
    });
}

Result<std::optional<Window>> Store::window(std::int64_t id) const {
    return first_body<Window>(TRY(database_.query("SELECT body FROM operations_windows WHERE id = ?", id)));
}

Result<std::vector<Window>> Store::windows(Interval time) const {
    return bodies<Window>(TRY(
        database_.query("SELECT body FROM operations_windows WHERE begin_ns < ? AND end_ns > ? ORDER BY begin_ns, id",
                        data::count_of(time.end), data::count_of(time.begin))));
}

Result<std::set<std::int64_t>> Store::told(std::int64_t window) const {
    const Rows rows = TRY(database_.query("SELECT ahead_s FROM operations_told WHERE maintenance = ?", window));
    std::set<std::int64_t> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.insert(rows.integer(row, 0));
    return out;
}

Result<void> Store::mark_told(Transaction& transaction, std::int64_t window, std::int64_t ahead) {
    TRY(
        transaction.run("INSERT INTO operations_told (maintenance, ahead_s) VALUES (?, ?) "
                        "ON CONFLICT (maintenance, ahead_s) DO NOTHING",
                        window, ahead));
    return {};
}

// ---- on call

Result<std::vector<Rota>> Store::rotas() const {
    return bodies<Rota>(TRY(database_.query("SELECT body FROM operations_rotas ORDER BY id")));
}

Result<std::optional<Rota>> Store::rota(std::string_view id) const {
    return first_body<Rota>(TRY(database_.query("SELECT body FROM operations_rotas WHERE id = ?", std::string(id))));
}

Result<void> Store::add(const Rota& rota) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        const Rows done =
            TRY(transaction.run("INSERT INTO operations_rotas (id, version, body) VALUES (?, ?, ?) "
                                "ON CONFLICT (id) DO NOTHING",
                                rota.id, rota.version, json_text(rota)));
        if (done.affected() == 0) return fail(ErrorCode::conflict, "there is a rota \"" + rota.id + "\" already", "id");
        return {};
    });
}

Result<void> Store::replace(const Rota& rota, std::int64_t expected) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        const Rows done =
            TRY(transaction.run("UPDATE operations_rotas SET version = ?, body = ? WHERE id = ? AND version = ?",
                                rota.version, json_text(rota), rota.id, expected));
        if (done.affected() == 0) return changed_since();
        return {};
    });
}

Result<void> Store::remove_rota(std::string_view id, std::int64_t expected) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("DELETE FROM operations_overrides WHERE rota = ?", std::string(id)));
        const Rows done = TRY(
            transaction.run("DELETE FROM operations_rotas WHERE id = ? AND version = ?", std::string(id), expected));
        if (done.affected() == 0) return changed_since();
        return {};
    });
}

Result<void> Store::add(Override& over) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        over.id = TRY(next_id(transaction, "operations_overrides"));
        TRY(transaction.run("INSERT INTO operations_overrides (id, rota, body) VALUES (?, ?, ?)", over.id, over.rota,
                            json_text(over)));
        return {};
    });
}

Result<std::vector<Override>> Store::overrides(std::string_view rota) const {
    return bodies<Override>(
        TRY(database_.query("SELECT body FROM operations_overrides WHERE ? = '' OR rota = ? ORDER BY id",
                            std::string(rota), std::string(rota))));
}

Result<bool> Store::remove_override(std::int64_t id) {
    bool there = false;
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        there = TRY(transaction.run("DELETE FROM operations_overrides WHERE id = ?", id))
        .affected() > 0;
        return {};
    }));
    return there;
}

Result<void> Store::add(const Feed& feed, std::string_view token_hash) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("INSERT INTO operations_feeds (id, token_hash, made_by, body) VALUES (?, ?, ?, ?)", feed.id,
                            std::string(token_hash), feed.made_by, json_text(feed)));
        return {};
    });
}

Result<std::vector<Feed>> Store::feeds(std::string_view made_by) const {
    return bodies<Feed>(
        TRY(database_.query("SELECT body FROM operations_feeds WHERE made_by = ? ORDER BY id", std::string(made_by))));
}

Result<std::optional<Feed>> Store::feed_of(std::string_view token_hash) const {
    return first_body<Feed>(
        TRY(database_.query("SELECT body FROM operations_feeds WHERE token_hash = ?", std::string(token_hash))));
}

Result<std::optional<Feed>> Store::feed(std::string_view id) const {
    return first_body<Feed>(TRY(database_.query("SELECT body FROM operations_feeds WHERE id = ?", std::string(id))));
}

Result<void> Store::remove_feed(std::string_view id) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("DELETE FROM operations_feeds WHERE id = ?", std::string(id)));
        return {};
    });
}

}  // namespace quipu::operations
