#pragma once
// Who is enrolled, who is connected, and what each is to do: decisions without sockets, SQL or a clock.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/hub.h"
#include "agent/store.h"
#include "agent/ticket.h"
#include "base/result.h"

namespace quipu::agent {

/// What an agent has to do now; the revision rises whenever it changes, also over a restart of the hub.
struct Assignments {
    std::int64_t revision = 0;
    Value parts;
};

class Roster {
  public:
    /// From the store. `first_revision` is above any that was handed out before: the time of day in milliseconds
    /// serves.
    void load(const std::vector<AgentInfo>& agents, const std::vector<CertificateRow>& certificates,
              std::int64_t first_revision);

    /// The agent that the certificate was given to; `unauthenticated` when it is unknown, `forbidden` when it is
    /// revoked.
    [[nodiscard]] Result<std::string> agent_of(std::string_view serial) const;
    void enrol(std::string_view agent, std::string_view serial, Time now);
    void add_certificate(std::string_view agent, std::string_view serial);
    void revoke(std::string_view agent);

    struct Heard {
        bool connected = false;  ///< it was not before
        bool changed = false;    ///< it says something else of itself
    };
    Heard heard(std::string_view agent, std::string address, PollRequest said, Time now);
    /// A sign of life without news.
    void touch(std::string_view agent, Time now);
    /// Those that are lost by now, each named once.
    [[nodiscard]] std::vector<std::string> expire(Time now);

    /// Asks every part anew; true if anybody's work changed. `complete`: a part of an agent that is not among `parts`
    /// is no service's, and has no work.
    bool reassign(const std::map<std::string, Agents::Assign>& parts, bool complete);
    [[nodiscard]] Assignments assignments(std::string_view agent) const;

    [[nodiscard]] std::vector<AgentInfo> agents() const;
    [[nodiscard]] const AgentInfo* find(std::string_view agent) const;

  private:
    struct Entry {
        AgentInfo info;
        Assignments work;
    };
    std::map<std::string, Entry, std::less<>> agents_;
    std::map<std::string, std::pair<std::string, bool>, std::less<>> certificates_;  // serial → agent, revoked
    std::int64_t revision_ = 0;
};

}  // namespace quipu::agent
