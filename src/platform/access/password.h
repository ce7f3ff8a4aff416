#pragma once
// Passwords: argon2id by libsodium at its interactive profile (RFC 9106; two passes over 64 MiB), and which passwords
// are taken. Every call of `hash` and `verify` costs that much: never on an event loop.

#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::access {

/// Once, before anything else here and in seal.h.
[[nodiscard]] Result<void> start_sodium();

/// The hash with its salt and parameters as one line of text.
[[nodiscard]] Result<std::string> hash_password(std::string_view password);
/// False for a wrong password and for a text that is no hash. Takes the same time for every wrong password.
[[nodiscard]] bool verify_password(std::string_view hash, std::string_view password);
/// Made with weaker parameters than today's.
[[nodiscard]] bool needs_rehash(std::string_view hash);

/// 12 to 128 characters of any kind, and not one that is tried first: a common one, a run, a repetition, or the
/// person's own name or address. `invalid` says which.
[[nodiscard]] Result<void> check_password(std::string_view password, std::string_view login, std::string_view name);

/// Its ASCII letters in lower case; all else as it stands.
[[nodiscard]] std::string lower_case(std::string_view text);

/// In time that does not depend on where they differ.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace quipu::access
