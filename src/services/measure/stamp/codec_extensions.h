#pragma once
// STAMP's optional extensions (RFC 8972 §4): TLVs behind the header of a test packet.
//
//     | U M I 0 0 0 0 0 | type (8) | length (16) | value … |
//
// A sender sets U, a reflector takes it away from what it understands. What a reflector does not know, or finds
// malformed, it sends back with U or M set; behind a malformed one it looks at nothing. When the HMAC TLV is wrong,
// missing or misplaced, every TLV goes back as it came, with I set (§4.8).

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/address.h"
#include "services/measure/stamp/primitives.h"

namespace quipu::stamp {

enum class ExtensionType : std::uint8_t {
    extra_padding = 1,
    location = 2,
    timestamp_information = 3,
    class_of_service = 4,
    direct_measurement = 5,
    access_report = 6,
    follow_up_telemetry = 7,
    hmac = 8,
};

inline constexpr std::uint8_t kUnrecognised = 0x80;     // U
inline constexpr std::uint8_t kMalformed = 0x40;        // M
inline constexpr std::uint8_t kIntegrityFailed = 0x20;  // I
inline constexpr std::size_t kExtensionHeader = 4;
inline constexpr std::size_t kMostExtensions = 32;  ///< in a packet; the rest is copied unread

struct Extension {
    std::uint8_t flags = 0;
    std::uint8_t type = 0;
    std::size_t at = 0;  ///< octets before it
    ByteSpan value;      ///< empty when it is cut
    bool cut = false;    ///< it reaches beyond the packet
};

/// Up to the first that reaches beyond the end, which is the last and is cut.
[[nodiscard]] std::vector<Extension> parse_extensions(ByteSpan bytes);
/// As a sender writes it: U set.
void write_extension(ByteWriter& out, ExtensionType type, ByteSpan value);
/// A sender's HMAC TLV over the sequence number and all that stands before it: `out` holds only extensions.
void write_hmac_extension(ByteWriter& out, std::uint32_t sequence, Hmac& hmac);
/// Of an answer: whether its HMAC TLV is there, in its place, and right.
[[nodiscard]] bool verify_extensions(ByteSpan bytes, std::uint32_t sequence, Hmac& hmac);

/// §4.3: where a clock's time comes from, and what stamps.
enum class SyncSource : std::uint8_t { ntp = 1, ptp = 2, ssu_bits = 3, satellites = 4, free_running = 5 };
enum class StampMethod : std::uint8_t { hardware = 1, software = 2, control_plane = 3 };

/// What a reflector can say of a packet.
struct Observed {
    net::Endpoint from, to;  ///< of the question
    std::int16_t tos = -1;   ///< as it came; -1 unknown
    SyncSource sync = SyncSource::free_running;
    bool may_mark = true;                  ///< a sender may choose the DSCP of its answers
    bool stateful = false;                 ///< what follows is known
    std::uint32_t received = 0, sent = 0;  ///< test packets of the session, this one and its answer not counted as sent
    std::uint32_t last_sequence = 0;       ///< of the latest answer, 0 before the first
    std::uint64_t last_timestamp = 0;
};

struct Reflected {
    bool integrity_failed = false;
    std::optional<std::size_t> hmac_at;  ///< of the HMAC TLV: seal_extensions() when the answer's number is known
    std::optional<std::uint8_t> dscp;    ///< asked for by a Class of Service TLV
};

/// Turns a question's extensions into its answer's, in place. `hmac`: nullptr when there is no key; `required`:
/// authenticated mode, where all but lone padding needs the HMAC TLV.
Reflected reflect_extensions(std::span<std::uint8_t> bytes, std::uint32_t sequence, const Observed& observed,
                             Hmac* hmac, bool required);
void seal_extensions(std::span<std::uint8_t> bytes, std::size_t hmac_at, std::uint32_t sequence, Hmac& hmac);

}  // namespace quipu::stamp
