#pragma once
// The service "measure": one-way delay and loss between every two points.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/hub.h"
#include "platform/service.h"
#include "registry/registry.h"

namespace quipu::measure {

/// What is known of one pair's minute: of a whole one, once; of one that still runs, every ten seconds.
struct PairMinute {
    std::string from, to;
    Time minute{};
    Time until{};  ///< what it covers ends here
    bool whole = false;
    std::int64_t sent = 0, received = 0, loss_run = 0;
    std::optional<Nanoseconds> median;
    Nanoseconds clock_error{0};
    std::int64_t ttl = 0;   ///< 0: unknown
    bool absent = false;    ///< the sender's agent is not connected
    bool settling = false;  ///< the session began within it
};
/// For whoever looks at all pairs at once. Called from the threads that take records in; after a start the last minutes
/// come again.
using PairObserver = std::function<void(const PairMinute&)>;

/// `agents` and what `registry` answers (asked from provision on) outlive the service; so does what `observe` needs.
[[nodiscard]] std::unique_ptr<platform::Service> make_service(agent::Agents& agents,
                                                              std::function<registry::Registry&()> registry,
                                                              PairObserver observe = {});

}  // namespace quipu::measure
