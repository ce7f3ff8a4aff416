#pragma once
// What this hub sends as a SAML service provider: its metadata, and authentication requests by HTTP-Redirect.

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "platform/signin/own_key.h"

namespace quipu::signin {

struct ServiceProvider {
    std::string entity_id;
    std::string consumer;  ///< address of the AssertionConsumerService
    std::string name;      ///< the network's
    std::string home;      ///< the portal's address
};

/// SAML 2.0 metadata with the names in the three languages, the key, and what of a person is asked for.
[[nodiscard]] std::string service_provider_metadata(const ServiceProvider& provider, const OwnKey& key);

struct AuthnRequest {
    std::string id;           ///< an xs:ID that nobody can guess
    std::string destination;  ///< the identity provider's SingleSignOnService
    Time issued{};
    bool force = false;  ///< ask for the password again
};
/// The address to send the browser to: bindings §3.4.4, signed if `key` is given.
[[nodiscard]] Result<std::string> redirect_to(const AuthnRequest& request, const ServiceProvider& provider,
                                              std::string_view relay_state, const OwnKey* key);

}  // namespace quipu::signin
