#pragma once
// PostgreSQL's library, loaded when the first connection is made: with what it loads in its turn (Kerberos, LDAP,
// GnuTLS) it takes 3 MB, which agents, commands and hubs on SQLite do without. Its functions are called as usual.

#include "base/result.h"

namespace quipu::data {

/// To be called, with success, before any function of the library. unavailable or unsupported.
[[nodiscard]] Result<void> load_libpq();

}  // namespace quipu::data
