#include "platform/mail/case_address.h"

#include <charconv>
#include <fmt/format.h>

#include "net/ascii.h"
#include "net/tls.h"
#include "platform/mail/codec_smtp.h"

namespace quipu::mail {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's, no i, l, o, u
constexpr std::size_t kMarkLetters = 10;

bool same_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    return difference == 0;
}

}  // namespace

std::string NumberedAddresses::mark(std::string_view local, std::int64_t number) const {
    const std::string digest = net::hmac_sha256(secret_, fmt::format("{}+{}", local, number));
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 8; ++i)
        bits = bits << 8U | static_cast<unsigned char>(digest[i]);
    std::string out;
    for (std::size_t i = 0; i < kMarkLetters; ++i, bits <<= 5U)
        out += kAlphabet[bits >> 59U];
    return out;
}

std::string NumberedAddresses::address(std::string_view local, std::int64_t number) const {
    return fmt::format("{}+{}.{}@{}", local, number, mark(local, number), domain_);
}

bool NumberedAddresses::is_of(std::string_view local, std::string_view address) const {
    if (!net::equal_ignoring_case(domain_of(address), domain_)) return false;
    const std::string_view before = local_part_of(address);
    return net::equal_ignoring_case(before.substr(0, before.find('+')), local);
}

std::optional<std::int64_t> NumberedAddresses::number_of(std::string_view local, std::string_view address) const {
    if (!is_of(local, address)) return std::nullopt;
    const std::string folded = folded_address(local_part_of(address));  // some hands change the case
    if (folded.size() <= local.size() + 1) return std::nullopt;
    const std::string_view rest = std::string_view(folded).substr(local.size() + 1);
    const std::size_t dot = rest.find('.');
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (dot == std::string_view::npos || error != std::errc{} || end != rest.data() + dot || number <= 0)
        return std::nullopt;
    if (!same_in_constant_time(rest.substr(dot + 1), mark(local, number))) return std::nullopt;
    return number;
}

}  // namespace quipu::mail
