#pragma once
// The cryptography that validation needs and nothing more: digests and RSA-2048 signatures with SHA-256 (RFC 7935).
// Signatures are collected and verified together: see docs/decisions/024-rsa-in-batches.md.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace quipu::rpki {

using Sha256 = std::array<std::uint8_t, 32>;
using Sha1 = std::array<std::uint8_t, 20>;

[[nodiscard]] Sha256 sha256(ByteSpan bytes);
/// Of both one after the other.
[[nodiscard]] Sha256 sha256(ByteSpan first, ByteSpan second);
[[nodiscard]] Sha1 sha1(ByteSpan bytes);

inline constexpr std::size_t kRsaOctets = 256;  ///< RSA-2048: RFC 7935 §3

/// One RSASSA-PKCS1-v1_5 signature over a SHA-256 digest, exponent 65537. What the spans name must stay.
struct RsaCheck {
    ByteSpan modulus;    ///< kRsaOctets, its highest bit set
    ByteSpan signature;  ///< any other length than kRsaOctets is not good
    Sha256 digest{};
    bool good = false;  ///< the answer
};

/// Verifies signatures; one for each thread.
class RsaVerifier {
  public:
    enum class Route : std::uint8_t { fastest, openssl };
    explicit RsaVerifier(Route route = Route::fastest);
    ~RsaVerifier();
    RsaVerifier(const RsaVerifier&) = delete;
    RsaVerifier& operator=(const RsaVerifier&) = delete;

    void verify(std::span<RsaCheck> checks);
    [[nodiscard]] std::uint64_t verified() const { return verified_; }
    /// This processor has eight lanes of 52-bit multiplication.
    [[nodiscard]] static bool has_lanes();

  private:
    void verify_one(RsaCheck& check);

    struct OpenSsl;
    std::unique_ptr<OpenSsl> openssl_;
    bool lanes_;
    std::uint64_t verified_ = 0;
};

/// Eight at once by AVX-512 IFMA; exactly kRsaOctets in every modulus and signature, moduli odd. rsa_lanes.cpp.
void verify_rsa_lanes(std::span<RsaCheck* const, 8> checks);

/// The octets that a good signature decrypts to: RFC 8017 §9.2 with SHA-256.
[[nodiscard]] std::array<std::uint8_t, kRsaOctets> encoded_message(const Sha256& digest);

}  // namespace quipu::rpki
