#pragma once
// What an agent tells the hub of the way to another point: the stream measure.path. Integers are varints.

#include <string>

#include "base/bytes.h"
#include "services/measure/path/record.h"

namespace quipu::path {

inline constexpr std::string_view kPathStream = "measure.path";

struct TracedPath {
    std::string to;     ///< the other site; the one that traced is the agent that delivers
    PathRecord record;  ///< without the single round trips; its id follows from the hops
    bool operator==(const TracedPath&) const = default;
};

void write_path(ByteWriter& out, const TracedPath& path);
/// At most 255 hops with 8 addresses and 16 labels each.
[[nodiscard]] Result<TracedPath> parse_path(ByteReader& in);

}  // namespace quipu::path
