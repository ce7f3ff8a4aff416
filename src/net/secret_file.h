#pragma once
// Secrets that live in files which only the program's user can read.

#include <string>

#include "base/result.h"

namespace quipu::net {

/// Refused when others may read it. Without the line end.
[[nodiscard]] Result<std::string> read_secret_file(const std::string& path);
/// Reads the secret, or makes one the first time.
[[nodiscard]] Result<std::string> own_secret(const std::string& path);

}  // namespace quipu::net
