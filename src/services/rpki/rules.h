#pragma once
// Every rule that an object may break, each with its name and the section that makes it. A verdict names one of these.

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace quipu::rpki {

enum class Rule : std::uint8_t {
    accepted,
    not_checked,  ///< refused because what lists or certifies it was refused
    ignored_type,
    // Limits of ours
    object_too_large,
    too_many_files,
    point_too_large,
    chain_too_deep,
    too_many_authorities,
    // Encoding
    der,
    // Trust anchor locators: RFC 8630
    tal_syntax,
    tal_key,
    trust_anchor_missing,
    trust_anchor_inherits,
    // Certificates: RFC 6487, RFC 7935, RFC 3779
    certificate_version,
    certificate_serial,
    signature_algorithm,
    issuer_name,
    subject_name,
    validity_order,
    not_yet_valid,
    expired,
    public_key,
    unknown_extension,
    repeated_extension,
    basic_constraints,
    subject_key_identifier,
    authority_key_identifier,
    key_usage,
    extended_key_usage,
    crl_distribution_points,
    authority_information_access,
    subject_information_access,
    certificate_policies,
    ip_resources,
    ip_resources_canonical,
    as_resources,
    as_resources_canonical,
    resources_absent,
    issuer_mismatch,
    certificate_signature,
    revoked,
    overclaim,
    loop,
    location,
    // CRLs: RFC 6487 §5
    crl_version,
    crl_issuer,
    crl_dates,
    crl_stale,
    crl_entry,
    crl_extensions,
    crl_signature,
    // Signed objects: RFC 6488, RFC 9589
    content_info,
    signed_data_version,
    digest_algorithms,
    content_type,
    encapsulated_content,
    certificates_field,
    crls_field,
    signer_infos,
    signer_version,
    signer_identifier,
    signer_digest_algorithm,
    signed_attributes,
    content_type_attribute,
    message_digest_attribute,
    signing_time_attribute,
    signer_signature_algorithm,
    unsigned_attributes,
    content_signature,
    wrong_type_for_name,
    // Manifests: RFC 9286
    manifest_missing,
    manifest_syntax,
    manifest_version,
    manifest_number,
    manifest_dates,
    manifest_hash_algorithm,
    manifest_file_name,
    manifest_repeated_file,
    manifest_resources,
    manifest_stale,
    manifest_premature,
    manifest_regressed,
    manifest_crl,
    file_missing,
    file_hash,
    // Payloads
    roa_syntax,
    roa_version,
    roa_families,
    roa_prefix,
    roa_max_length,
    roa_resources,
    roa_as_resources,
    ghostbusters_syntax,
    ghostbusters_resources,
    aspa_syntax,
    aspa_version,
    aspa_providers,
    aspa_resources,
    router_key,
    router_resources,
    router_information_access,
    tak_syntax,
    tak_resources,
    tak_not_of_anchor,
    tak_not_alone,
    tak_other_key,
    checklist_syntax,
    checklist_published,
};

struct RuleText {
    Rule rule;
    std::string_view name;     ///< "roa-max-length"
    std::string_view section;  ///< "RFC 9582 §4.3.2"
    std::string_view text;     ///< what is wrong, as a sentence without its subject
};

[[nodiscard]] std::span<const RuleText> all_rules();
[[nodiscard]] const RuleText& text_of(Rule rule);

/// A broken rule and what exactly was found.
struct Breach {
    Rule rule = Rule::der;
    std::string detail = {};
};

template <class T>
using Checked = std::expected<T, Breach>;

[[nodiscard]] inline std::unexpected<Breach> breach(Rule rule, std::string detail = {}) {
    return std::unexpected(Breach{rule, std::move(detail)});
}

}  // namespace quipu::rpki
