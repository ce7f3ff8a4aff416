#pragma once
// The OpenAPI 3.1 document of a list of routes.

#include <memory>
#include <span>
#include <string_view>

#include "platform/api.h"

namespace quipu::platform {

/// Operations are named by method and path ("get_sites_by_id", "list_sites"), schemas by their struct; two structs of
/// one name are told apart by a number.
[[nodiscard]] Value openapi_document(std::span<const std::shared_ptr<const Route>> routes, std::string_view version);

}  // namespace quipu::platform
