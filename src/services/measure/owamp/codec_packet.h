#pragma once
// The packets of OWAMP-Test in the three modes (RFC 4656 §4.1.2):
//
//     open:                    sequence (32) | timestamp (64) | error estimate (16) | padding
//     authenticated:           sequence, 12 zeros: encrypted | timestamp | error estimate | 6 zeros | HMAC of the first
//     16 encrypted:               the same 32 octets, all encrypted | HMAC of the 32
//
// The HMAC is of what stood there before encryption, and is not encrypted.

#include <cstdint>
#include <expected>
#include <optional>

#include "services/measure/owamp/codec_control.h"

namespace quipu::owamp {

enum class TestMode : std::uint8_t { open, authenticated, encrypted };
/// Of the mode that the client chose.
[[nodiscard]] TestMode test_mode_of(std::uint32_t mode);

/// RFC 4656 §4.1.2: the control connection's keys, encrypted with the SID as key.
[[nodiscard]] ControlKeys test_keys(const ControlKeys& control, const Sid& sid);

[[nodiscard]] constexpr std::size_t test_packet_octets(TestMode mode) {
    return mode == TestMode::open ? 14 : 48;
}

struct TestStamp {
    std::uint32_t sequence = 0;
    Fixed sent = 0;
    ErrorEstimate error;
    bool operator==(const TestStamp&) const = default;
};

/// Why a datagram is no test packet of its session.
enum class TestFault : std::uint8_t { truncated, zero_multiplier, wrong_hmac };

/// Writes and reads the packets of one session.
class TestPackets {
  public:
    enum class Way : std::uint8_t { send, receive };
    /// `keys`: of the session, as test_keys() makes them; not looked at in open mode.
    TestPackets(TestMode mode, Way way, const ControlKeys& keys);

    /// Into `out`, which is as long as the packet; padding is zeros.
    void write(std::span<std::uint8_t> out, const TestStamp& stamp);
    [[nodiscard]] std::expected<TestStamp, TestFault> parse(ByteSpan datagram);

  private:
    [[nodiscard]] std::size_t covered() const { return mode_ == TestMode::authenticated ? kBlock : 2 * kBlock; }

    TestMode mode_;
    std::optional<Aes> cipher_;
    std::optional<Hmac> hmac_;
};

}  // namespace quipu::owamp
