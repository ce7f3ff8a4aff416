#pragma once
// The hub's own certificate authority, kept in the data folder: authority.crt for all, authority.key for the hub alone.

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/tls.h"

namespace quipu::agent {

/// Reads the authority, or makes one that lives for ten years. A key that others can read is `corrupt` and says so.
[[nodiscard]] Result<net::KeyPair> open_authority(const std::string& folder, Time now);

}  // namespace quipu::agent
