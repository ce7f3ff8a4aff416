#pragma once
// What RFC 4656 §3, RFC 5357 §4 and RFC 8762 §4.4 name of cryptography, by OpenSSL: AES-128 of single blocks and in
// CBC, HMACs cut to 16 octets.

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace quipu::stamp {

inline constexpr std::size_t kBlock = 16;
/// A block of AES, a key of it, a vector, an HMAC that was cut.
using Block = std::array<std::uint8_t, kBlock>;

/// AES-128 in one direction over a stream of whole blocks, in place.
class Aes {
  public:
    enum class Use : std::uint8_t { encrypt, decrypt };
    /// CBC that never restarts: the last block of one call is the vector of the next.
    static Aes cbc(Use use, const Block& key, const Block& iv);
    /// Each block by itself (ECB).
    static Aes blocks(Use use, const Block& key);

    /// `bytes`: whole blocks.
    void apply(std::span<std::uint8_t> bytes);
    /// CBC only: begins anew with this vector.
    void restart(const Block& iv);

  private:
    struct Free {
        void operator()(void* context) const;
    };
    Aes(Use use, const Block& key, const Block* iv);
    std::unique_ptr<void, Free> context_;
};

/// A keyed HMAC, ready for message after message; cut to its first 16 octets.
class Hmac {
  public:
    enum class Hash : std::uint8_t { sha1, sha256 };
    Hmac(Hash hash, ByteSpan key);
    void add(ByteSpan bytes);
    /// Of what was added since the last one.
    [[nodiscard]] Block digest();
    /// Of both parts, one after the other.
    [[nodiscard]] Block of(ByteSpan first, ByteSpan second = {});

  private:
    struct Free {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, Free> context_;
};

/// Takes as long whether they differ early or late.
[[nodiscard]] bool same_secret(ByteSpan a, ByteSpan b);

}  // namespace quipu::stamp
