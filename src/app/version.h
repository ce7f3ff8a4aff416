#pragma once

#include <string_view>

namespace quipu::app {

/// As the build says: "0.1.0".
inline constexpr std::string_view kVersion = QUIPU_VERSION;

}  // namespace quipu::app
