#pragma once
// The hub's tables of agents: who enrolled, with which certificates, and which tickets are open.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/hub.h"
#include "data/database.h"

namespace quipu::agent {

struct CertificateRow {
    std::string serial;
    std::string agent;
    bool revoked = false;
};

class Store {
  public:
    explicit Store(data::Database& database) : database_(database) {}

    [[nodiscard]] Result<std::vector<AgentInfo>> agents() const;
    [[nodiscard]] Result<std::vector<CertificateRow>> certificates() const;

    /// Only the hash of a secret is kept; a ticket replaces an earlier one of the same agent.
    [[nodiscard]] static Result<void> put_ticket(data::Transaction& transaction, std::string_view agent,
                                                 std::string_view secret_hash, Time until);
    /// Takes the ticket away; false if there is none that fits.
    [[nodiscard]] static Result<bool> take_ticket(data::Transaction& transaction, std::string_view agent,
                                                  std::string_view secret_hash, Time now);
    [[nodiscard]] static Result<void> put_agent(data::Transaction& transaction, std::string_view agent, Time enrolled);
    [[nodiscard]] static Result<void> put_certificate(data::Transaction& transaction, std::string_view serial,
                                                      std::string_view agent, Time not_after);
    [[nodiscard]] static Result<void> revoke(data::Transaction& transaction, std::string_view agent);
    [[nodiscard]] Result<void> seen(const AgentInfo& agent) const;

  private:
    data::Database& database_;
};

extern const std::vector<data::Migration> kAgentMigrations;

}  // namespace quipu::agent
