#pragma once
// Public keys and signatures: what passkeys (COSE) and ID tokens (JOSE) are verified with. Weak keys are refused where
// they are read: RSA below 2048 bits, points off the curve.

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/signin/cbor.h"

namespace quipu::signin {

enum class Algorithm : std::uint8_t {
    es256,  ///< ECDSA on P-256 with SHA-256
    eddsa,  ///< Ed25519
    rs256,  ///< RSA PKCS #1 v1.5 with SHA-256
    ps256,  ///< RSA-PSS with SHA-256
};

class PublicKey {
  public:
    static Result<PublicKey> p256(ByteSpan x, ByteSpan y);
    static Result<PublicKey> ed25519(ByteSpan x);
    static Result<PublicKey> rsa(ByteSpan modulus, ByteSpan exponent);
    /// RFC 9053 keys with their algorithm; ES256, EdDSA and RS256 only (RFC 9053 §2, RFC 8812 §2).
    struct WithAlgorithm;
    static Result<WithAlgorithm> from_cose(const Cbor& key);
    /// Of a DER certificate.
    static Result<PublicKey> of_certificate(ByteSpan der);

    /// Whether `signature` (DER for ECDSA) is this key's over `data`. A key of another kind than the algorithm's never
    /// is.
    [[nodiscard]] bool verify(Algorithm algorithm, ByteSpan data, ByteSpan signature) const;
    /// The same for JOSE, where an ECDSA signature is r and s side by side (RFC 7518 §3.4).
    [[nodiscard]] bool verify_jose(Algorithm algorithm, ByteSpan data, ByteSpan signature) const;

    struct Impl;
    explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  private:
    std::shared_ptr<const Impl> impl_;
};

struct PublicKey::WithAlgorithm {
    PublicKey key;
    Algorithm algorithm;
};

}  // namespace quipu::signin
