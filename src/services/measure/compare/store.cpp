#include "services/measure/compare/store.h"

#include "data/instants.h"

namespace quipu::compare {
namespace {

constexpr std::string_view kColumns =
    "id, from_site, host, to_site, task, asked_ns, asked_by, state, ended_ns, reason, outcome";

template <class T>
Result<T> read_json(const std::string& text) {
    return read<T>(TRY(parse_json(text)), "compare_comparisons");
}

Result<Comparison> comparison_at(const data::Rows& rows, std::size_t row) {
    Comparison out;
    out.id = rows.integer(row, 0);
    out.from = rows.text(row, 1);
    out.host = rows.text(row, 2);
    out.to = rows.text(row, 3);
    out.task = TRY(read_json<ComparisonTask>(rows.text(row, 4)));
    out.asked = data::time_at(rows, row, 5);
    out.by = rows.text(row, 6);
    out.state = static_cast<State>(rows.integer(row, 7));
    if (!rows.is_null(row, 8)) out.ended = data::time_at(rows, row, 8);
    out.reason = rows.text(row, 9);
    if (!rows.is_null(row, 10)) out.outcome = TRY(read_json<Outcome>(rows.text(row, 10)));
    return out;
}

Result<std::vector<Comparison>> comparisons_of(const data::Rows& rows) {
    std::vector<Comparison> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back(TRY(comparison_at(rows, row)));
    return out;
}

std::int64_t number(State state) {
    return static_cast<std::int64_t>(state);
}

}  // namespace

const std::vector<data::Migration> kComparisonMigrations = {
    {"compare.001.comparisons",
     "CREATE TABLE compare_comparisons (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    from_site TEXT NOT NULL,\n"
     "    host TEXT NOT NULL,\n"
     "    to_site TEXT NOT NULL,\n"
     "    task TEXT NOT NULL,\n"
     "    asked_ns BIGINT NOT NULL,\n"
     "    asked_by TEXT NOT NULL,\n"
     "    state BIGINT NOT NULL,\n"
     "    ended_ns BIGINT,\n"
     "    reason TEXT NOT NULL,\n"
     "    observation TEXT,\n"
     "    routes_back TEXT,\n"
     "    outcome TEXT\n"
     ");\n"
     "CREATE INDEX compare_comparisons_state ON compare_comparisons (state);\n"},
};

Result<Comparison> Store::add(Comparison comparison) {
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        const auto last = TRY(transaction.run("SELECT COALESCE(MAX(id), 0) FROM compare_comparisons"));
        comparison.id = last.integer(0, 0) + 1;
        comparison.task.comparison = std::to_string(comparison.id);
        TRY(
            transaction.run("INSERT INTO compare_comparisons (id, from_site, host, to_site, task, asked_ns, asked_by, "
                            "state, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')",
                            comparison.id, comparison.from, comparison.host, comparison.to, json_text(comparison.task),
                            comparison.asked.time_since_epoch().count(), comparison.by, number(comparison.state)));
        TRY(transaction.run("DELETE FROM compare_comparisons WHERE id <= ?", comparison.id - kMostKept));
        return {};
    }));
    return comparison;
}

Result<std::vector<Comparison>> Store::waiting() const {
    return comparisons_of(
        TRY(database_.query("SELECT " + std::string(kColumns) + " FROM compare_comparisons WHERE state = ? ORDER BY id",
                            number(State::waiting))));
}

Result<std::optional<Comparison>> Store::find(std::int64_t id) const {
    const auto rows =
        TRY(database_.query("SELECT " + std::string(kColumns) + " FROM compare_comparisons WHERE id = ?", id));
    if (rows.empty()) return std::nullopt;
    return TRY(comparison_at(rows, 0));
}

Result<std::vector<Comparison>> Store::list(std::string_view from, std::string_view to, std::int64_t before,
                                            std::size_t limit) const {
    return comparisons_of(TRY(database_.query(
        "SELECT " + std::string(kColumns) +
            " FROM compare_comparisons WHERE (? = '' OR from_site = ?) AND (? = '' OR to_site = ?) AND id < ? "
            "ORDER BY id DESC LIMIT ?",
        std::string(from), std::string(from), std::string(to), std::string(to), before,
        static_cast<std::int64_t>(limit))));
}

Result<bool> Store::keep(std::int64_t id, const Observation& seen) {
    bool kept = false;
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        const auto rows = TRY(transaction.run(
            "UPDATE compare_comparisons SET observation = ? WHERE id = ? AND state = ? AND observation IS NULL",
            json_text(seen), id, number(State::waiting)));
        kept = rows.affected() > 0;
        return {};
    }));
    return kept;
}

Result<bool> Store::keep(std::int64_t id, const RoutesBack& seen) {
    bool kept = false;
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        const auto rows = TRY(transaction.run(
            "UPDATE compare_comparisons SET routes_back = ? WHERE id = ? AND state = ? AND routes_back IS NULL",
            json_text(seen), id, number(State::waiting)));
        kept = rows.affected() > 0;
        return {};
    }));
    return kept;
}

Result<Store::Seen> Store::seen(std::int64_t id) const {
    const auto rows = TRY(database_.query("SELECT observation, routes_back FROM compare_comparisons WHERE id = ?", id));
    Seen out;
    if (rows.empty()) return out;
    if (!rows.is_null(0, 0)) out.observation = TRY(read_json<Observation>(rows.text(0, 0)));
    if (!rows.is_null(0, 1)) out.back = TRY(read_json<RoutesBack>(rows.text(0, 1)));
    return out;
}

Result<std::vector<Outcome>> Store::outcomes_before(const Comparison& comparison, Time since, std::size_t most) const {
    const auto rows = TRY(database_.query(
        "SELECT outcome FROM compare_comparisons WHERE from_site = ? AND host = ? AND to_site = ? AND id < ? AND "
        "ended_ns >= ? AND outcome IS NOT NULL ORDER BY id DESC LIMIT ?",
        comparison.from, comparison.host, comparison.to, comparison.id, since.time_since_epoch().count(),
        static_cast<std::int64_t>(most)));
    std::vector<Outcome> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        if (auto outcome = read_json<Outcome>(rows.text(row, 0))) out.push_back(std::move(*outcome));
    return out;
}

Result<bool> Store::end(const Comparison& ended,
                        const std::function<Result<void>(data::Transaction&)>& in_transaction) {
    bool done = false;
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        const data::Cell outcome = ended.outcome ? data::Cell(json_text(*ended.outcome)) : data::Cell();
        const auto rows =
            TRY(transaction.run("UPDATE compare_comparisons SET state = ?, ended_ns = ?, reason = ?, outcome = ? WHERE "
                                "id = ? AND state = ?",
                                number(ended.state), ended.ended->time_since_epoch().count(), ended.reason, outcome,
                                ended.id, number(State::waiting)));
        done = rows.affected() > 0;
        return done ? in_transaction(transaction) : Result<void>();
    }));
    return done;
}

}  // namespace quipu::compare
