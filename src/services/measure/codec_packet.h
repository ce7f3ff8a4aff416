#pragma once
// The OWAMP test packet, unauthenticated (RFC 4656 §4.1.2):
//
//      0               4                              12               14
//     | sequence (32) | timestamp (64: NTP format)   | error estimate | packet padding … |
//
// The timestamp is the time of sending; the error estimate says how wrong it may be.

#include <cstdint>
#include <expected>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace quipu::measure {

/// Octets before the padding.
inline constexpr std::size_t kTestPacketOctets = 14;

/// RFC 4656 §4.1.2: S | Z | Scale (6) | Multiplier (8). The bound is Multiplier × 2^(Scale − 32) seconds.
struct ErrorEstimate {
    bool synchronised = false;    ///< S: the clock is synchronised to UTC by an outside source
    std::uint8_t scale = 0;       ///< 0…63
    std::uint8_t multiplier = 1;  ///< 1…255; zero is not allowed

    /// The smallest estimate that is not below `bound` (at least 1 × 2^-32 s).
    static ErrorEstimate from(Nanoseconds bound, bool synchronised);
    /// Rounded up to whole nanoseconds; at most about 292 years.
    [[nodiscard]] Nanoseconds bound() const;
    bool operator==(const ErrorEstimate&) const = default;
};

struct TestPacket {
    std::uint32_t sequence = 0;
    Time sent{};
    ErrorEstimate error;
    std::size_t padding = 0;  ///< octets after the header
    bool operator==(const TestPacket&) const = default;
};

/// Why a datagram is no test packet. An enumeration, not an Error: whoever floods the port shall not make us allocate.
enum class PacketFault : std::uint8_t {
    truncated,        ///< shorter than 14 octets
    zero_multiplier,  ///< RFC 4656 §4.1.2: "the packet SHOULD be considered corrupt and discarded"
};
[[nodiscard]] std::string_view name_of(PacketFault fault);

[[nodiscard]] std::expected<TestPacket, PacketFault> parse_test_packet(ByteReader& in);
/// Padding is zeros: no path of ours compresses, and RFC 4656 §4.1.2 leaves the choice (zeros or random).
void write_test_packet(ByteWriter& out, const TestPacket& packet);

/// 32 bits of seconds since 1900 and 32 of fraction (RFC 5905 §6). Times from 1968 to 2104 survive the round trip to
/// the nanosecond: a first bit of zero means the era that begins in 2036 (RFC 4330 §3).
[[nodiscard]] std::uint64_t to_ntp(Time time);
[[nodiscard]] Time from_ntp(std::uint64_t timestamp);

}  // namespace quipu::measure
