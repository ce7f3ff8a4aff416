#pragma once
// Quantities with their unit in the type.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu {

/// Bits per second.
struct Bandwidth {
    std::int64_t bits_per_second = 0;
    auto operator<=>(const Bandwidth&) const = default;
};
/// A count of octets.
struct ByteCount {
    std::int64_t octets = 0;
    auto operator<=>(const ByteCount&) const = default;
};
/// A length along a path, in metres.
struct Distance {
    double metres = 0;
    auto operator<=>(const Distance&) const = default;
};

/// "622.08 Mb/s", decimal prefixes.
[[nodiscard]] std::string format_bandwidth(Bandwidth value);
/// "622 Mb/s", "10 Gb/s", "155520000 b/s", and the SDH names "STM-1" … "STM-256".
[[nodiscard]] Result<Bandwidth> parse_bandwidth(std::string_view text);
/// "4.2 MB", decimal prefixes.
[[nodiscard]] std::string format_bytes(ByteCount value);
[[nodiscard]] Result<ByteCount> parse_bytes(std::string_view text);
/// "3450 km".
[[nodiscard]] std::string format_distance(Distance value);
[[nodiscard]] Result<Distance> parse_distance(std::string_view text);

}  // namespace quipu
