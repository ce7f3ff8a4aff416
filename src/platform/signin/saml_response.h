#pragma once
// The answer of an identity provider (SAML 2.0 web browser SSO profile, profiles §4.1): read, verified and decided on.
// `accept_response` is the only way in. Whatever is not covered by a verified signature is not in what it answers:
// after each verification it goes on with the octets that were signed, parsed again.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "platform/signin/own_key.h"
#include "platform/signin/saml_metadata.h"

namespace quipu::signin {

/// What a response says of itself before anything is verified: to find the request and the provider, nothing more.
struct Envelope {
    std::string issuer;
    std::string in_response_to;
};
[[nodiscard]] Result<Envelope> peek_response(std::string_view text);

struct Expectation {
    const IdentityProvider& provider;
    const OwnKey& key;
    std::string entity_id;   ///< ours: the audience
    std::string consumer;    ///< ours: destination and recipient
    std::string request_id;  ///< of the request that is answered; empty: unsolicited, and then none may be named
    Time now{};
    Nanoseconds skew = std::chrono::minutes(3);
};

struct Assertion {
    std::string id;
    Time good_until{};  ///< so long it must be remembered, lest it come again
    std::string issuer;
    std::string name_id;
    std::string name_id_format;
    std::string context;  ///< AuthnContextClassRef
    /// By the names of saml_attributes.h; others are left out.
    std::map<std::string, std::vector<std::string>, std::less<>> attributes;
};

/// `invalid` says what of the rules it breaks; `forbidden` when the provider itself says no (status).
[[nodiscard]] Result<Assertion> accept_response(std::string_view text, const Expectation& expected);

}  // namespace quipu::signin
