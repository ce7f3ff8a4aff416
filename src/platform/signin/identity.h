#pragma once
// From what a provider says of a person to the identity that this hub knows them by. What the provider may not vouch
// for, because the domain is not one of its scopes, is left out as if it had not been said.

#include <string>
#include <vector>

#include "base/value.h"
#include "platform/access/access.h"
#include "platform/signin/saml_response.h"

namespace quipu::signin {

/// By subject-id, else pairwise-id, else a persistent NameID, else eduPersonPrincipalName. `not_found` when none of
/// them is there and good: then nobody knows who it is.
[[nodiscard]] Result<access::ExternalIdentity> identity_of(const Assertion& assertion,
                                                           const IdentityProvider& provider);

/// By `sub`. `domains` are those that this provider may vouch for. The claims are the ID token's with the userinfo's.
[[nodiscard]] Result<access::ExternalIdentity> identity_of(const Value& claims, std::string_view issuer,
                                                           const std::vector<std::string>& domains);

}  // namespace quipu::signin
