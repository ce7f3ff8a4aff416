#pragma once
// Traces and throughput tests as results of pScheduler's tests: what was found in one run each, where the minutes of
// delay (rows.h) are one run after the other.

#include <string>

#include "services/measure/exchange/pscheduler.h"
#include "services/measure/path_history.h"
#include "services/measure/path_names.h"
#include "services/measure/throughput/model.h"

namespace quipu::exchange {

/// A line for one stay on a way, as it was traced first.
void add_trace(std::string& out, const measure::PathSpan& stay, const measure::PathNames& names);
void add_throughput(std::string& out, const throughput::ThroughputResult& result);

[[nodiscard]] TraceResult trace_of(const path::PathRecord& way, const measure::PathNames& names);
[[nodiscard]] ThroughputResult throughput_of(const throughput::ThroughputResult& result);

}  // namespace quipu::exchange
