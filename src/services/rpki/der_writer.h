#pragma once
// DER out of parts: for what the generator makes. Clarity before speed.

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "services/rpki/der.h"

namespace quipu::rpki::write {

using Octets = std::vector<std::uint8_t>;

[[nodiscard]] Octets element(std::uint8_t tag, ByteSpan content);
[[nodiscard]] Octets constructed(std::uint8_t tag, std::initializer_list<Octets> parts);
[[nodiscard]] Octets constructed(std::uint8_t tag, const std::vector<Octets>& parts);
[[nodiscard]] inline Octets sequence(std::initializer_list<Octets> parts) {
    return constructed(tag::kSequence, parts);
}
[[nodiscard]] inline Octets sequence(const std::vector<Octets>& parts) {
    return constructed(tag::kSequence, parts);
}
/// The parts in ascending order of their octets: X.690 §11.6.
[[nodiscard]] Octets set_of(std::vector<Octets> parts);
[[nodiscard]] Octets integer(std::uint64_t value);
/// A non-negative number of any size, big-endian.
[[nodiscard]] Octets integer(ByteSpan magnitude);
[[nodiscard]] Octets identifier(std::string_view content);
[[nodiscard]] Octets null();
[[nodiscard]] Octets boolean(bool value);
[[nodiscard]] Octets octet_string(ByteSpan content);
[[nodiscard]] Octets bit_string(ByteSpan content, unsigned unused = 0);
[[nodiscard]] Octets text(std::uint8_t tag, std::string_view content);
/// UTCTime through 2049, GeneralizedTime from 2050.
[[nodiscard]] Octets x509_time(std::int64_t seconds);
[[nodiscard]] Octets generalized_time(std::int64_t seconds);

}  // namespace quipu::rpki::write
