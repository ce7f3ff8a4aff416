#include "services/rpki/codec_certificate.h"

#include <fmt/format.h>

#include "services/rpki/oids.h"

namespace quipu::rpki {
namespace {

/// The extensions that RFC 6487 §4.8 knows, each at most once.
struct Extensions {
    struct Extension {
        std::string_view oid;
        bool critical;  ///< as the profile demands
        Rule rule;
        ByteSpan value = {};
        bool present = false;
    };
    std::array<Extension, 12> all{{
        {oid::kBasicConstraints, true, Rule::basic_constraints},                        // §4.8.1
        {oid::kSubjectKeyIdentifier, false, Rule::subject_key_identifier},              // §4.8.2
        {oid::kAuthorityKeyIdentifier, false, Rule::authority_key_identifier},          // §4.8.3
        {oid::kKeyUsage, true, Rule::key_usage},                                        // §4.8.4
        {oid::kExtendedKeyUsage, false, Rule::extended_key_usage},                      // §4.8.5
        {oid::kCrlDistributionPoints, false, Rule::crl_distribution_points},            // §4.8.6
        {oid::kAuthorityInformationAccess, false, Rule::authority_information_access},  // §4.8.7
        {oid::kSubjectInformationAccess, false, Rule::subject_information_access},      // §4.8.8
        {oid::kCertificatePolicies, true, Rule::certificate_policies},                  // §4.8.9
        {oid::kIpAddrBlocks, true, Rule::ip_resources},                                 // §4.8.10, RFC 8360 §4.2.2.1
        {oid::kAutonomousSysIds, true, Rule::as_resources},                             // §4.8.11, RFC 8360 §4.2.2.3
        {{}, false, Rule::unknown_extension},
    }};
    bool second_edition_ip = false;  ///< by the identifiers of RFC 8360
    bool second_edition_as = false;

    [[nodiscard]] const Extension& basic_constraints() const { return all[0]; }
    [[nodiscard]] const Extension& subject_key() const { return all[1]; }
    [[nodiscard]] const Extension& authority_key() const { return all[2]; }
    [[nodiscard]] const Extension& key_usage() const { return all[3]; }
    [[nodiscard]] const Extension& extended_key_usage() const { return all[4]; }
    [[nodiscard]] const Extension& crl() const { return all[5]; }
    [[nodiscard]] const Extension& authority_access() const { return all[6]; }
    [[nodiscard]] const Extension& subject_access() const { return all[7]; }
    [[nodiscard]] const Extension& policies() const { return all[8]; }
    [[nodiscard]] const Extension& ip() const { return all[9]; }
    [[nodiscard]] const Extension& as() const { return all[10]; }

    [[nodiscard]] Checked<void> take(ByteSpan id, bool critical, ByteSpan value) {
        std::size_t at = 0;
        if (same(id, oid::kIpAddrBlocksV2)) {
            second_edition_ip = true;
            at = 9;
        } else if (same(id, oid::kAutonomousSysIdsV2)) {
            second_edition_as = true;
            at = 10;
        } else {
            while (at < 11 && !same(id, all[at].oid))
                ++at;
        }
        if (at == 11) {
            // RFC 6487 §4.8: any other extension makes the certificate invalid, critical or not.
            return breach(Rule::unknown_extension, critical ? "a critical one" : "");
        }
        Extension& extension = all[at];
        if (extension.present) return breach(Rule::repeated_extension, std::string(text_of(extension.rule).name));
        if (critical != extension.critical) return breach(extension.rule, critical ? "is critical" : "is not critical");
        extension.present = true;
        extension.value = value;
        return {};
    }
};

Checked<Extensions> read_extensions(DerReader in) {
    Extensions out;
    while (!in.at_end()) {
        DerReader extension = in.enter(tag::kSequence);
        const ByteSpan id = extension.oid();
        bool critical = false;
        if (extension.next_is(tag::kBoolean)) {
            critical = extension.boolean();
            if (!critical) extension.fail_here();  // X.690 §11.5: a default is not written
        }
        const ByteSpan value = extension.octet_string();
        extension.end();
        if (!in.ok()) break;
        TRY(out.take(id, critical, value));
    }
    return out;
}

bool is_authority(ByteSpan basic_constraints) {
    DerFault fault;
    DerReader in(basic_constraints, fault);
    DerReader constraints = in.enter(tag::kSequence);
    in.end();
    const bool authority = constraints.boolean();
    constraints.end();  // no path length
    return authority && !fault.failed;
}

/// RFC 6487 §4.8.4: exactly these bits, as the content of the BIT STRING.
bool has_key_usage(ByteSpan extension, std::string_view content) {
    DerFault fault;
    DerReader in(extension, fault);
    const ByteSpan bits = in.take(tag::kBitString);
    in.end();
    return !fault.failed && same(bits, content);
}

/// RFC 8209 §3.1.3.2: the purpose of a BGPsec router among others.
bool is_router_purpose(ByteSpan extension) {
    DerFault fault;
    DerReader in(extension, fault);
    DerReader purposes = in.enter(tag::kSequence);
    in.end();
    bool router = false;
    while (!purposes.at_end())
        router = same(purposes.oid(), oid::kBgpsecRouter) || router;
    return router && !fault.failed;
}

/// RFC 6487 §4.8.6: one point, by its full name, with one rsync address among its addresses.
Checked<std::string_view> read_crl_point(ByteSpan extension) {
    DerFault fault;
    DerReader in(extension, fault);
    DerReader points = in.enter(tag::kSequence);
    in.end();
    DerReader point = points.enter(tag::kSequence);
    points.end();  // more than one is refused
    DerReader name = point.enter(tag::context_constructed(0));
    point.end();  // neither reasons nor an issuer
    DerReader full = name.enter(tag::context_constructed(0));
    name.end();
    std::string_view out;
    while (!full.at_end()) {
        const std::string_view uri = full.visible_text(tag::context(6));
        if (out.empty() && is_rsync_uri(uri)) out = uri;
    }
    if (fault.failed) return breach(Rule::crl_distribution_points, "is not one point with a full name of addresses");
    if (out.empty()) return breach(Rule::crl_distribution_points, "has no rsync address");
    return out;
}

template <class Each>
bool for_each_access(ByteSpan extension, Each each) {
    DerFault fault;
    DerReader in(extension, fault);
    DerReader descriptions = in.enter(tag::kSequence);
    in.end();
    if (descriptions.at_end()) return false;
    while (!descriptions.at_end()) {
        DerReader description = descriptions.enter(tag::kSequence);
        const ByteSpan method = description.oid();
        const std::string_view uri = description.visible_text(tag::context(6));
        description.end();
        if (descriptions.ok() && !each(method, uri)) return false;
    }
    return !fault.failed;
}

/// RFC 6487 §4.8.7.
Checked<std::string_view> read_issuer_address(ByteSpan extension) {
    std::string_view out;
    const bool well_formed = for_each_access(extension, [&](ByteSpan method, std::string_view uri) {
        if (!same(method, oid::kCaIssuers)) return false;
        if (out.empty() && is_rsync_uri(uri)) out = uri;
        return true;
    });
    if (!well_formed)
        return breach(Rule::authority_information_access, "has something other than addresses of the issuer");
    if (out.empty()) return breach(Rule::authority_information_access, "has no rsync address");
    return out;
}

/// RFC 6487 §4.8.8.1, RFC 8182 §3.2.
Checked<void> read_authority_access(ByteSpan extension, Certificate& out) {
    constexpr auto kRule = Rule::subject_information_access;
    bool secure = true;
    const bool well_formed = for_each_access(extension, [&](ByteSpan method, std::string_view uri) {
        if (same(method, oid::kCaRepository)) {
            if (out.repository.empty() && is_rsync_uri(uri)) out.repository = uri;
        } else if (same(method, oid::kRpkiManifest)) {
            if (out.manifest.empty() && is_rsync_uri(uri)) out.manifest = uri;
        } else if (same(method, oid::kRpkiNotify)) {
            secure = secure && is_https_uri(uri) && out.notification.empty();
            out.notification = uri;
        } else {
            return false;
        }
        return true;
    });
    if (!well_formed) return breach(kRule, "has something other than a repository, a manifest and a notification file");
    if (!secure) return breach(kRule, "the notification file is not one https address");
    if (out.repository.empty()) return breach(kRule, "has no repository by rsync");
    if (out.manifest.empty()) return breach(kRule, "has no manifest by rsync");
    std::string_view folder = out.repository;
    if (folder.ends_with('/')) folder.remove_suffix(1);
    // RFC 6481 §2: the manifest is one of the publication point's files.
    const std::size_t slash = out.manifest.rfind('/');
    if (out.manifest.substr(0, slash) != folder || !out.manifest.ends_with(".mft"))
        return breach(kRule, "the manifest is not a file of the repository");
    return {};
}

/// RFC 6487 §4.8.8.2. A notification address beside it is tolerated: errata 7239 of RFC 8182.
Checked<void> read_object_access(ByteSpan extension, Certificate& out) {
    const bool well_formed = for_each_access(extension, [&](ByteSpan method, std::string_view uri) {
        if (same(method, oid::kRpkiNotify)) return true;
        if (!same(method, oid::kSignedObject)) return false;
        if (out.signed_object.empty() && is_rsync_uri(uri)) out.signed_object = uri;
        return true;
    });
    if (!well_formed) return breach(Rule::subject_information_access, "has something other than the signed object");
    if (out.signed_object.empty()) return breach(Rule::subject_information_access, "has no signed object by rsync");
    return {};
}

/// RFC 6487 §4.8.9 and RFC 7318 §2; which of the two policies it is decides on RFC 8360.
Checked<bool> read_policy(ByteSpan extension) {
    DerFault fault;
    DerReader in(extension, fault);
    DerReader policies = in.enter(tag::kSequence);
    in.end();
    DerReader policy = policies.enter(tag::kSequence);
    policies.end();
    const ByteSpan id = policy.oid();
    if (!policy.at_end()) {
        DerReader qualifiers = policy.enter(tag::kSequence);
        policy.end();
        DerReader qualifier = qualifiers.enter(tag::kSequence);
        qualifiers.end();
        const ByteSpan kind = qualifier.oid();
        static_cast<void>(qualifier.visible_text(tag::kIa5String));
        qualifier.end();
        if (!fault.failed && !same(kind, oid::kCpsQualifier))
            return breach(Rule::certificate_policies, "has a qualifier other than one practice statement");
    }
    if (fault.failed) return breach(Rule::certificate_policies, "is not one policy with at most one qualifier");
    if (same(id, oid::kPolicyV2)) return true;
    if (!same(id, oid::kPolicy)) return breach(Rule::certificate_policies, "is not the policy of the RPKI");
    return false;
}

/// RFC 8608 §3.1.1: an uncompressed point of P-256.
bool is_router_key(ByteSpan key_info) {
    DerFault fault;
    DerReader in(key_info, fault);
    DerReader info = in.enter(tag::kSequence);
    DerReader algorithm = info.enter(tag::kSequence);
    const ByteSpan id = algorithm.oid();
    const ByteSpan curve = algorithm.oid();
    algorithm.end();
    const BitString point = info.bit_string();
    info.end();
    return !fault.failed && same(id, oid::kEcPublicKey) && same(curve, oid::kPrime256v1) && point.unused == 0 &&
           point.octets.size() == 65 && point.octets[0] == 4;
}

/// The octets of the key itself, whose SHA-1 is the key identifier: RFC 6487 §4.8.2.
ByteSpan key_bits(ByteSpan key_info) {
    DerFault fault;
    DerReader in(key_info, fault);
    DerReader info = in.enter(tag::kSequence);
    static_cast<void>(info.take(tag::kSequence));
    return info.bit_string().octets;
}

Checked<void> read_subject_key(const Extensions::Extension& extension, Certificate& out) {
    if (!extension.present) return breach(Rule::subject_key_identifier, "is missing");
    DerFault fault;
    DerReader in(extension.value, fault);
    out.key_id = in.octet_string();
    in.end();
    const Sha1 digest = sha1(key_bits(out.key_info));
    if (fault.failed || !same(out.key_id, ByteSpan(digest))) return breach(Rule::subject_key_identifier);
    return {};
}

Checked<void> read_authority_key(const Extensions::Extension& extension, Place place, Certificate& out) {
    if (!extension.present) {
        if (place == Place::trust_anchor) return {};  // §4.8.3: may be left out where it is self-signed
        return breach(Rule::authority_key_identifier, "is missing");
    }
    out.authority_key_id = parse_authority_key_identifier(extension.value);
    if (out.authority_key_id.empty())
        return breach(Rule::authority_key_identifier, "is not one key identifier of 20 octets");
    if (place == Place::trust_anchor && !same(out.authority_key_id, out.key_id))
        return breach(Rule::authority_key_identifier, "is not the trust anchor's own");
    return {};
}

/// Which of the three kinds this is: §4.8.1, §4.8.4, §4.8.5, RFC 8209 §3.1.3.
Checked<void> read_kind(const Extensions& extensions, Place place, Certificate& out) {
    const auto& constraints = extensions.basic_constraints();
    if (constraints.present) {
        if (!is_authority(constraints.value))
            return breach(Rule::basic_constraints, "is not that of an authority without path length");
        if (place == Place::signed_object || place == Place::checklist)
            return breach(Rule::basic_constraints, "stands in the certificate of a signed object");
        out.kind = Certificate::Kind::authority;
    } else {
        if (place == Place::trust_anchor) return breach(Rule::basic_constraints, "is missing");
        out.kind = place == Place::published ? Certificate::Kind::router : Certificate::Kind::end_entity;
    }
    const auto& usage = extensions.key_usage();
    if (!usage.present) return breach(Rule::key_usage, "is missing");
    using namespace std::string_view_literals;
    const bool authority = out.kind == Certificate::Kind::authority;
    if (!has_key_usage(usage.value, authority ? "\x01\x06"sv : "\x07\x80"sv))
        return breach(Rule::key_usage, authority ? "is not keyCertSign and cRLSign" : "is not digitalSignature");
    const auto& purpose = extensions.extended_key_usage();
    if (out.kind == Certificate::Kind::router) {
        // Neither an authority nor a router has any business as a file of its own.
        if (!purpose.present)
            return breach(Rule::basic_constraints, "is missing, and it is not a router's certificate");
        if (!is_router_purpose(purpose.value))
            return breach(Rule::extended_key_usage, "is not that of a BGPsec router");
    } else if (purpose.present) {
        return breach(Rule::extended_key_usage, "is present");
    }
    return {};
}

Checked<void> read_addresses(const Extensions& extensions, Place place, Certificate& out) {
    const bool anchor = place == Place::trust_anchor;
    if (extensions.crl().present) {
        if (anchor) return breach(Rule::crl_distribution_points, "is present in a trust anchor");
        out.crl = TRY(read_crl_point(extensions.crl().value));
    } else if (!anchor) {
        return breach(Rule::crl_distribution_points, "is missing");
    }
    if (extensions.authority_access().present) {
        if (anchor) return breach(Rule::authority_information_access, "is present in a trust anchor");
        out.issuer_at = TRY(read_issuer_address(extensions.authority_access().value));
    } else if (!anchor) {
        return breach(Rule::authority_information_access, "is missing");
    }
    const auto& access = extensions.subject_access();
    switch (out.kind) {
        case Certificate::Kind::router:
            if (access.present) return breach(Rule::router_information_access);
            return {};
        case Certificate::Kind::authority:
            if (!access.present) return breach(Rule::subject_information_access, "is missing");
            return read_authority_access(access.value, out);
        case Certificate::Kind::end_entity:
            if (place == Place::checklist) {  // RFC 9323 §3.2
                if (access.present) return breach(Rule::subject_information_access, "is present in a checklist");
                return {};
            }
            if (!access.present) return breach(Rule::subject_information_access, "is missing");
            return read_object_access(access.value, out);
    }
    return {};
}

Checked<void> read_resources(const Extensions& extensions, Place place, Certificate& out) {
    const auto edition = [&](bool second, Rule rule) -> Checked<void> {
        if (second != out.trims) return breach(rule, "is not the edition that goes with the certificate's policy");
        return {};
    };
    if (!extensions.ip().present && !extensions.as().present) return breach(Rule::resources_absent);
    if (extensions.ip().present) {
        TRY(edition(extensions.second_edition_ip, Rule::ip_resources));
        TRY(parse_ip_blocks(extensions.ip().value, out.resources));
    }
    if (extensions.as().present) {
        TRY(edition(extensions.second_edition_as, Rule::as_resources));
        TRY(parse_as_identifiers(extensions.as().value, out.resources));
    }
    if (place == Place::trust_anchor && out.resources.inherits_something()) return breach(Rule::trust_anchor_inherits);
    if (out.kind == Certificate::Kind::router &&
        (out.resources.has_ip() || out.resources.as.kind != Block<Asn>::Kind::ranges))
        return breach(Rule::router_resources);
    return {};
}

}  // namespace

bool is_sha256_with_rsa(ByteSpan algorithm) {
    DerFault fault;
    DerReader in(algorithm, fault);
    DerReader identifier = in.enter(tag::kSequence);
    const bool known = same(identifier.oid(), oid::kSha256WithRsa);
    identifier.null();  // RFC 4055 §5
    identifier.end();
    return known && !fault.failed;
}

bool is_profile_name(ByteSpan name, const Profile& profile) {
    DerFault fault;
    DerReader in(name, fault);
    DerReader parts = in.enter(tag::kSequence);
    int common_names = 0;
    int serial_numbers = 0;
    while (!parts.at_end()) {
        DerReader set = parts.enter(tag::kSet);
        while (!set.at_end()) {
            DerReader attribute = set.enter(tag::kSequence);
            const ByteSpan id = attribute.oid();
            const DerReader::Any value = attribute.any();
            attribute.end();
            const bool printable = value.tag == tag::kPrintableString;
            if (!printable && (profile.strict_names || value.tag != tag::kUtf8String)) return false;
            if (same(id, oid::kCommonName))
                ++common_names;
            else if (same(id, oid::kSerialNumber))
                ++serial_numbers;
            else
                return false;
        }
    }
    return !fault.failed && common_names == 1 && serial_numbers <= 1;
}

ByteSpan parse_authority_key_identifier(ByteSpan extension) {
    DerFault fault;
    DerReader in(extension, fault);
    DerReader identifier = in.enter(tag::kSequence);
    in.end();
    const ByteSpan key = identifier.take(tag::context(0));
    identifier.end();  // neither issuer nor serial number
    return fault.failed || key.size() != 20 ? ByteSpan{} : key;
}

ByteSpan rsa_modulus_of(ByteSpan key_info) {
    DerFault fault;
    DerReader in(key_info, fault);
    DerReader info = in.enter(tag::kSequence);
    in.end();
    DerReader algorithm = info.enter(tag::kSequence);
    const bool rsa = same(algorithm.oid(), oid::kRsaEncryption);
    algorithm.null();
    algorithm.end();
    const BitString bits = info.bit_string();
    info.end();
    DerReader key_in(bits.octets, fault);
    DerReader key = key_in.enter(tag::kSequence);
    key_in.end();
    const ByteSpan modulus = key.unsigned_integer(kRsaOctets);
    const std::uint32_t exponent = key.u32();
    key.end();
    const bool good = !fault.failed && rsa && bits.unused == 0 && exponent == 65'537 && modulus.size() == kRsaOctets &&
                      (modulus[0] & 0x80U) != 0 && (modulus.back() & 1U) != 0;
    return good ? modulus : ByteSpan{};
}

bool is_file_name(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || name.size() - dot != 4 || name.size() > 255) return false;
    const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto word = [&](char c) {
        return lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return std::ranges::all_of(name.substr(0, dot), word) && std::ranges::all_of(name.substr(dot + 1), lower);
}

namespace {

/// SCHEME://HOST/PATH with a host, and no segment that leads elsewhere.
bool is_uri_of(std::string_view uri, std::string_view scheme) {
    if (uri.size() > 4'096 || uri.size() < scheme.size()) return false;
    for (std::size_t i = 0; i < scheme.size(); ++i)
        if ((uri[i] | 0x20) != (scheme[i] | 0x20)) return false;
    uri.remove_prefix(scheme.size());
    const std::size_t slash = uri.find('/');
    if (slash == 0 || slash == std::string_view::npos || uri.starts_with('.')) return false;
    for (std::size_t at = slash + 1; at <= uri.size();) {
        const std::size_t end = std::min(uri.find('/', at), uri.size());
        const std::string_view segment = uri.substr(at, end - at);
        if (segment == "." || segment == ".." || (segment.empty() && end != uri.size())) return false;
        at = end + 1;
    }
    return true;
}

}  // namespace

bool is_rsync_uri(std::string_view uri) {
    return is_uri_of(uri, "rsync://");
}
bool is_https_uri(std::string_view uri) {
    return is_uri_of(uri, "https://");
}

Checked<Certificate> parse_certificate(ByteSpan bytes, Place place, const Profile& profile) {
    Certificate out;
    out.whole = bytes;
    DerFault fault;
    DerReader in(bytes, fault);
    DerReader certificate = in.enter(tag::kSequence);
    in.end();
    out.tbs = certificate.element(tag::kSequence);
    const ByteSpan algorithm = certificate.element(tag::kSequence);
    const BitString signature = certificate.bit_string();
    certificate.end();
    out.signature = signature.octets;

    DerReader tbs_in(out.tbs, fault);
    DerReader tbs = tbs_in.enter(tag::kSequence);
    if (fault.failed) return breach(Rule::der);
    if (!tbs.next_is(tag::context_constructed(0))) return breach(Rule::certificate_version, "is 1");
    DerReader version = tbs.enter(tag::context_constructed(0));
    const std::uint32_t number = version.u32();
    version.end();
    if (fault.failed) return breach(Rule::der);
    if (number != 2) return breach(Rule::certificate_version);  // §4.1: version 3 is 2
    out.serial = tbs.unsigned_integer(20);
    if (fault.failed || (out.serial.size() == 1 && out.serial[0] == 0)) return breach(Rule::certificate_serial);
    if (out.serial.size() == 20 && (out.serial[0] & 0x80U) != 0) return breach(Rule::certificate_serial);
    const ByteSpan inner_algorithm = tbs.element(tag::kSequence);
    out.issuer = tbs.element(tag::kSequence);
    DerReader validity = tbs.enter(tag::kSequence);
    out.not_before = validity.x509_time();
    out.not_after = validity.x509_time();
    validity.end();
    out.subject = tbs.element(tag::kSequence);
    out.key_info = tbs.element(tag::kSequence);
    DerReader extensions_in = tbs.enter(tag::context_constructed(3));  // unique identifiers are refused before it
    tbs.end();
    DerReader extension_list = extensions_in.enter(tag::kSequence);
    extensions_in.end();
    if (fault.failed) return breach(Rule::der);

    if (!same(algorithm, inner_algorithm) || !is_sha256_with_rsa(algorithm) || signature.unused != 0)
        return breach(Rule::signature_algorithm);
    const Profile names{.strict_names = profile.strict_names && place != Place::published};
    if (!is_profile_name(out.issuer, names)) return breach(Rule::issuer_name);
    if (!is_profile_name(out.subject, names)) return breach(Rule::subject_name);
    if (out.not_before > out.not_after) return breach(Rule::validity_order);

    const Extensions extensions = TRY(read_extensions(extension_list));
    if (fault.failed) return breach(Rule::der, "in the extensions");
    TRY(read_kind(extensions, place, out));
    if (out.kind == Certificate::Kind::router) {
        if (!is_router_key(out.key_info)) return breach(Rule::router_key);
    } else {
        out.modulus = rsa_modulus_of(out.key_info);
        if (out.modulus.empty()) return breach(Rule::public_key);
    }
    TRY(read_subject_key(extensions.subject_key(), out));
    TRY(read_authority_key(extensions.authority_key(), place, out));
    TRY(read_addresses(extensions, place, out));
    if (!extensions.policies().present) return breach(Rule::certificate_policies, "is missing");
    out.trims = TRY(read_policy(extensions.policies().value));
    TRY(read_resources(extensions, place, out));
    return out;
}

}  // namespace quipu::rpki
