#include "services/rpki/rules.h"

#include <array>

namespace quipu::rpki {
namespace {

using enum Rule;

constexpr auto kRules = std::to_array<RuleText>({
    {accepted, "accepted", "", ""},
    {not_checked, "not-checked", "RFC 9286 §6.6", "what lists it was refused"},
    {ignored_type, "ignored-type", "RFC 6488 §4", "its type is not known here and is ignored"},
    {object_too_large, "object-too-large", "limit", "is above the limit max-object-size"},
    {too_many_files, "too-many-files", "limit", "lists more files than the limit max-files allows"},
    {point_too_large, "point-too-large", "limit", "has more octets in its files than the limit max-point-size allows"},
    {chain_too_deep, "chain-too-deep", "limit", "stands deeper than the limit max-depth allows"},
    {too_many_authorities, "too-many-authorities", "limit", "is one more than the limit max-authorities allows"},
    {der, "der", "RFC 6488 §2", "is not well-formed DER"},
    {tal_syntax, "tal-syntax", "RFC 8630 §2.2", "is not a trust anchor locator"},
    {tal_key, "tal-key", "RFC 8630 §3", "the trust anchor's key is not the locator's"},
    {trust_anchor_missing, "trust-anchor-missing", "RFC 8630 §3", "none of the locator's addresses gave a certificate"},
    {trust_anchor_inherits, "trust-anchor-inherits", "RFC 8630 §2.3", "a trust anchor may not inherit resources"},
    {certificate_version, "certificate-version", "RFC 6487 §4.1", "the version is not 3"},
    {certificate_serial, "certificate-serial", "RFC 6487 §4.2", "the serial number is not a positive integer of at most 20 octets"},
    {signature_algorithm, "signature-algorithm", "RFC 6487 §4.3", "the signature algorithm is not sha256WithRSAEncryption"},
    {issuer_name, "issuer-name", "RFC 6487 §4.4", "the issuer is not one common name with at most a serial number"},
    {subject_name, "subject-name", "RFC 6487 §4.5", "the subject is not one common name with at most a serial number"},
    {validity_order, "validity-order", "RFC 6487 §4.6", "the validity ends before it begins"},
    {not_yet_valid, "not-yet-valid", "RFC 6487 §7.2", "is not valid yet"},
    {expired, "expired", "RFC 6487 §7.2", "has expired"},
    {public_key, "public-key", "RFC 6487 §4.7", "the key is not RSA with 2048 bits and exponent 65537"},
    {unknown_extension, "unknown-extension", "RFC 6487 §4.8", "has an extension that the profile does not allow"},
    {repeated_extension, "repeated-extension", "RFC 5280 §4.2", "has an extension twice"},
    {basic_constraints, "basic-constraints", "RFC 6487 §4.8.1", "the basic constraints break the profile"},
    {subject_key_identifier, "subject-key-identifier", "RFC 6487 §4.8.2", "the subject key identifier is not the key's SHA-1"},
    {authority_key_identifier, "authority-key-identifier", "RFC 6487 §4.8.3", "the authority key identifier breaks the profile"},
    {key_usage, "key-usage", "RFC 6487 §4.8.4", "the key usage breaks the profile"},
    {extended_key_usage, "extended-key-usage", "RFC 6487 §4.8.5", "the extended key usage breaks the profile"},
    {crl_distribution_points, "crl-distribution-points", "RFC 6487 §4.8.6", "the CRL distribution point breaks the profile"},
    {authority_information_access, "authority-information-access", "RFC 6487 §4.8.7", "the authority information access breaks the profile"},
    {subject_information_access, "subject-information-access", "RFC 6487 §4.8.8", "the subject information access breaks the profile"},
    {certificate_policies, "certificate-policies", "RFC 6487 §4.8.9", "the certificate policies break the profile"},
    {ip_resources, "ip-resources", "RFC 6487 §4.8.10", "the IP resources break the profile"},
    {ip_resources_canonical, "ip-resources-canonical", "RFC 3779 §2.2.3.6", "the IP resources are not in canonical form"},
    {as_resources, "as-resources", "RFC 6487 §4.8.11", "the AS resources break the profile"},
    {as_resources_canonical, "as-resources-canonical", "RFC 3779 §3.2.3.4", "the AS resources are not in canonical form"},
    {resources_absent, "resources-absent", "RFC 6487 §4.8.10", "has neither IP nor AS resources"},
    {issuer_mismatch, "issuer-mismatch", "RFC 6487 §7.2", "does not name the certificate above as its issuer"},
    {certificate_signature, "certificate-signature", "RFC 6487 §7.2", "the certificate is not signed by the key above"},
    {revoked, "revoked", "RFC 6487 §7.2", "is revoked"},
    {overclaim, "overclaim", "RFC 6487 §7.2", "claims resources that the certificate above does not hold"},
    {loop, "loop", "RFC 6487 §7.2", "certifies a key that stands above it already"},
    {location, "location", "RFC 6487 §4.8.8.2", "is not where its certificate says that it is published"},
    {crl_version, "crl-version", "RFC 6487 §5", "the CRL's version is not 2"},
    {crl_issuer, "crl-issuer", "RFC 6487 §5", "the CRL's issuer is not the certificate's subject"},
    {crl_dates, "crl-dates", "RFC 6487 §5", "the CRL's next update does not come after this one"},
    {crl_stale, "crl-stale", "RFC 6487 §7.2", "the CRL is not current"},
    {crl_entry, "crl-entry", "RFC 6487 §5", "an entry of the CRL breaks the profile"},
    {crl_extensions, "crl-extensions", "RFC 6487 §5", "the CRL's extensions are not exactly the authority key identifier and the number"},
    {crl_signature, "crl-signature", "RFC 6487 §5", "the CRL is not signed by the key above"},
    {content_info, "content-info", "RFC 6488 §2", "is not CMS signed data"},
    {signed_data_version, "signed-data-version", "RFC 6488 §2.1.1", "the signed data's version is not 3"},
    {digest_algorithms, "digest-algorithms", "RFC 6488 §2.1.2", "the digest algorithms are not SHA-256 alone"},
    {content_type, "content-type", "RFC 6488 §2.1.3.1", "the content's type is not the one expected"},
    {encapsulated_content, "encapsulated-content", "RFC 6488 §2.1.3.2", "there is no content"},
    {certificates_field, "certificates-field", "RFC 6488 §2.1.4", "there is not exactly one certificate"},
    {crls_field, "crls-field", "RFC 6488 §2.1.5", "there is a CRL inside"},
    {signer_infos, "signer-infos", "RFC 6488 §2.1.6", "there is not exactly one signer"},
    {signer_version, "signer-version", "RFC 6488 §2.1.6.1", "the signer's version is not 3"},
    {signer_identifier, "signer-identifier", "RFC 6488 §2.1.6.2", "the signer is not named by the certificate's key identifier"},
    {signer_digest_algorithm, "signer-digest-algorithm", "RFC 6488 §2.1.6.3", "the signer's digest algorithm is not SHA-256"},
    {signed_attributes, "signed-attributes", "RFC 6488 §2.1.6.4", "the signed attributes are not those of the profile, once each"},
    {content_type_attribute, "content-type-attribute", "RFC 6488 §2.1.6.4.1", "the signed content type is not the content's"},
    {message_digest_attribute, "message-digest-attribute", "RFC 6488 §2.1.6.4.2", "the signed digest is not the content's"},
    {signing_time_attribute, "signing-time-attribute", "RFC 9589 §4", "the signing time is missing or malformed, or there is a binary one"},
    {signer_signature_algorithm, "signer-signature-algorithm", "RFC 6488 §2.1.6.5", "the signer's signature algorithm is neither rsaEncryption nor sha256WithRSAEncryption"},
    {unsigned_attributes, "unsigned-attributes", "RFC 6488 §2.1.6.7", "there are unsigned attributes"},
    {content_signature, "content-signature", "RFC 6488 §3", "the content is not signed by the certificate's key"},
    {wrong_type_for_name, "wrong-type-for-name", "RFC 6481 §2.2", "the file's name and its content say different types"},
    {manifest_missing, "manifest-missing", "RFC 9286 §6.2", "the manifest is missing"},
    {manifest_syntax, "manifest-syntax", "RFC 9286 §4.2", "the manifest's content is malformed"},
    {manifest_version, "manifest-version", "RFC 9286 §4.2.1", "the manifest's version is not 0"},
    {manifest_number, "manifest-number", "RFC 9286 §4.2.1", "the manifest's number is not an integer of at most 20 octets"},
    {manifest_dates, "manifest-dates", "RFC 9286 §4.2.1", "the manifest's next update does not come after this one"},
    {manifest_hash_algorithm, "manifest-hash-algorithm", "RFC 9286 §4.2.1", "the manifest's hash algorithm is not SHA-256"},
    {manifest_file_name, "manifest-file-name", "RFC 9286 §4.2.2", "the manifest lists a file name that is not allowed"},
    {manifest_repeated_file, "manifest-repeated-file", "RFC 9286 §4.2.1", "the manifest lists a file twice"},
    {manifest_resources, "manifest-resources", "RFC 9286 §5.1", "the manifest's certificate does not inherit all its resources"},
    {manifest_stale, "manifest-stale", "RFC 9286 §6.3", "the manifest's next update has passed"},
    {manifest_premature, "manifest-premature", "RFC 9286 §6.3", "the manifest was issued in the future"},
    {manifest_regressed, "manifest-regressed", "RFC 9286 §4.2.1", "the manifest is not newer than the last valid one"},
    {manifest_crl, "manifest-crl", "RFC 9286 §6.4", "the manifest does not list exactly the CRL that its certificate names"},
    {file_missing, "file-missing", "RFC 9286 §6.4", "the manifest lists it and it is not there"},
    {file_hash, "file-hash", "RFC 9286 §6.5", "its hash is not the manifest's"},
    {roa_syntax, "roa-syntax", "RFC 9582 §4", "the ROA's content is malformed"},
    {roa_version, "roa-version", "RFC 9582 §4.1", "the ROA's version is not 0"},
    {roa_families, "roa-families", "RFC 9582 §4.3.1", "the ROA's address families are not IPv4 and IPv6, at most once each"},
    {roa_prefix, "roa-prefix", "RFC 9582 §4.3.2", "a prefix of the ROA is malformed"},
    {roa_max_length, "roa-max-length", "RFC 9582 §4.3.2.2", "a maximal length of the ROA is outside its prefix's and its family's length"},
    {roa_resources, "roa-resources", "RFC 9582 §5", "the ROA's certificate does not hold every prefix explicitly"},
    {roa_as_resources, "roa-as-resources", "RFC 9582 §5", "the ROA's certificate has AS resources"},
    {ghostbusters_syntax, "ghostbusters-syntax", "RFC 6493 §5", "the Ghostbusters record's vCard breaks the profile"},
    {ghostbusters_resources, "ghostbusters-resources", "RFC 6493 §6", "the Ghostbusters record's certificate does not inherit all its resources"},
    {aspa_syntax, "aspa-syntax", "ASPA profile §3", "the ASPA's content is malformed"},
    {aspa_version, "aspa-version", "ASPA profile §3.1", "the ASPA's version is not 1"},
    {aspa_providers, "aspa-providers", "ASPA profile §3.3", "the ASPA's providers are not ascending, without the customer, AS 0 alone"},
    {aspa_resources, "aspa-resources", "ASPA profile §4", "the ASPA's certificate does not hold the customer AS explicitly, or has IP resources"},
    {router_key, "router-key", "RFC 8608 §3", "the router's key is not on the curve P-256"},
    {router_resources, "router-resources", "RFC 8209 §3.1.3", "the router's certificate has IP resources, or no explicit AS"},
    {router_information_access, "router-information-access", "RFC 8209 §3.1.3.3", "the router's certificate has a subject information access"},
    {tak_syntax, "tak-syntax", "RFC 9691 §3", "the trust anchor key's content is malformed"},
    {tak_resources, "tak-resources", "RFC 9691 §3.2", "the trust anchor key's certificate does not inherit all its resources"},
    {checklist_syntax, "checklist-syntax", "RFC 9323 §4", "the checklist's content is malformed"},
    {checklist_published, "checklist-published", "RFC 9323 §2", "a checklist is not published in the repository"},
});

constexpr bool in_order() {
    for (std::size_t i = 0; i < kRules.size(); ++i)
        if (kRules[i].rule != static_cast<Rule>(i)) return false;
    return kRules.back().rule == checklist_published;
}
static_assert(in_order());

}  // namespace

std::span<const RuleText> all_rules() {
    return kRules;
}

const RuleText& text_of(Rule rule) {
    return kRules[static_cast<std::size_t>(rule)];
}

}  // namespace quipu::rpki
