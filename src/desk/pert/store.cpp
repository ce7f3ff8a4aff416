#include "desk/pert/store.h"

#include <fmt/format.h>

#include "data/instants.h"
#include "desk/pert/pert.h"

namespace quipu::pert {

const std::vector<data::Migration> kPertMigrations = {
    {"pert.001.teams", R"(
CREATE TABLE pert_teams (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE pert_accreditations (
    number BIGINT PRIMARY KEY,
    team TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX pert_accreditations_team ON pert_accreditations (team);
CREATE TABLE pert_requests (
    number BIGINT PRIMARY KEY,
    from_team TEXT NOT NULL,
    to_team TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX pert_requests_state ON pert_requests (state);
CREATE TABLE pert_meetings (
    number BIGINT PRIMARY KEY,
    begins_ns BIGINT NOT NULL,
    ends_ns BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX pert_meetings_begins ON pert_meetings (begins_ns);
)"},
};

namespace store {
namespace {

using data::Transaction;

/// The only column of each row is the thing's JSON.
template <class T>
Result<std::vector<T>> all_of(const data::Rows& rows, std::string_view table) {
    std::vector<T> out;
    out.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto one = read<T>(TRY(parse_json(rows.text(i, 0), table)));
        if (!one)
            return fail(ErrorCode::corrupt, fmt::format("a row can't be read: {}", one.error().what),
                        std::string(table), "restore the database from its backup");
        out.push_back(std::move(*one));
    }
    return out;
}

template <class T>
Result<std::optional<T>> one_of(const data::Rows& rows, std::string_view table) {
    std::vector<T> all = TRY(all_of<T>(rows, table));
    if (all.empty()) return std::nullopt;
    return std::move(all.front());
}

}  // namespace

Result<std::vector<Team>> teams(Transaction& transaction) {
    return all_of<Team>(TRY(transaction.run("SELECT body FROM pert_teams ORDER BY id")), "pert_teams");
}

Result<std::optional<Team>> team(Transaction& transaction, std::string_view id) {
    return one_of<Team>(TRY(transaction.run("SELECT body FROM pert_teams WHERE id = ?", std::string(id))),
                        "pert_teams");
}

Result<void> put(Transaction& transaction, const Team& team) {
    TRY(
        transaction.run("INSERT INTO pert_teams (id, organisation, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE "
                        "SET organisation = excluded.organisation, body = excluded.body",
                        team.id, team.organisation, json_text(team)));
    return {};
}

Result<void> remove_team(Transaction& transaction, std::string_view id) {
    TRY(transaction.run("DELETE FROM pert_teams WHERE id = ?", std::string(id)));
    return {};
}

Result<std::vector<Accreditation>> accreditations(Transaction& transaction, std::string_view team) {
    return all_of<Accreditation>(
        TRY(transaction.run("SELECT body FROM pert_accreditations WHERE ? = '' OR team = ? ORDER BY number",
                            std::string(team), std::string(team))),
        "pert_accreditations");
}

Result<std::optional<Accreditation>> accreditation(Transaction& transaction, std::int64_t number) {
    return one_of<Accreditation>(TRY(transaction.run("SELECT body FROM pert_accreditations WHERE number = ?", number)),
                                 "pert_accreditations");
}

Result<void> put(Transaction& transaction, const Accreditation& accreditation) {
    TRY(
        transaction.run("INSERT INTO pert_accreditations (number, team, body) VALUES (?, ?, ?) ON CONFLICT (number) "
                        "DO UPDATE SET body = excluded.body",
                        accreditation.number, accreditation.team, json_text(accreditation)));
    return {};
}

Result<std::vector<TechnicalRequest>> requests(Transaction& transaction) {
    return all_of<TechnicalRequest>(TRY(transaction.run("SELECT body FROM pert_requests ORDER BY number DESC")),
                                    "pert_requests");
}

Result<std::vector<TechnicalRequest>> waiting_requests(Transaction& transaction) {
    return all_of<TechnicalRequest>(
        TRY(transaction.run("SELECT body FROM pert_requests WHERE state IN ('asked', 'accepted') ORDER BY number")),
        "pert_requests");
}

Result<std::optional<TechnicalRequest>> request(Transaction& transaction, std::int64_t number) {
    return one_of<TechnicalRequest>(TRY(transaction.run("SELECT body FROM pert_requests WHERE number = ?", number)),
                                    "pert_requests");
}

Result<void> put(Transaction& transaction, const TechnicalRequest& request) {
    TRY(transaction.run(
        "INSERT INTO pert_requests (number, from_team, to_team, state, body) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (number) DO UPDATE SET state = excluded.state, body = excluded.body",
        request.number, request.from, request.to, std::string(enum_name(request.state)), json_text(request)));
    return {};
}

Result<std::vector<Meeting>> meetings(Transaction& transaction, Time since, Time until) {
    return all_of<Meeting>(
        TRY(transaction.run("SELECT body FROM pert_meetings WHERE ends_ns > ? AND begins_ns < ? ORDER BY begins_ns",
                            data::count_of(since), data::count_of(until))),
        "pert_meetings");
}

Result<std::optional<Meeting>> meeting(Transaction& transaction, std::int64_t number) {
    return one_of<Meeting>(TRY(transaction.run("SELECT body FROM pert_meetings WHERE number = ?", number)),
                           "pert_meetings");
}

Result<void> put(Transaction& transaction, const Meeting& meeting) {
    TRY(transaction.run(
        "INSERT INTO pert_meetings (number, begins_ns, ends_ns, body) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (number) DO UPDATE SET begins_ns = excluded.begins_ns, "
        "ends_ns = excluded.ends_ns, body = excluded.body",
        meeting.number, data::count_of(meeting.begins), data::count_of(meeting.ends), json_text(meeting)));
    return {};
}

Result<std::int64_t> next_number(Transaction& transaction, std::string_view table) {
    return TRY(transaction.run(fmt::format("SELECT COALESCE(MAX(number), 0) + 1 FROM {}", table)))
    .integer(0, 0);
}

}  // namespace store
}  // namespace quipu::pert
