#pragma once
// Instants as columns: nanoseconds since 1970 in a BIGINT.

#include <cstdint>

#include "base/time.h"

namespace quipu::data {

[[nodiscard]] inline std::int64_t count_of(Time time) {
    return time.time_since_epoch().count();
}

[[nodiscard]] inline Time time_of(std::int64_t nanoseconds) {
    return Time(Nanoseconds(nanoseconds));
}

}  // namespace quipu::data
