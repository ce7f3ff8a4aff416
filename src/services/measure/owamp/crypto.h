#pragma once
// What RFC 4656 names of cryptography beside the primitives that TWAMP's and STAMP's test packets have too.

#include <functional>
#include <string_view>

#include "services/measure/stamp/primitives.h"

namespace quipu::owamp {

using stamp::Aes;
using stamp::Block;
using stamp::Hmac;
using stamp::kBlock;
using stamp::same_secret;
/// Of HMAC-SHA1.
using HmacKey = std::array<std::uint8_t, 32>;

/// Octets that nobody can guess: keys, challenges, initialisation vectors. A parameter, so that a test knows them.
using SecretSource = std::function<void(std::span<std::uint8_t>)>;
[[nodiscard]] SecretSource system_secrets();

/// PBKDF2 (RFC 2898) with HMAC-SHA1, 16 octets: RFC 4656 §3.1's way from a pass phrase to a key.
[[nodiscard]] Block derive_key(std::string_view pass_phrase, const Block& salt, std::uint32_t count);

}  // namespace quipu::owamp
