#pragma once
// What the codecs of this folder share: addresses by family, MPLS label stack entries (RFC 3032 §2.1).

#include "base/bytes.h"
#include "services/measure/path/record.h"

namespace quipu::path::wire {

inline constexpr std::size_t kMostLabels = 16;

inline ByteSpan octets_of(const net::IpAddress& address) {
    return ByteSpan(address.octets()).first(address.is_v6() ? 16 : 4);
}

/// 0.0.0.0 when the reader has failed.
inline net::IpAddress read_address(ByteReader& in, bool v6) {
    if (!v6) return net::IpAddress::v4(in.u32());
    const ByteSpan octets = in.bytes(16);
    return octets.size() == 16 ? net::IpAddress::v6(octets.first<16>()) : net::IpAddress();
}

inline Label label_of(std::uint32_t entry) {
    return {.value = entry >> 12U,
            .traffic_class = entry >> 9U & 7U,
            .bottom = (entry >> 8U & 1U) != 0,
            .ttl = entry & 0xffU};
}
inline std::uint32_t entry_of(const Label& label) {
    return static_cast<std::uint32_t>(label.value << 12 | label.traffic_class << 9 | (label.bottom ? 1 << 8 : 0) |
                                      label.ttl);
}

}  // namespace quipu::path::wire
