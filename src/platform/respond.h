#pragma once
// From a handler's Answer to the HTTP response: fields=, ETag and conditional requests, content types. No types, no
// I/O.

#include <string>
#include <string_view>
#include <vector>

#include "platform/api.h"

namespace quipu::platform {

/// Names of a comma-separated list, spaces dropped.
[[nodiscard]] std::vector<std::string> split_names(std::string_view list);
/// Keeps the wanted members of an object, or of each of a page's items; anything else stays as it is. `json` is our own
/// writer's text: compact and well formed.
[[nodiscard]] std::string prune_json(std::string_view json, const std::vector<std::string>& wanted);
/// `invalid` for a name that the route's schema does not have.
[[nodiscard]] Result<void> check_fields(const TypeShape& shape, const std::vector<std::string>& wanted);

/// RFC 9110 §13.1.2: whether If-None-Match names this tag, by the weak comparison.
[[nodiscard]] bool names_etag(std::string_view if_none_match, std::string_view etag);
/// The one tag of If-Match without its quotes, empty when absent, "*" as it is. A list is `invalid`.
[[nodiscard]] Result<std::string> read_if_match(std::string_view header);

/// The response for an answer to `request`, 304 where the client has it already.
[[nodiscard]] net::HttpResponse respond(Answer answer, const net::HttpRequest& request,
                                        const std::vector<std::string>& fields_wanted);

}  // namespace quipu::platform
