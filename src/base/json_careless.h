#pragma once
// JSON of programs that write a name twice in one object, as iperf3 does. RFC 8259 §4 leaves open what that means; what
// people write for us is still refused (value.h).

#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace quipu {

/// As parse_json, but of a name that stands twice in an object the first one counts.
[[nodiscard]] Result<Value> parse_careless_json(std::string_view text, std::string_view name = "JSON");

}  // namespace quipu
