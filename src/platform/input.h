#pragma once
// Gathers a request's input (path, query string, body) into the one Value that a typed handler reads.

#include <span>
#include <string_view>

#include "platform/route_table.h"

namespace quipu::platform {

/// Text of the path or the query string as the JSON value that the schema asks for; text that does not fit stays text,
/// so that reading it says what was expected.
[[nodiscard]] Value value_from_text(std::string_view text, const Value& schema);

/// `invalid` for an unknown or repeated parameter and for malformed JSON (with its line). `unsupported` when the body's
/// Content-Type is not JSON.
[[nodiscard]] Result<Value> gather_input(const Placed& placed, std::span<const std::string_view> path_values,
                                         const net::HttpRequest& request);

}  // namespace quipu::platform
