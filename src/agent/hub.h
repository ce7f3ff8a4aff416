#pragma once
// The hub's side of the agents: enrolment, certificates, assignments, ingest. Services that have an agent part register
// here what to assign and what to do with records.
//
// On the wire: HTTP over mutual TLS on the agents' listener.
//     POST /agent/v1/enrol         {token, request}  -> {certificate, authority, agent}        no client certificate needed
//     GET  /agent/v1/assignments   ?revision=N       -> {revision, parts: {NAME: …}}           answers at once when N is old,
//                                                       else when it changes or after 30 s (304): a long poll, also the heartbeat
//     POST /agent/v1/records       binary batch      -> {stream: last sequence kept}           after the commit
//     POST /agent/v1/renew         {request}         -> {certificate}

#include <cstdint>
#include <functional>
#include <memory>
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
    std::string id;        ///< the site's id
    std::string address;   ///< where it was seen last
    bool connected = false;
    bool revoked = false;
    Time enrolled{}, seen{};
    std::string version;
    Value facts;           ///< what the agent says of itself: measurement addresses, clock source
    static constexpr auto describe() {
        using T = AgentInfo;
        return fields(field<&T::id>("id", "The agent: its site's id").required(), field<&T::address>("address", "Where it was seen last"),
                      field<&T::connected>("connected", "It has asked within the last minute").required(),
                      field<&T::revoked>("revoked", "Its certificate is refused").required(),
                      field<&T::enrolled>("enrolled", "When it enrolled"), field<&T::seen>("seen", "When it was heard last"),
                      field<&T::version>("version", "Its program's version"),
                      field<&T::facts>("facts", "What it says of itself: measurement addresses, clock source"));
    }
};

/// One stream's records in a batch, in order; the first has `first_sequence` (sequences start at 1).
struct StreamBatch {
    std::string agent;
    std::string stream;
    std::uint64_t first_sequence = 0;
    std::vector<ByteSpan> payloads;
};

class Agents : public platform::Service {
  public:
    static std::unique_ptr<Agents> create();

    /// `assign` answers this agent's work for the part, or null for none; called again whenever `invalidate` was.
    virtual void add_part(std::string name, std::function<Value(const AgentInfo&)> assign) = 0;
    /// `take` must commit before it answers ok; called on the blocking pool, one batch of a stream of an agent at a time.
    virtual void add_stream(std::string stream, std::function<Result<void>(const StreamBatch&)> take) = 0;
    /// Assignments may have changed: those who wait are answered.
    virtual void invalidate() = 0;

    [[nodiscard]] virtual std::vector<AgentInfo> agents() const = 0;
    /// A one-time token for the agent of this id, valid for `life`.
    [[nodiscard]] virtual Result<std::string> make_token(std::string_view agent, Nanoseconds life) = 0;
    [[nodiscard]] virtual Result<void> revoke(std::string_view agent, std::string_view why) = 0;
    /// PEM of the hub's authority, for agents to trust; and the listener's port.
    [[nodiscard]] virtual std::string authority() const = 0;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace quipu::agent
