#pragma once
// What RFC 8762 §4.4 and RFC 5357 §4 name of cryptography, by OpenSSL: HMACs cut to 16 octets and AES-128.

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace quipu::stamp {

inline constexpr std::size_t kMacOctets = 16;
using Mac = std::array<std::uint8_t, kMacOctets>;
using AesKey = std::array<std::uint8_t, 16>;

/// A keyed HMAC, ready for message after message; cut to its first 16 octets.
class Hmac {
  public:
    enum class Hash : std::uint8_t { sha1, sha256 };
    Hmac(Hash hash, ByteSpan key);
    void set_key(ByteSpan key);
    /// Of both parts, one after the other.
    [[nodiscard]] Mac of(ByteSpan first, ByteSpan second = {});

  private:
    struct Free {
        void operator()(void* context) const;
    };
    Hash hash_;
    std::unique_ptr<void, Free> context_;
};

/// CBC over whole blocks, in place, from a vector of zeros; of one block that is ECB.
void aes_encrypt(const AesKey& key, std::span<std::uint8_t> blocks);
void aes_decrypt(const AesKey& key, std::span<std::uint8_t> blocks);

/// Takes as long whether they differ early or late.
[[nodiscard]] bool same_secret(ByteSpan a, ByteSpan b);

}  // namespace quipu::stamp
