#pragma once
// The objects of a generated tree as plain descriptions that a fault may bend before they are encoded and signed.

#include <optional>
#include <string>

#include "services/rpki/lab_keys.h"
#include "services/rpki/resources.h"

namespace quipu::rpki {

struct LabExtension {
    std::string_view oid;
    bool critical = false;
    write::Octets value;
};

struct LabCertificate {
    std::uint64_t version = 2;
    write::Octets serial;  ///< whole INTEGER
    write::Octets algorithm;
    write::Octets inner_algorithm;
    write::Octets issuer;
    write::Octets subject;
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    write::Octets key_info;
    std::vector<LabExtension> extensions;
    bool spoil_signature = false;

    [[nodiscard]] LabExtension* extension(std::string_view oid);
    void remove(std::string_view oid);
    /// Under the policy of RFC 8360, with its resource extensions (§4.2).
    void reconsider();
    [[nodiscard]] write::Octets encode(LabKeys::Signer& issuer_key) const;
};

/// Where a certificate stands, from which its extensions follow.
struct LabAddresses {
    std::string crl;
    std::string issuer;         ///< of the certificate above
    std::string repository;     ///< authority
    std::string manifest;       ///< authority
    std::string notification;   ///< authority; may be empty
    std::string signed_object;  ///< end entity
};

/// A certificate as the profile wants it. Empty `issuer_key_info`: self-signed.
[[nodiscard]] LabCertificate lab_certificate(const write::Octets& key_info, const write::Octets& issuer_key_info,
                                             std::uint64_t serial, std::int64_t not_before, std::int64_t not_after,
                                             const LabAddresses& addresses, const Resources& resources, bool authority);
[[nodiscard]] LabCertificate lab_router(std::uint64_t serial, const write::Octets& issuer_key_info,
                                        std::int64_t not_before, std::int64_t not_after, const LabAddresses& addresses,
                                        Asn as);

struct LabSignedObject {
    LabCertificate certificate;
    std::size_t key = 0;  ///< of the end entity
    std::string_view content_type;
    write::Octets content;
    std::uint64_t version = 3;
    std::uint64_t signer_version = 3;
    std::vector<write::Octets> attributes;  ///< further ones
    std::optional<std::int64_t> signing_time;
    std::optional<std::string_view> attribute_content_type;  ///< another than the content's
    std::string_view signature_algorithm;
    bool spoil_digest = false;
    bool spoil_signature = false;
    bool with_crl = false;
    bool twice_certificate = false;
    bool unsigned_attribute = false;
    bool wrong_signer = false;

    [[nodiscard]] write::Octets encode(LabKeys::Signer& issuer_key, LabKeys::Signer& key) const;
};

struct LabManifest {
    std::optional<std::uint64_t> version;
    std::uint64_t number = 1;
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;
    std::string_view algorithm;
    struct File {
        std::string name;
        Sha256 hash{};
    };
    std::vector<File> files;
    [[nodiscard]] write::Octets encode() const;
};

struct LabCrl {
    std::uint64_t version = 1;
    write::Octets issuer;
    write::Octets algorithm;
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;
    bool without_next_update = false;
    std::vector<write::Octets> revoked;  ///< serial numbers as whole INTEGERs
    bool entry_extension = false;
    std::vector<LabExtension> extensions;
    bool spoil_signature = false;
    [[nodiscard]] write::Octets encode(LabKeys::Signer& issuer_key) const;
};
[[nodiscard]] LabCrl lab_crl(const write::Octets& issuer_key_info, std::uint64_t number, std::int64_t this_update,
                             std::int64_t next_update);

struct LabRoa {
    std::optional<std::uint64_t> version;
    Asn as = 0;
    struct Address {
        Range<Ipv6> range;  ///< IPv4 in the lowest 32 bits
        bool v6 = false;
        unsigned length = 0;
        std::optional<std::uint64_t> max_length;
    };
    std::vector<Address> addresses;  ///< IPv4 before IPv6
    bool family_twice = false;
    bool with_safi = false;
    [[nodiscard]] write::Octets encode() const;
};

struct LabAspa {
    std::optional<std::uint64_t> version = 1;
    Asn customer = 0;
    std::vector<Asn> providers;
    [[nodiscard]] write::Octets encode() const;
};

/// RFC 9691 §2.1, with a current key alone.
struct LabTrustAnchorKey {
    std::optional<std::uint64_t> version;
    std::vector<std::string> addresses;
    write::Octets key_info;
    [[nodiscard]] write::Octets encode() const;
};

/// RFC 9323 §4, of one file.
struct LabChecklist {
    Resources resources;
    std::string file;
    Sha256 digest{};
    [[nodiscard]] write::Octets encode() const;
};

[[nodiscard]] write::Octets sha256_with_rsa();
[[nodiscard]] write::Octets lab_name(ByteSpan key_info);
[[nodiscard]] write::Octets encode_ip_blocks(const Resources& resources);
[[nodiscard]] write::Octets encode_as_identifiers(const Resources& resources);
[[nodiscard]] std::string base64_lines(ByteSpan bytes);

}  // namespace quipu::rpki
