#include "agent/store.h"

#include "data/instants.h"

namespace quipu::agent {

const std::vector<data::Migration> kAgentMigrations = {{.name = "agent.001.agents", .sql = R"(
CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    enrolled BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    address TEXT NOT NULL,
    version TEXT NOT NULL,
    facts TEXT NOT NULL,
    revoked BIGINT NOT NULL
);
CREATE TABLE agent_certificates (
    serial TEXT PRIMARY KEY,
    agent TEXT NOT NULL REFERENCES agents (id),
    not_after BIGINT NOT NULL,
    revoked BIGINT NOT NULL
);
CREATE TABLE agent_tickets (
    agent TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    valid_until BIGINT NOT NULL
);
)"}};

Result<std::vector<AgentInfo>> Store::agents() const {
    const data::Rows rows =
        TRY(database_.query("SELECT id, enrolled, seen, address, version, facts, revoked FROM agents ORDER BY id"));
    std::vector<AgentInfo> out;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        out.push_back({
            .id = rows.text(row, 0), .address = rows.text(row, 3), .revoked = rows.integer(row, 6) != 0,
            .enrolled = data::time_of(rows.integer(row, 1)), .seen = data::time_of(rows.integer(row, 2)),
            .version = rows.text(row, 4), .facts = TRY(parse_json(rows.text(row, 5), "agents.facts"))
        });
    }
    return out;
}

Result<std::vector<CertificateRow>> Store::certificates() const {
    const data::Rows rows = TRY(database_.query("SELECT serial, agent, revoked FROM agent_certificates"));
    std::vector<CertificateRow> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({.serial = rows.text(row, 0), .agent = rows.text(row, 1), .revoked = rows.integer(row, 2) != 0});
    return out;
}

Result<void> Store::put_ticket(data::Transaction& transaction, std::string_view agent, std::string_view secret_hash,
                               Time until) {
    TRY(transaction.run(
        "INSERT INTO agent_tickets (agent, secret_hash, valid_until) VALUES (?, ?, ?) "
        "ON CONFLICT (agent) DO UPDATE SET secret_hash = excluded.secret_hash, valid_until = excluded.valid_until",
        std::string(agent), std::string(secret_hash), data::count_of(until)));
    return {};
}

Result<bool> Store::take_ticket(data::Transaction& transaction, std::string_view agent, std::string_view secret_hash,
                                Time now) {
    const data::Rows rows = TRY(transaction.run(
        "DELETE FROM agent_tickets WHERE agent = ? AND secret_hash = ? AND valid_until > ? RETURNING agent",
        std::string(agent), std::string(secret_hash), data::count_of(now)));
    return !rows.empty();
}

Result<void> Store::put_agent(data::Transaction& transaction, std::string_view agent, Time enrolled) {
    TRY(transaction.run(
        "INSERT INTO agents (id, enrolled, seen, address, version, facts, revoked) VALUES (?, ?, ?, '', '', '{}', 0) "
        "ON CONFLICT (id) DO UPDATE SET enrolled = excluded.enrolled, revoked = 0",
        std::string(agent), data::count_of(enrolled), data::count_of(enrolled)));
    return {};
}

Result<void> Store::put_certificate(data::Transaction& transaction, std::string_view serial, std::string_view agent,
                                    Time not_after) {
    TRY(transaction.run("INSERT INTO agent_certificates (serial, agent, not_after, revoked) VALUES (?, ?, ?, 0)",
                        std::string(serial), std::string(agent), data::count_of(not_after)));
    return {};
}

Result<void> Store::revoke(data::Transaction& transaction, std::string_view agent) {
    TRY(transaction.run("UPDATE agent_certificates SET revoked = 1 WHERE agent = ?", std::string(agent)));
    TRY(transaction.run("DELETE FROM agent_tickets WHERE agent = ?", std::string(agent)));
    const data::Rows rows =
        TRY(transaction.run("UPDATE agents SET revoked = 1 WHERE id = ? RETURNING id", std::string(agent)));
    if (rows.empty()) return fail(ErrorCode::not_found, "no agent of this id has enrolled", std::string(agent));
    return {};
}

Result<void> Store::seen(const AgentInfo& agent) const {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(transaction.run("UPDATE agents SET seen = ?, address = ?, version = ?, facts = ? WHERE id = ?",
                            data::count_of(agent.seen), agent.address, agent.version, to_json(agent.facts), agent.id));
        return {};
    });
}

}  // namespace quipu::agent
