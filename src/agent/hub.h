#pragma once
// The hub's side of the agents: enrolment, certificates, assignments, ingest. Services that have an agent part register
// here what to assign and what to do with records.
//
// On the wire: HTTP over mutual TLS on the agents' listener.
//     POST /agent/v1/enrol    {ticket's secret, request}  -> {certificate, authority}   needs no client certificate
//     POST /agent/v1/poll     {revision, version, started, facts}
//                                                         -> {revision, parts: {NAME: …}}  at once when the revision is
//                             old, else when it changes, or 304 after kPollHold: a long poll that is the heartbeat as
//                             well. A part that is null has no work; one that is missing goes on with what it does
//     POST /agent/v1/records  binary (batch.h)            -> {kept: {STREAM: last sequence}, refused: {STREAM: reason}}
//                             after the commit
//     POST /agent/v1/renew    {request}                   -> {certificate}

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/value.h"
#include "platform/service.h"
#include "registry/registry.h"

namespace quipu::agent {

struct AgentInfo {
    std::string id;       ///< the site's id
    std::string address;  ///< where it was seen last
    bool connected = false;
    bool revoked = false;
    Time enrolled{}, seen{};
    std::string version;
    std::optional<Time> started;  ///< by its own clock; nothing until it was heard by this run of the hub
    Value facts;                  ///< what the agent says of itself: measurement addresses, clock source
    static constexpr auto describe() {
        using T = AgentInfo;
        return fields(field<&T::id>("id", "The agent: its site's id").required(),
                      field<&T::address>("address", "Where it was seen last"),
                      field<&T::connected>("connected", "It has asked within the last minute").required(),
                      field<&T::revoked>("revoked", "Its certificate is refused").required(),
                      field<&T::enrolled>("enrolled", "When it enrolled"),
                      field<&T::seen>("seen", "When it was heard last"),
                      field<&T::version>("version", "Its program's version"),
                      field<&T::started>("started", "When its program started; nothing until it was heard"),
                      field<&T::facts>("facts", "What it says of itself: measurement addresses, clock source"));
    }
};

/// One stream's records in a batch, in order; the first has `first_sequence` (sequences start at 1; 0: told, not kept).
/// A spool that is made anew has another identity and counts from 1 again: what is kept exactly once is kept by
/// (agent, spool, stream, sequence).
struct StreamBatch {
    std::string agent;
    std::string spool;
    std::string stream;
    std::uint64_t first_sequence = 0;
    std::vector<ByteSpan> payloads;
};

inline constexpr Nanoseconds kPollHold = std::chrono::seconds(15);
/// An agent that has not polled for this long is lost.
inline constexpr Nanoseconds kLostAfter = std::chrono::seconds(40);

class Agents : public platform::Service {
  public:
    using Assign = std::function<std::optional<Value>(const AgentInfo&)>;

    static std::unique_ptr<Agents> create();

    /// `assign` answers this agent's work for the part, null for none, or nothing while the service does not know yet:
    /// the agent goes on with what it does. Called again whenever `invalidate` was.
    virtual void add_part(std::string name, Assign assign) = 0;
    /// `take` must commit before it answers ok; called on the blocking pool, one batch of a stream of an agent at a
    /// time. What an agent sends together is taken in the order in which its streams were added.
    virtual void add_stream(std::string stream, std::function<Result<void>(const StreamBatch&)> take) = 0;
    /// Assignments may have changed: those who wait are answered.
    virtual void invalidate() = 0;

    [[nodiscard]] virtual std::vector<AgentInfo> agents() const = 0;
    /// A ticket with which the agent of this id may enrol once within `life`: one line of text that holds the hub's
    /// address, its authority and a secret (identity.h). An earlier ticket of the same agent no longer holds.
    [[nodiscard]] virtual Result<std::string> make_ticket(std::string_view agent, Nanoseconds life) = 0;
    [[nodiscard]] virtual Result<void> revoke(std::string_view agent, std::string_view why) = 0;
    /// Further address to listen on, and the one written on tickets from then on. Before the service is started.
    virtual void listen_also(const net::Endpoint& address) = 0;
    /// The listener's address, once started; the one that was added last where there are several.
    [[nodiscard]] virtual net::Endpoint address() const = 0;
};

}  // namespace quipu::agent
