#include "services/measure/throughput/store.h"

#include <algorithm>
#include <limits>

#include "data/instants.h"

namespace quipu::throughput {
namespace {

using data::Rows;
using data::Transaction;

constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();

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

constexpr std::string_view kOneTest = "SELECT body FROM throughput_tests WHERE id = ?";
constexpr std::string_view kOneResult = "SELECT body FROM throughput_results WHERE test = ?";

}  // namespace

const std::vector<data::Migration> kThroughputMigrations = {
    {"throughput.001.tables",
     "CREATE TABLE throughput_tests (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    begins_ns BIGINT NOT NULL,\n"
     "    until_ns BIGINT NOT NULL,\n"
     "    state TEXT NOT NULL,\n"
     "    body TEXT NOT NULL\n"
     ");\n"
     "CREATE INDEX throughput_tests_begins ON throughput_tests (begins_ns);\n"
     "CREATE TABLE throughput_results (\n"
     "    test BIGINT PRIMARY KEY,\n"
     "    from_site TEXT NOT NULL,\n"
     "    to_site TEXT NOT NULL,\n"
     "    start_ns BIGINT NOT NULL,\n"
     "    ok BIGINT NOT NULL,\n"
     "    began_ns BIGINT,\n"
     "    ended_ns BIGINT,\n"
     "    body TEXT NOT NULL\n"
     ");\n"
     "CREATE INDEX throughput_results_start ON throughput_results (start_ns, test);\n"
     "CREATE INDEX throughput_results_pair ON throughput_results (from_site, to_site, start_ns);\n"
     "CREATE TABLE throughput_spools (\n"
     "    agent TEXT NOT NULL,\n"
     "    spool TEXT NOT NULL,\n"
     "    sequence BIGINT NOT NULL,\n"
     "    PRIMARY KEY (agent, spool)\n"
     ");\n"
     "CREATE TABLE throughput_refusals (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    wanted_ns BIGINT NOT NULL,\n"
     "    body TEXT NOT NULL\n"
     ");\n"
     "CREATE INDEX throughput_refusals_wanted ON throughput_refusals (wanted_ns);\n"},
    {"throughput.002.changes",
     "CREATE TABLE throughput_changes (\n"
     "    from_site TEXT NOT NULL,\n"
     "    to_site TEXT NOT NULL,\n"
     "    body TEXT NOT NULL,\n"
     "    PRIMARY KEY (from_site, to_site)\n"
     ");\n"},
};

// ---- tests

Result<void> Store::keep(Transaction& transaction, const ThroughputTest& test) {
    TRY(
        transaction.run("INSERT INTO throughput_tests (id, begins_ns, until_ns, state, body) VALUES (?, ?, ?, ?, ?) "
                        "ON CONFLICT (id) DO UPDATE SET begins_ns = excluded.begins_ns, until_ns = excluded.until_ns, "
                        "state = excluded.state, body = excluded.body",
                        test.id, data::count_of(test.begins), data::count_of(test.until),
                        std::string(enum_name(test.state)), json_text(test)));
    return {};
}

Result<void> Store::forget(Transaction& transaction, std::int64_t test) {
    TRY(transaction.run("DELETE FROM throughput_tests WHERE id = ?", test));
    return {};
}

Result<std::optional<ThroughputTest>> Store::test(Transaction& transaction, std::int64_t id) {
    return first_body<ThroughputTest>(TRY(transaction.run(kOneTest, id)));
}

Result<std::optional<ThroughputTest>> Store::test(std::int64_t id) const {
    return first_body<ThroughputTest>(TRY(database_.query(kOneTest, id)));
}

Result<std::int64_t> Store::last_id() const {
    const Rows tests = TRY(database_.query("SELECT COALESCE(MAX(id), 0) FROM throughput_tests"));
    // A test may be forgotten sooner than its result.
    const Rows results = TRY(database_.query("SELECT COALESCE(MAX(test), 0) FROM throughput_results"));
    return std::max(tests.integer(0, 0), results.integer(0, 0));
}

Result<std::vector<ThroughputTest>> Store::tests(Time since, Time until) const {
    return bodies<ThroughputTest>(TRY(
        database_.query("SELECT body FROM throughput_tests WHERE begins_ns < ? AND until_ns > ? ORDER BY begins_ns, id",
                        data::count_of(until), data::count_of(since))));
}

// ---- exactly once

Result<std::uint64_t> Store::high_water(Transaction& transaction, std::string_view agent, std::string_view spool) {
    const Rows rows = TRY(transaction.run("SELECT sequence FROM throughput_spools WHERE agent = ? AND spool = ?",
                                          std::string(agent), std::string(spool)));
    return rows.empty() ? 0 : static_cast<std::uint64_t>(rows.integer(0, 0));
}

Result<void> Store::raise(Transaction& transaction, std::string_view agent, std::string_view spool,
                          std::uint64_t sequence) {
    TRY(
        transaction.run("INSERT INTO throughput_spools (agent, spool, sequence) VALUES (?, ?, ?) "
                        "ON CONFLICT (agent, spool) DO UPDATE SET sequence = excluded.sequence",
                        std::string(agent), std::string(spool), static_cast<std::int64_t>(sequence)));
    return {};
}

// ---- results

Result<void> Store::keep(Transaction& transaction, const ThroughputResult& result) {
    const auto instant = [](const std::optional<Time>& time) {
        return time ? data::Cell(data::count_of(*time)) : data::Cell();
    };
    TRY(transaction.run(
        "INSERT INTO throughput_results (test, from_site, to_site, start_ns, ok, began_ns, ended_ns, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (test) DO UPDATE SET ok = excluded.ok, "
        "began_ns = excluded.began_ns, ended_ns = excluded.ended_ns, body = excluded.body",
        result.test, result.from, result.to, data::count_of(result.start), std::int64_t{result.ok},
        instant(result.began), instant(result.ended), json_text(result)));
    return {};
}

Result<std::optional<ThroughputResult>> Store::result(Transaction& transaction, std::int64_t test) {
    return first_body<ThroughputResult>(TRY(transaction.run(kOneResult, test)));
}

Result<std::optional<ThroughputResult>> Store::result(std::int64_t test) const {
    return first_body<ThroughputResult>(TRY(database_.query(kOneResult, test)));
}

Result<std::vector<ThroughputResult>> Store::results(const ResultFilter& filter) const {
    const std::int64_t before = filter.before_start ? data::count_of(*filter.before_start) : kEver;
    return bodies<ThroughputResult>(TRY(database_.query(
        "SELECT body FROM throughput_results WHERE (? = '' OR from_site = ?) AND (? = '' OR to_site = ?) "
        "AND start_ns >= ? AND start_ns < ? AND (start_ns < ? OR (start_ns = ? AND test < ?)) "
        "ORDER BY start_ns DESC, test DESC LIMIT ?",
        filter.from, filter.from, filter.to, filter.to, filter.since ? data::count_of(*filter.since) : std::int64_t{0},
        filter.until ? data::count_of(*filter.until) : kEver, before, before, filter.before_test, filter.limit)));
}

Result<bool> Store::ended_well_before(Transaction& transaction, const ThroughputTest& test) {
    const Rows rows =
        TRY(transaction.run("SELECT ok FROM throughput_results WHERE from_site = ? AND to_site = ? AND start_ns < ? "
                            "ORDER BY start_ns DESC LIMIT 1",
                            test.from, test.to, data::count_of(test.start)));
    return rows.empty() || rows.integer(0, 0) != 0;
}

Result<std::vector<ThroughputResult>> Store::regular_until(Transaction& transaction, const ThroughputTest& test,
                                                           Time since, std::int64_t limit) {
    auto out = TRY(bodies<ThroughputResult>(
        TRY(transaction.run("SELECT body FROM throughput_results WHERE from_site = ? AND to_site = ? AND start_ns >= ? "
                            "AND start_ns <= ? AND ok <> 0 ORDER BY start_ns DESC LIMIT ?",
                            test.from, test.to, data::count_of(since), data::count_of(test.start), limit))));
    std::erase_if(out, [](const ThroughputResult& result) { return result.origin != Origin::regular; });
    std::ranges::reverse(out);
    return out;
}

Result<std::optional<CarriedChange>> Store::last_change(Transaction& transaction, const std::string& from,
                                                        const std::string& to) {
    return first_body<CarriedChange>(
        TRY(transaction.run("SELECT body FROM throughput_changes WHERE from_site = ? AND to_site = ?", from, to)));
}

Result<void> Store::keep(Transaction& transaction, const std::string& from, const std::string& to,
                         const CarriedChange& change) {
    TRY(
        transaction.run("INSERT INTO throughput_changes (from_site, to_site, body) VALUES (?, ?, ?) "
                        "ON CONFLICT (from_site, to_site) DO UPDATE SET body = excluded.body",
                        from, to, json_text(change)));
    return {};
}

// ---- refusals

Result<void> Store::keep(Transaction& transaction, const CalendarRefusal& refusal) {
    const Rows last = TRY(transaction.run("SELECT COALESCE(MAX(id), 0) FROM throughput_refusals"));
    TRY(transaction.run("INSERT INTO throughput_refusals (id, wanted_ns, body) VALUES (?, ?, ?)",
                        last.integer(0, 0) + 1, data::count_of(refusal.wanted), json_text(refusal)));
    return {};
}

Result<std::vector<CalendarRefusal>> Store::refusals(Time since, Time until, std::int64_t limit) const {
    return bodies<CalendarRefusal>(TRY(database_.query(
        "SELECT body FROM throughput_refusals WHERE wanted_ns >= ? AND wanted_ns < ? ORDER BY wanted_ns, id LIMIT ?",
        data::count_of(since), data::count_of(until), limit)));
}

// ---- the whole

Result<std::vector<HistoryEntry>> Store::history(Time since, Time until) const {
    const Rows rows = TRY(database_.query(
        "SELECT t.body, r.began_ns, r.ended_ns FROM throughput_tests t LEFT JOIN throughput_results r ON r.test = t.id "
        "WHERE t.begins_ns < ? AND t.until_ns > ? ORDER BY t.begins_ns, t.id",
        data::count_of(until), data::count_of(since)));
    std::vector<HistoryEntry> out;
    out.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        HistoryEntry entry {
            TRY(body_at<ThroughputTest>(rows, row, 0))
            , {}, {}
        };
        if (!rows.is_null(row, 1)) entry.began = data::time_at(rows, row, 1);
        if (!rows.is_null(row, 2)) entry.ended = data::time_at(rows, row, 2);
        out.push_back(std::move(entry));
    }
    return out;
}

Result<void> Store::prune(Time tests_before, Time refusals_before) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        TRY(transaction.run("DELETE FROM throughput_tests WHERE until_ns < ?", data::count_of(tests_before)));
        TRY(transaction.run("DELETE FROM throughput_results WHERE start_ns < ?", data::count_of(tests_before)));
        TRY(transaction.run("DELETE FROM throughput_refusals WHERE wanted_ns < ?", data::count_of(refusals_before)));
        return {};
    });
}

}  // namespace quipu::throughput
