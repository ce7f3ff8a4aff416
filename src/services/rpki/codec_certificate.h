#pragma once
// Resource certificates (RFC 6487, with RFC 7318, RFC 8360 and RFC 8209) as views into their octets. Parsing checks all
// that the certificate alone can show: RFC 6487 §7.2 points 3 and 4. Signature, dates, resources and revocation are the
// engine's.

#include "services/rpki/crypto.h"
#include "services/rpki/resources.h"

namespace quipu::rpki {

/// What the place of a certificate demands of it.
enum class Place : std::uint8_t {
    trust_anchor,   ///< named by a TAL: self-signed authority
    published,      ///< a .cer file on a manifest: authority or router
    signed_object,  ///< inside a CMS object
    checklist,      ///< inside an RSC: it has no signedObject
};

struct Certificate {
    enum class Kind : std::uint8_t { authority, end_entity, router };
    Kind kind = Kind::end_entity;
    bool trims = false;  ///< the policy of RFC 8360: what the issuer lacks is left out instead of refused

    ByteSpan whole;
    ByteSpan tbs;        ///< what is signed
    ByteSpan signature;  ///< octets of the BIT STRING
    ByteSpan serial;     ///< without leading zero
    ByteSpan issuer;     ///< whole Name
    ByteSpan subject;
    std::int64_t not_before = 0;  ///< seconds since 1970
    std::int64_t not_after = 0;
    ByteSpan key_info;          ///< whole SubjectPublicKeyInfo
    ByteSpan modulus;           ///< of RSA; empty for a router
    ByteSpan key_id;            ///< SHA-1 of the key, 20 octets
    ByteSpan authority_key_id;  ///< empty where a trust anchor leaves it out

    std::string_view crl;            ///< rsync address of the CRL
    std::string_view issuer_at;      ///< rsync address of the issuer's certificate
    std::string_view repository;     ///< authority: rsync address of its publication point, ends in "/"
    std::string_view manifest;       ///< authority
    std::string_view notification;   ///< authority: RRDP, may be empty
    std::string_view signed_object;  ///< end entity: where it is published

    Resources resources;
};

struct Profile {
    /// RFC 6487 §4.4: PrintableString only. Authorities of the global RPKI use UTF8String, and no relying party refuses
    /// it.
    bool strict_names = false;
};

[[nodiscard]] Checked<Certificate> parse_certificate(ByteSpan bytes, Place place, const Profile& profile = {});

/// RFC 7935 §2: AlgorithmIdentifier of a certificate or CRL.
[[nodiscard]] bool is_sha256_with_rsa(ByteSpan algorithm);
/// RFC 6487 §4.4 and §4.5.
[[nodiscard]] bool is_profile_name(ByteSpan name, const Profile& profile);
/// RFC 6487 §4.8.3: the key identifier of an extension's value; empty if it breaks the profile.
[[nodiscard]] ByteSpan parse_authority_key_identifier(ByteSpan extension);
/// The SubjectPublicKeyInfo of an RSA key of RFC 7935 §3: its modulus, or empty.
[[nodiscard]] ByteSpan rsa_modulus_of(ByteSpan key_info);
/// An rsync address with a host and a path without "." and ".." segments.
[[nodiscard]] bool is_rsync_uri(std::string_view uri);
[[nodiscard]] bool is_https_uri(std::string_view uri);
/// A file name as manifests may list: RFC 9286 §4.2.2.
[[nodiscard]] bool is_file_name(std::string_view name);

}  // namespace quipu::rpki
