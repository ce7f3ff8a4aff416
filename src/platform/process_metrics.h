#pragma once
// The process's own figures under the names that Prometheus' dashboards expect.

#include <memory>
#include <vector>

#include "platform/metrics.h"

namespace quipu::platform {

[[nodiscard]] std::vector<std::shared_ptr<void>> add_process_metrics(Metrics& metrics);

}  // namespace quipu::platform
