#pragma once
// Signed tokens (JWS compact, RFC 7515) as OpenID Connect uses them. RS256, ES256 and PS256 with the provider's public
// keys; "none" and everything symmetric are refused before anything else is looked at.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "platform/signin/public_key.h"

namespace quipu::signin {

inline constexpr std::size_t kMostToken = std::size_t{64} * 1024;

/// One key of a JWK set (RFC 7517).
struct JsonWebKey {
    std::string id;         ///< kid; may be empty
    std::string algorithm;  ///< alg; empty: any that fits the key
    PublicKey key;
};

/// The keys that can verify: RSA and P-256, for signatures. Others are passed over.
[[nodiscard]] Result<std::vector<JsonWebKey>> read_jwk_set(const Value& set);

/// The claims of a token that one of the keys has signed. `not_found` when the token names a key that is not among
/// them: the provider may have new ones.
[[nodiscard]] Result<Value> verified_claims(std::string_view token, std::span<const JsonWebKey> keys);

}  // namespace quipu::signin
