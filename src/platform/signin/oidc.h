#pragma once
// OpenID Connect Core 1.0, the relying party's side: authorization code flow with PKCE (RFC 7636) and nothing else.
// Texts and values in, texts and values out; who fetches is federation_client.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/value.h"
#include "platform/signin/jwt.h"

namespace quipu::signin {

/// What a provider says of itself (OpenID Connect Discovery 1.0 §3).
struct ProviderDocument {
    std::string issuer;
    std::string authorization_endpoint, token_endpoint, userinfo_endpoint, jwks_uri;
    bool takes_basic = true;    ///< client_secret_basic
    bool names_issuer = false;  ///< RFC 9207: the answer carries iss
};
/// `invalid` when it is of another issuer (§4.3), or an address is neither https nor on this machine.
[[nodiscard]] Result<ProviderDocument> read_provider_document(const Value& document, std::string_view issuer);

/// RFC 7636 §4.2, S256.
[[nodiscard]] std::string code_challenge(std::string_view verifier);

struct AuthorizationRequest {
    std::string client_id, redirect_uri, scope, state, nonce, verifier;
    std::string language = {};  ///< ui_locales
};
/// The address to send the browser to.
[[nodiscard]] std::string authorization_address(const ProviderDocument& provider, const AuthorizationRequest& request);

/// The body of the token request, application/x-www-form-urlencoded; with `secret` in it unless the provider takes it
/// in the header (basic_credentials).
[[nodiscard]] std::string token_request(const AuthorizationRequest& request, std::string_view code,
                                        std::string_view secret);
[[nodiscard]] std::string basic_credentials(std::string_view client_id, std::string_view secret);

struct Tokens {
    std::string id_token;
    std::string access_token;
};
[[nodiscard]] Result<Tokens> read_token_response(const Value& response);

struct IdTokenExpectation {
    std::string issuer, client_id, nonce;
    std::string access_token = {};
    Time now{};
    Nanoseconds skew = std::chrono::minutes(3);
};
/// §3.1.3.7 and §3.1.3.6: issuer, audience, authorised party, time, nonce, at_hash. Answers the claims.
[[nodiscard]] Result<Value> accept_id_token(std::string_view token, std::span<const JsonWebKey> keys,
                                            const IdTokenExpectation& expected);
/// §5.3.2: the claims of the userinfo answer, if they are the same person's.
[[nodiscard]] Result<Value> accept_user_info(const Value& info, const Value& id_claims);

}  // namespace quipu::signin
