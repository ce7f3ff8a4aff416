#pragma once
// What a federation publishes of its members: SAML 2.0 metadata, one entity or an aggregate of thousands. Read in two
// passes, so that no more than the signed text and one entity is held: the signature first, then the entities from the
// octets that it covers.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "platform/signin/signature.h"

namespace quipu::signin {

/// shibmd:Scope: a domain whose identifiers this provider may issue, or an expression for several.
struct Scope {
    std::string text;
    bool expression = false;
    /// Domains compare without case. An expression matches the whole domain.
    [[nodiscard]] bool matches(std::string_view domain) const;
};

struct IdentityProvider {
    std::string entity_id;
    std::map<std::string, std::string> names;  ///< by language: MDUI's, else the organisation's
    std::vector<std::string> keywords;
    std::vector<Scope> scopes;
    std::string single_sign_on;  ///< address for HTTP-Redirect
    std::vector<VerifyingKey> keys;
    std::string registrar;
    bool wants_signed_requests = false;
    bool hidden = false;  ///< REFEDS hide-from-discovery
    std::optional<Time> valid_until;

    /// In this language, else English, else any, else the entityID.
    [[nodiscard]] const std::string& name(std::string_view language) const;
    [[nodiscard]] bool may_vouch_for(std::string_view domain) const;
};

struct Aggregate {
    std::vector<IdentityProvider> providers;
    std::optional<Time> valid_until;
    std::size_t entities = 0;  ///< of all roles
    std::size_t left_out = 0;  ///< providers that can't be used: no key, no address, or out of date
};

/// `keys` empty: the text is believed as it is, because its operator put it there. Else its root must be signed by one
/// of them. `invalid` when validUntil has passed, or stands more than a year ahead.
[[nodiscard]] Result<Aggregate> read_metadata(std::string_view text, std::span<const VerifyingKey> keys, Time now);

}  // namespace quipu::signin
