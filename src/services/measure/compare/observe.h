#pragma once
// Looks at both ways at once: two STAMP sessions, packet by packet at the same time, and a trace over each. Blocks for
// as long as the packets take, and a few seconds; some more where one way loses, whose hops are then looked at again.

#include <functional>

#include "services/measure/compare/observation.h"

namespace quipu::compare {

struct Sources {
    std::optional<net::IpAddress> research, commodity;
    Nanoseconds clock_error{};  ///< declared; zero: what the kernel says
    Nanoseconds clock_shift{};  ///< a lab's wrong clock
    std::function<bool()> interrupted = [] { return false; };
};

/// What fails is told in the way that it concerns. A destination without a STAMP reflector is asked by ICMP echo, which
/// tells round trips alone.
[[nodiscard]] Observation observe(const ComparisonTask& task, const Sources& sources, const Clock& clock);

[[nodiscard]] RoutesBack trace_back(const TraceBack& task, const std::optional<net::IpAddress>& source,
                                    const std::function<bool()>& interrupted, const Clock& clock);

}  // namespace quipu::compare
