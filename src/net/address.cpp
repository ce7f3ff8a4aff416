#include "net/address.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <optional>

namespace quipu::net {
namespace {

constexpr std::size_t kGroups = 8;  // 16-bit groups of an IPv6 address

/// Decimal without sign or leading zero, as RFC 3986 §3.2.2 wants octets and everybody wants lengths and ports.
std::optional<unsigned> decimal(std::string_view text, unsigned maximum) {
    if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > maximum) return std::nullopt;
    return value;
}

std::optional<std::uint32_t> parse_v4(std::string_view text) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        const std::size_t end = i < 3 ? text.find('.') : text.size();
        if (end == std::string_view::npos) return std::nullopt;
        const auto octet = decimal(text.substr(0, end), 255);
        if (!octet) return std::nullopt;
        value = value << 8U | *octet;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return value;
}

std::optional<std::uint16_t> parse_group(std::string_view text) {
    if (text.empty() || text.size() > 4) return std::nullopt;
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// RFC 4291 §2.2: eight groups, one run of zeros as "::", the last two groups perhaps as an IPv4 address.
std::optional<std::array<std::uint8_t, 16>> parse_v6(std::string_view text) {
    std::array<std::uint16_t, kGroups> groups{};
    std::size_t count = 0;
    std::optional<std::size_t> gap;
    if (text.starts_with("::")) {
        gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(':'), text.size());
        const std::string_view part = text.substr(0, end);
        if (part.find('.') != std::string_view::npos) {
            const auto tail = parse_v4(part);
            if (!tail || end != text.size() || count + 2 > kGroups) return std::nullopt;
            groups[count++] = static_cast<std::uint16_t>(*tail >> 16U);
            groups[count++] = static_cast<std::uint16_t>(*tail);
            break;
        }
        const auto group = parse_group(part);
        if (!group || count == kGroups) return std::nullopt;
        groups[count++] = *group;
        text.remove_prefix(end);
        if (text.empty()) break;
        if (text.starts_with("::")) {
            if (gap) return std::nullopt;
            gap = count;
            text.remove_prefix(2);
        } else {
            text.remove_prefix(1);
            if (text.empty()) return std::nullopt;  // a single colon at the end
        }
    }
    if (gap ? count == kGroups : count != kGroups) return std::nullopt;
    if (gap) {
        const auto first = groups.begin() + static_cast<std::ptrdiff_t>(*gap);
        const auto last = groups.begin() + static_cast<std::ptrdiff_t>(count);
        std::fill(first, std::move_backward(first, last, groups.end()), std::uint16_t{0});
    }
    std::array<std::uint8_t, 16> octets{};
    for (std::size_t i = 0; i < kGroups; ++i) {
        octets[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8U);
        octets[2 * i + 1] = static_cast<std::uint8_t>(groups[i]);
    }
    return octets;
}

/// Clears the bits after the first `length`.
std::array<std::uint8_t, 16> masked(std::array<std::uint8_t, 16> octets, int length) {
    const auto whole = static_cast<std::size_t>(length / 8);
    if (whole < octets.size()) {
        octets[whole] = static_cast<std::uint8_t>(octets[whole] & ~(0xffU >> static_cast<unsigned>(length % 8)));
        std::fill(octets.begin() + static_cast<std::ptrdiff_t>(whole) + 1, octets.end(), std::uint8_t{0});
    }
    return octets;
}

IpAddress same_family(const IpAddress& like, const std::array<std::uint8_t, 16>& octets) {
    if (like.is_v6()) return IpAddress::v6(octets);
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8U | octets[i];
    return IpAddress::v4(value);
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host_order) {
    IpAddress out;
    for (std::size_t i = 0; i < 4; ++i)
        out.octets_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    return out;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> octets) {
    IpAddress out;
    out.v6_ = true;
    std::ranges::copy(octets, out.octets_.begin());
    return out;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
    if (const auto value = parse_v4(text)) return v4(*value);
    if (const auto octets = parse_v6(text)) return v6(*octets);
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is not an IP address", text.substr(0, 64)), {},
                "write it as 192.0.2.1 or 2001:db8::1");
}

std::uint32_t IpAddress::to_v4() const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8U | octets_[i];
    return value;
}

bool IpAddress::is_loopback() const {
    if (!v6_) return octets_[0] == 127;
    return octets_[15] == 1 && std::all_of(octets_.begin(), octets_.end() - 1, [](auto octet) { return octet == 0; });
}

std::string IpAddress::text() const {
    if (!v6_) return fmt::format("{}.{}.{}.{}", octets_[0], octets_[1], octets_[2], octets_[3]);
    // RFC 5952 §5: an IPv4-mapped address shows its IPv4 part.
    static constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::equal(kMapped.begin(), kMapped.end(), octets_.begin()))
        return fmt::format("::ffff:{}.{}.{}.{}", octets_[12], octets_[13], octets_[14], octets_[15]);

    std::array<unsigned, kGroups> groups{};
    for (std::size_t i = 0; i < kGroups; ++i)
        groups[i] = static_cast<unsigned>(octets_[2 * i]) << 8U | octets_[2 * i + 1];
    // RFC 5952 §4.2: "::" stands for the longest run of two zero groups or more, the first of equals.
    std::size_t gap = kGroups;
    std::size_t gap_length = 1;
    for (std::size_t i = 0; i < kGroups;) {
        std::size_t end = i;
        while (end < kGroups && groups[end] == 0)
            ++end;
        if (end - i > gap_length) {
            gap = i;
            gap_length = end - i;
        }
        i = end + 1;
    }
    std::string out;
    for (std::size_t i = 0; i < kGroups;) {
        if (i == gap) {
            out += "::";
            i += gap_length;
            continue;
        }
        if (!out.empty() && !out.ends_with(':')) out += ':';
        fmt::format_to(std::back_inserter(out), "{:x}", groups[i]);
        ++i;
    }
    return out;
}

Result<Prefix> Prefix::create(const IpAddress& address, int length) {
    if (length < 0 || length > address.width())
        return fail(ErrorCode::invalid, fmt::format("prefix length {} is outside 0 to {}", length, address.width()));
    Prefix out;
    out.address_ = same_family(address, masked(address.octets(), length));
    out.length_ = length;
    return out;
}

Result<Prefix> Prefix::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto length = slash == std::string_view::npos ? std::nullopt : decimal(text.substr(slash + 1), 128);
    if (!length)
        return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a prefix", text.substr(0, 64)), {},
                    "write it as 192.0.2.0/24 or 2001:db8::/32");
    const IpAddress address = TRY(IpAddress::parse(text.substr(0, slash)));
    const Prefix prefix = TRY(create(address, static_cast<int>(*length)));
    if (prefix.address() != address)
        return fail(ErrorCode::invalid, fmt::format("{} has host bits set", text), {},
                    fmt::format("perhaps {} was meant", prefix.text()));
    return prefix;
}

bool Prefix::contains(const IpAddress& address) const {
    return address.is_v6() == address_.is_v6() && masked(address.octets(), length_) == address_.octets();
}

bool Prefix::contains(const Prefix& other) const {
    return other.length_ >= length_ && contains(other.address_);
}

std::string Prefix::text() const {
    return fmt::format("{}/{}", address_.text(), length_);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
    const auto malformed = [&] {
        return fail(ErrorCode::invalid, fmt::format("\"{}\" is not an address with a port", text.substr(0, 80)), {},
                    "write it as 127.0.0.1:8080 or [::1]:8080");
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return malformed();
    const auto port = decimal(text.substr(colon + 1), 65535);
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto address = IpAddress::parse(host);
    if (!port || !address || address->is_v6() != bracketed) return malformed();
    return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string Endpoint::text() const {
    return address.is_v6() ? fmt::format("[{}]:{}", address.text(), port) : fmt::format("{}:{}", address.text(), port);
}

}  // namespace quipu::net
