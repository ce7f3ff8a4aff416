#include "services/rpki/crypto.h"

#include <algorithm>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <stdexcept>
#include <string_view>

namespace quipu::rpki {
namespace {

// DigestInfo of SHA-256, RFC 8017 §9.2 note 1.
constexpr std::string_view kDigestInfo{"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
                                       19};

/// An algorithm fetched once, and a context that is used again: a fetch costs more than the digest of a small object.
class Digest {
  public:
    explicit Digest(const char* name) : algorithm_(EVP_MD_fetch(nullptr, name, nullptr)), context_(EVP_MD_CTX_new()) {
        if (algorithm_ == nullptr || context_ == nullptr) throw std::runtime_error("OpenSSL offers no digest");
    }
    ~Digest() {
        EVP_MD_CTX_free(context_);
        EVP_MD_free(algorithm_);
    }
    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;

    void of(ByteSpan first, ByteSpan second, std::uint8_t* out) {
        EVP_DigestInit_ex2(context_, algorithm_, nullptr);
        EVP_DigestUpdate(context_, first.data(), first.size());
        if (!second.empty()) EVP_DigestUpdate(context_, second.data(), second.size());
        EVP_DigestFinal_ex(context_, out, nullptr);
    }

  private:
    EVP_MD* algorithm_;
    EVP_MD_CTX* context_;
};

}  // namespace

Sha256 sha256(ByteSpan first, ByteSpan second) {
    thread_local Digest digest("SHA256");
    Sha256 out;
    digest.of(first, second, out.data());
    return out;
}

Sha256 sha256(ByteSpan bytes) {
    return sha256(bytes, {});
}

Sha1 sha1(ByteSpan bytes) {
    thread_local Digest digest("SHA1");
    Sha1 out;
    digest.of(bytes, {}, out.data());
    return out;
}

std::array<std::uint8_t, kRsaOctets> encoded_message(const Sha256& digest) {
    std::array<std::uint8_t, kRsaOctets> out;
    out.fill(0xff);
    out[0] = 0;
    out[1] = 1;
    const std::size_t info = kRsaOctets - digest.size() - kDigestInfo.size();
    out[info - 1] = 0;
    std::ranges::copy(kDigestInfo, out.begin() + static_cast<std::ptrdiff_t>(info));
    std::ranges::copy(digest, out.end() - static_cast<std::ptrdiff_t>(digest.size()));
    return out;
}

struct RsaVerifier::OpenSsl {
    BN_CTX* context = BN_CTX_new();
    BN_MONT_CTX* montgomery = BN_MONT_CTX_new();
    BIGNUM* modulus = BN_new();
    BIGNUM* signature = BN_new();
    BIGNUM* exponent = BN_new();
    BIGNUM* message = BN_new();

    OpenSsl() { BN_set_word(exponent, 65537); }
    ~OpenSsl() {
        BN_free(message);
        BN_free(exponent);
        BN_free(signature);
        BN_free(modulus);
        BN_MONT_CTX_free(montgomery);
        BN_CTX_free(context);
    }
    OpenSsl(const OpenSsl&) = delete;
    OpenSsl& operator=(const OpenSsl&) = delete;
};

RsaVerifier::RsaVerifier(Route route)
    : openssl_(std::make_unique<OpenSsl>()), lanes_(route == Route::fastest && has_lanes()) {}
RsaVerifier::~RsaVerifier() = default;

void RsaVerifier::verify_one(RsaCheck& check) {
    OpenSsl& o = *openssl_;
    const auto number = [](ByteSpan octets, BIGNUM* out) {
        return BN_bin2bn(octets.data(), static_cast<int>(octets.size()), out) != nullptr;
    };
    check.good = false;
    if (!number(check.modulus, o.modulus) || !number(check.signature, o.signature)) return;
    if (BN_is_odd(o.modulus) == 0 || BN_cmp(o.signature, o.modulus) >= 0) return;
    if (BN_MONT_CTX_set(o.montgomery, o.modulus, o.context) != 1) return;
    if (BN_mod_exp_mont(o.message, o.signature, o.exponent, o.modulus, o.context, o.montgomery) != 1) return;
    std::array<std::uint8_t, kRsaOctets> message;
    if (BN_bn2binpad(o.message, message.data(), static_cast<int>(message.size())) < 0) return;
    check.good = message == encoded_message(check.digest);
}

void RsaVerifier::verify(std::span<RsaCheck> checks) {
    verified_ += checks.size();
    std::array<RsaCheck*, 8> lanes;
    std::size_t waiting = 0;
    for (RsaCheck& check : checks) {
        check.good = false;
        if (check.modulus.size() != kRsaOctets || check.signature.size() != kRsaOctets ||
            (check.modulus.front() & 0x80U) == 0 || (check.modulus.back() & 1U) == 0)
            continue;
        if (!lanes_) {
            verify_one(check);
            continue;
        }
        lanes[waiting++] = &check;
        if (waiting == lanes.size()) {
            verify_rsa_lanes(lanes);
            waiting = 0;
        }
    }
    // Lanes cost the same however many are filled: one or two are cheaper one by one.
    if (waiting <= 2) {
        for (std::size_t i = 0; i < waiting; ++i)
            verify_one(*lanes[i]);
        return;
    }
    for (std::size_t i = waiting; i < lanes.size(); ++i)
        lanes[i] = lanes[0];
    verify_rsa_lanes(lanes);
}

}  // namespace quipu::rpki
