#include "services/measure/stamp/codec_extensions.h"

#include <algorithm>

namespace quipu::stamp {
namespace {

std::array<std::uint8_t, 4> octets_of(std::uint32_t value) {
    return {static_cast<std::uint8_t>(value >> 24U), static_cast<std::uint8_t>(value >> 16U),
            static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
}

void put16(std::span<std::uint8_t> at, std::uint16_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8U);
    at[1] = static_cast<std::uint8_t>(value);
}
void put32(std::span<std::uint8_t> at, std::uint32_t value) {
    std::ranges::copy(octets_of(value), at.begin());
}
void put64(std::span<std::uint8_t> at, std::uint64_t value) {
    put32(at, static_cast<std::uint32_t>(value >> 32U));
    put32(at.subspan(4), static_cast<std::uint32_t>(value));
}

bool is(const Extension& extension, ExtensionType type) {
    return extension.type == static_cast<std::uint8_t>(type);
}

/// Whether a value of this length can be of this type; nothing for types that we don't know.
std::optional<bool> length_fits(const Extension& extension) {
    const std::size_t length = extension.value.size();
    switch (static_cast<ExtensionType>(extension.type)) {
        case ExtensionType::extra_padding: return true;
        case ExtensionType::location: return length >= 4;
        case ExtensionType::timestamp_information:
        case ExtensionType::class_of_service:
        case ExtensionType::access_report: return length == 4;
        case ExtensionType::direct_measurement: return length == 12;
        case ExtensionType::follow_up_telemetry:
        case ExtensionType::hmac: return length == 16;
    }
    return std::nullopt;
}

/// §4.8: behind all others but padding. Nothing when there is none or it stands elsewhere.
std::optional<std::size_t> place_of_hmac(const std::vector<Extension>& extensions) {
    std::optional<std::size_t> found;
    for (const Extension& extension : extensions) {
        if (is(extension, ExtensionType::hmac)) {
            if (found || extension.value.size() != kBlock) return std::nullopt;
            found = extension.at;
        } else if (found && !is(extension, ExtensionType::extra_padding)) {
            return std::nullopt;
        }
    }
    return found;
}

bool hmac_is_right(ByteSpan bytes, std::size_t at, std::uint32_t sequence, Hmac& hmac) {
    return same_secret(hmac.of(octets_of(sequence), bytes.first(at)), bytes.subspan(at + kExtensionHeader, kBlock));
}

// §4.2.2. Addresses and ports are known here; link-layer addresses are not, and keep U.
constexpr std::uint8_t kDestinationAddress = 4;
constexpr std::uint8_t kSourceAddress = 5;

void fill_address(std::span<std::uint8_t> value, const net::IpAddress& address, std::uint8_t& flags) {
    const std::size_t octets = static_cast<std::size_t>(address.width()) / 8;
    if (value.size() != octets) return;
    std::copy_n(address.octets().begin(), octets, value.begin());
    flags &= static_cast<std::uint8_t>(~kUnrecognised);
}

void fill_location(std::span<std::uint8_t> value, const Observed& observed) {
    put16(value, observed.to.port);
    put16(value.subspan(2), observed.from.port);
    const auto parts = value.subspan(4);
    for (const Extension& part : parse_extensions(parts)) {
        std::uint8_t& flags = parts[part.at];
        flags = part.cut ? kUnrecognised | kMalformed : kUnrecognised;
        if (part.cut) break;
        const auto inside = parts.subspan(part.at + kExtensionHeader, part.value.size());
        if (part.type == kDestinationAddress) fill_address(inside, observed.to.address, flags);
        if (part.type == kSourceAddress) fill_address(inside, observed.from.address, flags);
    }
}

// §4.4: DSCP1 (6) | DSCP2 (6) | ECN (2) | RP (2) | reserved (16).
void fill_class_of_service(std::span<std::uint8_t> value, const Observed& observed, Reflected& out) {
    const auto wanted = static_cast<std::uint8_t>(value[0] >> 2U);
    const unsigned tos = observed.tos < 0 ? 0 : static_cast<unsigned>(observed.tos);
    const unsigned refused = observed.may_mark ? 0 : 1;
    out.dscp = observed.may_mark ? wanted : static_cast<std::uint8_t>(tos >> 2U);
    put16(value, static_cast<std::uint16_t>((static_cast<unsigned>(wanted) << 10U) | ((tos >> 2U) << 4U) |
                                            ((tos & 3U) << 2U) | refused));
}

void fill(const Extension& extension, std::span<std::uint8_t> value, const Observed& observed, Reflected& out) {
    switch (static_cast<ExtensionType>(extension.type)) {
        case ExtensionType::location: fill_location(value, observed); break;
        case ExtensionType::timestamp_information:
            value[0] = value[2] = static_cast<std::uint8_t>(observed.sync);
            value[1] = value[3] = static_cast<std::uint8_t>(StampMethod::software);
            break;
        case ExtensionType::class_of_service: fill_class_of_service(value, observed, out); break;
        case ExtensionType::direct_measurement:
            put32(value.subspan(4), observed.received);
            put32(value.subspan(8), observed.sent);
            break;
        case ExtensionType::follow_up_telemetry:
            // §4.7: a stateless reflector tells zeros.
            put32(value, observed.last_sequence);
            put64(value.subspan(4), observed.last_timestamp);
            value[12] = observed.last_timestamp != 0 ? static_cast<std::uint8_t>(StampMethod::software) : 0;
            break;
        case ExtensionType::hmac: out.hmac_at = extension.at; break;
        case ExtensionType::extra_padding:
        case ExtensionType::access_report: break;  // sent back as they are
    }
}

}  // namespace

std::vector<Extension> parse_extensions(ByteSpan bytes) {
    std::vector<Extension> out;
    ByteReader in(bytes);
    while (!in.at_end() && out.size() < kMostExtensions) {
        Extension extension{.at = in.offset()};
        extension.flags = in.u8();
        extension.type = in.u8();
        extension.value = in.bytes(in.u16());
        extension.cut = !in.ok();
        out.push_back(extension);
    }
    return out;
}

void write_extension(ByteWriter& out, ExtensionType type, ByteSpan value) {
    out.u8(kUnrecognised);
    out.u8(static_cast<std::uint8_t>(type));
    out.u16(static_cast<std::uint16_t>(value.size()));
    out.bytes(value);
}

void write_hmac_extension(ByteWriter& out, std::uint32_t sequence, Hmac& hmac) {
    const Block mac = hmac.of(octets_of(sequence), out.span());
    write_extension(out, ExtensionType::hmac, mac);
}

bool verify_extensions(ByteSpan bytes, std::uint32_t sequence, Hmac& hmac) {
    const auto at = place_of_hmac(parse_extensions(bytes));
    return at && hmac_is_right(bytes, *at, sequence, hmac);
}

Reflected reflect_extensions(std::span<std::uint8_t> bytes, std::uint32_t sequence, const Observed& observed,
                             Hmac* hmac, bool required) {
    Reflected out;
    if (bytes.empty()) return out;
    const auto extensions = parse_extensions(bytes);
    const bool any_hmac =
        std::ranges::any_of(extensions, [](const auto& extension) { return is(extension, ExtensionType::hmac); });
    const bool lone_padding = extensions.size() == 1 && is(extensions.front(), ExtensionType::extra_padding);
    if (any_hmac || (required && !lone_padding)) {
        const auto place = place_of_hmac(extensions);
        if (hmac == nullptr || !place || !hmac_is_right(bytes, *place, sequence, *hmac)) {
            for (const Extension& extension : extensions)
                bytes[extension.at] |= kIntegrityFailed;
            out.integrity_failed = true;
            return out;
        }
    }
    for (const Extension& extension : extensions) {
        const auto fits = length_fits(extension);
        std::uint8_t& flags = bytes[extension.at];
        flags = fits ? 0 : kUnrecognised;
        if (extension.cut || (fits && !*fits)) {
            flags |= kMalformed;
            break;
        }
        if (fits)
            fill(extension, bytes.subspan(extension.at + kExtensionHeader, extension.value.size()), observed, out);
    }
    return out;
}

void seal_extensions(std::span<std::uint8_t> bytes, std::size_t hmac_at, std::uint32_t sequence, Hmac& hmac) {
    const Block mac = hmac.of(octets_of(sequence), ByteSpan(bytes).first(hmac_at));
    std::ranges::copy(mac, bytes.subspan(hmac_at + kExtensionHeader).begin());
}

}  // namespace quipu::stamp
