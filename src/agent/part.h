#pragma once
// What runs at a PoP is made of parts, one per service (services/NAME/agent.h). The runtime (runtime.h) enrols, keeps
// the connection to the hub, hands assignments to parts and carries their records.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "base/value.h"
#include "net/address.h"

namespace quipu::agent {

/// Where a part puts what it has measured. Thread-safe.
class RecordSink {
  public:
    virtual ~RecordSink() = default;
    /// Keeps the record on disk until the hub has acknowledged it. Records of one stream reach the hub in order, at
    /// least once, and the hub drops repeats by their sequence. Within the spool's bound nothing is lost while the hub
    /// is away; beyond it the oldest go first, those of streams named "….raw" before any other.
    virtual Result<void> append(std::string_view stream, ByteSpan payload) = 0;
    /// Sends what is worth knowing only now; forgotten when the hub is away. Arrives with sequence 0.
    virtual void tell(std::string_view stream, ByteSpan payload) = 0;
};

struct PartContext {
    const Clock& clock;
    RecordSink& records;
    std::string agent;                      ///< this agent's id: the site's
    std::string folder;                     ///< the part's own, made already
    std::vector<net::IpAddress> addresses;  ///< where to measure from
    Nanoseconds clock_error;                ///< declared bound (the lab's shared clock), or zero: ask the kernel
    Nanoseconds clock_shift{};              ///< the lab's: what this point stamps is off by so much
};

class Part {
  public:
    Part() = default;
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    virtual ~Part() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;  ///< the service's name
    [[nodiscard]] virtual Result<void> start(const PartContext& context) = 0;
    /// What it says of itself to the hub; asked before each poll.
    [[nodiscard]] virtual Value facts() const { return {}; }
    /// The whole of this agent's work for this part; replaces what was before. Called again only when it changes.
    [[nodiscard]] virtual Result<void> assign(const Value& assignment) = 0;
    virtual void stop() = 0;
};

}  // namespace quipu::agent
