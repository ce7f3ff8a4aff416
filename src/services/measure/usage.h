#pragma once
// What this process takes of its machine.

#include <cstdint>

#include "base/time.h"

namespace quipu::measure {

struct ProcessUsage {
    Nanoseconds processor{};  ///< of all threads since the start
    std::int64_t memory = 0;  ///< resident octets; 0 when /proc does not say
};

[[nodiscard]] ProcessUsage process_usage();

}  // namespace quipu::measure
