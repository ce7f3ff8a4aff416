#pragma once
// Instants as columns: nanoseconds since 1970 in a BIGINT.

#include <cstdint>

#include "base/time.h"
#include "data/database.h"

namespace quipu::data {

[[nodiscard]] inline std::int64_t count_of(Time time) {
    return time.time_since_epoch().count();
}

[[nodiscard]] inline Time time_of(std::int64_t nanoseconds) {
    return Time(Nanoseconds(nanoseconds));
}

[[nodiscard]] inline Time time_at(const Rows& rows, std::size_t row, std::size_t column) {
    return time_of(rows.integer(row, column));
}

}  // namespace quipu::data
