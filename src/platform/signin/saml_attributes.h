#pragma once
// The attributes of a person that this hub knows, by the names that travel (eduPerson, SCHAC, RFC 4524, SAML subject
// identifiers). What is not here is not kept.

#include <array>
#include <string_view>

namespace quipu::signin {

struct KnownAttribute {
    std::string_view name;
    std::string_view friendly;
};
inline constexpr std::array<KnownAttribute, 9> kKnownAttributes{{
    {"urn:oasis:names:tc:SAML:attribute:subject-id", "subject-id"},
    {"urn:oasis:names:tc:SAML:attribute:pairwise-id", "pairwise-id"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "eduPersonPrincipalName"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.9", "eduPersonScopedAffiliation"},
    {"urn:oid:1.3.6.1.4.1.25178.1.2.9", "schacHomeOrganization"},
    {"urn:oid:0.9.2342.19200300.100.1.3", "mail"},
    {"urn:oid:2.16.840.1.113730.3.1.241", "displayName"},
    {"urn:oid:2.5.4.3", "cn"},
    {"urn:oid:2.16.840.1.113730.3.1.39", "preferredLanguage"},
}};

}  // namespace quipu::signin
