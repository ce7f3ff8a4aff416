#pragma once
// Every packet of a session's minute, as its receiver saw it: a payload of measure.raw. The fields are those of
// RFC 4656 §3.9's data records; a packet that did not come has the time at which it was due.
//
//     version, sender, minute, part, count, then a packet after the other:
//     what it is (1: lost, 2: error estimates follow), its sequence, when it was sent and, if it came, its delay and
//     TTL; times and sequences as differences, so that a packet takes some thirteen octets.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "services/measure/codec_packet.h"

namespace quipu::measure {

/// Its end makes an agent's spool give these up before anything else (agent/spool.h).
inline constexpr std::string_view kRawStream = "measure.raw";

struct RawPacket {
    std::uint32_t sequence = 0;
    Time sent{};                        ///< as the packet says; when it was due if it did not come
    std::optional<Time> received = {};  ///< nothing: it did not come
    ErrorEstimate sent_error = {};      ///< of the sender's clock
    ErrorEstimate received_error = {};  ///< of the receiver's
    std::int16_t ttl = -1;              ///< on arrival; -1: unknown
    bool operator==(const RawPacket&) const = default;
};

/// A minute, or a part of one that has more packets than a payload may hold.
struct RawMinute {
    std::string from;  ///< sending site; the receiving one is the agent that delivers
    Time minute{};
    std::uint32_t part = 0;          ///< counts from 0
    std::vector<RawPacket> packets;  ///< as they came, copies too; then those that did not come
    bool operator==(const RawMinute&) const = default;
};

/// Of one payload, which has 64 KiB at most (agent/batch.h); a packet takes no more than 33 octets.
inline constexpr std::size_t kMostRawPackets = 1'900;
/// Of one minute: what a schedule may hold and as many copies.
inline constexpr std::uint32_t kMostRawParts = 120'000 / kMostRawPackets + 1;

void write_raw(ByteWriter& out, const RawMinute& minute);
[[nodiscard]] Result<RawMinute> parse_raw(ByteReader& in);

}  // namespace quipu::measure
