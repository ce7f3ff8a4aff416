#pragma once
// What must hold of one object by itself, beyond its description.

#include <functional>
#include <string>
#include <string_view>

#include "registry/object.h"

namespace quipu::registry {

using Report = std::function<void(std::string_view field, std::string what)>;

/// Makes the object canonical (country codes in capitals, resources' values) and reports what contradicts itself.
void check_object(Kind kind, Object& object, const Report& report);

}  // namespace quipu::registry
