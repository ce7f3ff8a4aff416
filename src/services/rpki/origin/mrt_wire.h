#pragma once
// Numbers and pieces of MRT and BGP that tables and updates share. Of this folder's own use.

#include <array>

#include "base/bytes.h"
#include "net/address.h"

namespace quipu::rpki::mrt {

// RFC 6396 §4
inline constexpr std::uint16_t kTableDump = 12;
inline constexpr std::uint16_t kTableDumpV2 = 13;
inline constexpr std::uint16_t kBgp4mp = 16;
inline constexpr std::uint16_t kBgp4mpEt = 17;
inline constexpr std::uint16_t kPeerIndexTable = 1;

// RFC 4271 §4.3, §5.1; RFC 4760; RFC 6793
inline constexpr std::uint8_t kAsPath = 2;
inline constexpr std::uint8_t kAggregator = 7;
inline constexpr std::uint8_t kMpReach = 14;
inline constexpr std::uint8_t kMpUnreach = 15;
inline constexpr std::uint8_t kAs4Path = 17;
inline constexpr std::uint8_t kAsSet = 1;
inline constexpr std::uint8_t kAsSequence = 2;
inline constexpr std::uint8_t kAsConfedSet = 4;

inline constexpr std::uint16_t kAfiIpv4 = 1;
inline constexpr std::uint16_t kAfiIpv6 = 2;
inline constexpr std::uint8_t kSafiUnicast = 1;

struct Attribute {
    std::uint8_t type = 0;
    ByteSpan value;
};
/// False if there is not a whole one.
[[nodiscard]] bool next_attribute(ByteReader& in, Attribute& out);
/// RFC 4271 §4.3: a length in bits and as many octets as it needs. Bits behind the length do not count.
[[nodiscard]] bool read_prefix(ByteReader& in, bool v6, net::Prefix& out);
[[nodiscard]] net::Prefix prefix_of(const std::array<std::uint8_t, 16>& octets, bool v6, unsigned length);
[[nodiscard]] net::IpAddress read_address(ByteReader& in, bool v6);

}  // namespace quipu::rpki::mrt
