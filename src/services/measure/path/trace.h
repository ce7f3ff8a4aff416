#pragma once
// A Paris traceroute over raw sockets: all probes of a trace belong to one flow, so that routers that spread flows over
// equal ways send all of them the same way.

#include <functional>

#include "base/result.h"
#include "services/measure/path/engine_trace.h"

namespace quipu::path {

/// Blocks until the trace is over: `forbidden` without the privilege to open raw sockets, `invalid` if `source` is not
/// this machine's or the families differ, `cancelled` when interrupted before anything was heard. A target that never
/// answers is no error: `reached` is false.
[[nodiscard]] Result<PathRecord> trace(const TraceSettings& settings, const Clock& clock);

}  // namespace quipu::path
