#pragma once
// Attestation statements of WebAuthn Level 2 §8: "none" and "packed".

#include <string_view>

#include "base/result.h"
#include "platform/signin/cbor.h"
#include "platform/signin/public_key.h"
#include "platform/signin/webauthn.h"

namespace quipu::signin {

/// Checks the attestation object's statement over `signed_data` and the client data's hash. A certificate of "packed"
/// is checked for its form and its signature; nobody vouches for its root.
[[nodiscard]] Result<void> check_attestation(const Cbor& object, ByteSpan signed_data, std::string_view client_hash,
                                             const AuthenticatorData& data, const PublicKey::WithAlgorithm& key);

}  // namespace quipu::signin
