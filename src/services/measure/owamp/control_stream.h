#pragma once
// The two directions of a control connection (RFC 4656 §3.1, §3.2). Before the keys are known octets pass as they are;
// from then on, in authenticated and encrypted mode, everything is one AES-CBC stream that never restarts, and each
// HMAC covers what was sent since the one before. In open mode HMAC fields are zeros and are not looked at.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "services/measure/owamp/crypto.h"

namespace quipu::owamp {

/// What the client makes up for one connection and sends in its token.
struct ControlKeys {
    Block aes{};
    HmacKey hmac{};
    bool operator==(const ControlKeys&) const = default;
};

class ControlWriter {
  public:
    /// As it is, outside of every HMAC.
    void clear(ByteSpan octets) { out_.insert(out_.end(), octets.begin(), octets.end()); }
    /// From here on protected.
    void protect(const ControlKeys& keys, const Block& iv);
    /// Whole blocks of a message, without HMAC fields.
    void text(ByteSpan blocks);
    /// The HMAC field of what was written since the last one.
    void digest();

    [[nodiscard]] std::vector<std::uint8_t> take() { return std::exchange(out_, {}); }
    [[nodiscard]] std::size_t size() const { return out_.size(); }

  private:
    void put(ByteSpan blocks);

    std::vector<std::uint8_t> out_;
    std::optional<Aes> cipher_;
    std::optional<Hmac> hmac_;
};

class ControlReader {
  public:
    void feed(ByteSpan octets);
    void protect(const ControlKeys& keys, const Block& iv);

    /// What has come and was not taken, decrypted; under protection whole blocks only.
    [[nodiscard]] ByteSpan waiting() const { return ByteSpan(buffer_).subspan(taken_, ready_ - taken_); }
    /// Takes `count` of waiting(), which must be there, outside of every HMAC.
    [[nodiscard]] ByteSpan clear(std::size_t count);
    /// Takes a message's text: whole blocks.
    [[nodiscard]] ByteSpan text(std::size_t count);
    /// Takes an HMAC field: false when it is not that of the text since the last one.
    [[nodiscard]] bool digest();
    /// Drops what was taken; spans that were given end here.
    void release();

  private:
    void decrypt();

    std::vector<std::uint8_t> buffer_;
    std::size_t taken_ = 0;  // of ready_
    std::size_t ready_ = 0;  // decrypted, of buffer_
    std::optional<Aes> cipher_;
    std::optional<Hmac> hmac_;
};

}  // namespace quipu::owamp
