#pragma once
// The primitives that RFC 4656 names and nothing more, by OpenSSL: AES-128 of single blocks and in CBC, HMAC-SHA1 cut
// to 16 octets, PBKDF2 with HMAC-SHA1.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace quipu::owamp {

inline constexpr std::size_t kBlock = 16;
using Block = std::array<std::uint8_t, kBlock>;
using HmacKey = std::array<std::uint8_t, 32>;

/// Octets that nobody can guess: keys, challenges, initialisation vectors. A parameter, so that a test knows them.
using SecretSource = std::function<void(std::span<std::uint8_t>)>;
[[nodiscard]] SecretSource system_secrets();

/// PBKDF2 (RFC 2898) with HMAC-SHA1, 16 octets: RFC 4656 §3.1's way from a pass phrase to a key.
[[nodiscard]] Block derive_key(std::string_view pass_phrase, const Block& salt, std::uint32_t count);

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

/// HMAC-SHA1 of what was added since the last digest, cut to 16 octets.
class Hmac {
  public:
    explicit Hmac(const HmacKey& key);
    void add(ByteSpan bytes);
    [[nodiscard]] Block digest();

  private:
    struct Free {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, Free> context_;
};

/// Takes as long whether they differ early or late.
[[nodiscard]] bool same_secret(ByteSpan a, ByteSpan b);

}  // namespace quipu::owamp
