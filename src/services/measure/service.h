#pragma once
// The service "measure": one-way delay and loss between every two points.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

class Service : public platform::Service {
  public:
    /// The sites of the routers between two points as it was traced last (path_names.h); nothing where no trace was
    /// made. From any thread.
    [[nodiscard]] virtual std::optional<std::vector<std::string>> sites_on_way(std::string_view from,
                                                                               std::string_view to) const = 0;
    /// Rises when some of those answers may be others.
    [[nodiscard]] virtual std::uint64_t ways_revision() const = 0;
};

/// `agents` and what `registry` answers (asked from provision on) outlive the service; so does what `observe` needs.
[[nodiscard]] std::unique_ptr<Service> make_service(agent::Agents& agents,
                                                    std::function<registry::Registry&()> registry,
                                                    PairObserver observe = {});

}  // namespace quipu::measure
