#pragma once
// The contents of the signed objects that carry something to routers or people: ROAs (RFC 9582), ASPAs
// (draft-ietf-sidrops-aspa-profile), Ghostbusters records (RFC 6493), trust anchor keys (RFC 9691), checklists (RFC
// 9323). Each comes with the check of its content against its own certificate's resources.

#include "services/rpki/codec_certificate.h"

namespace quipu::rpki {

/// One origin authorised: what routers receive.
struct Vrp {
    Ipv6 address = 0;  ///< IPv4 in the lowest 32 bits
    Asn as = 0;
    std::uint8_t length = 0;
    std::uint8_t max_length = 0;
    bool v6 = false;

    [[nodiscard]] net::Prefix prefix() const;
    /// IPv4 before IPv6, then by address, length, maximal length and AS.
    auto operator<=>(const Vrp& other) const {
        if (const auto c = v6 <=> other.v6; c != 0) return c;
        if (address != other.address)
            return address < other.address ? std::strong_ordering::less : std::strong_ordering::greater;
        if (const auto c = length <=> other.length; c != 0) return c;
        if (const auto c = max_length <=> other.max_length; c != 0) return c;
        return as <=> other.as;
    }
    bool operator==(const Vrp&) const = default;
};

/// RFC 9582 §4 and §5. Appends to `out`.
[[nodiscard]] Checked<void> parse_roa(ByteSpan content, const Certificate& certificate, std::vector<Vrp>& out);

struct Aspa {
    Asn customer = 0;
    std::vector<Asn> providers;  ///< ascending
    auto operator<=>(const Aspa&) const = default;
};
[[nodiscard]] Checked<Aspa> parse_aspa(ByteSpan content, const Certificate& certificate);

[[nodiscard]] Checked<void> check_ghostbusters(ByteSpan content, const Certificate& certificate);

struct TrustAnchorKeys {
    struct Key {
        std::vector<std::string_view> comments;
        std::vector<std::string_view> addresses;
        ByteSpan key_info;
    };
    Key current;
    std::optional<Key> predecessor;
    std::optional<Key> successor;
};
[[nodiscard]] Checked<TrustAnchorKeys> parse_trust_anchor_keys(ByteSpan content, const Certificate& certificate);

struct Checklist {
    struct File {
        std::string_view name;  ///< may be empty
        ByteSpan digest;        ///< SHA-256
    };
    Resources resources;
    std::vector<File> files;
};
[[nodiscard]] Checked<Checklist> parse_checklist(ByteSpan content, const Certificate& certificate);

/// RFC 8630 §2.2: comments, addresses, an empty line, the key in Base 64.
struct TrustAnchorLocator {
    std::string name;  ///< of the file, without ".tal"
    std::vector<std::string> comments;
    std::vector<std::string> addresses;  ///< https or rsync
    std::vector<std::uint8_t> key_info;
};
[[nodiscard]] Checked<TrustAnchorLocator> parse_tal(std::string_view text, std::string name);

}  // namespace quipu::rpki
