#include "platform/signin/oidc.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/base64url.h"
#include "net/http.h"
#include "platform/signin/digest.h"
#include "platform/signin/texts.h"
#include "platform/signin/xml.h"

namespace quipu::signin {
namespace {

std::unexpected<Error> refuse_answer(std::string what, std::string_view where) {
    return fail(ErrorCode::invalid, std::move(what), std::string(where));
}

std::optional<Time> time_at(const Value& object, std::string_view key) {
    // RFC 7519 §2, NumericDate: seconds, perhaps with a fraction.
    const Value* member = object.find(key);
    if (member == nullptr) return std::nullopt;
    double seconds = 0;
    if (const std::int64_t* whole = member->if_integer())
        seconds = static_cast<double>(*whole);
    else if (const double* real = member->if_double())
        seconds = *real;
    else
        return std::nullopt;
    if (!(seconds >= 0 && seconds < 9e9)) return std::nullopt;
    return Time(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

/// The member is this text, or a list that holds it.
bool has_text(const Value* member, std::string_view text) {
    if (member == nullptr) return false;
    if (const std::string* one = member->if_string()) return *one == text;
    const Value::Array* list = member->if_array();
    return list != nullptr && std::ranges::any_of(*list, [&](const Value& each) {
               const std::string* one = each.if_string();
               return one != nullptr && *one == text;
           });
}

bool is_address(std::string_view text) {
    for (const std::string_view good : {"https://", "http://127.0.0.1", "http://localhost", "http://[::1]"}) {
        if (!text.starts_with(good)) continue;
        const std::string_view rest = text.substr(good.size());
        if (good == "https://") return !rest.empty();
        return rest.empty() || rest.front() == ':' || rest.front() == '/';
    }
    return false;
}

/// application/x-www-form-urlencoded.
std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    std::string out;
    for (const auto& [name, value] : fields)
        if (!value.empty())
            out +=
                fmt::format("{}{}={}", out.empty() ? "" : "&", net::percent_encode(name), net::percent_encode(value));
    return out;
}

}  // namespace

Result<ProviderDocument> read_provider_document(const Value& document, std::string_view issuer) {
    ProviderDocument out;
    out.issuer = text_at(document, "issuer");
    if (out.issuer != issuer)
        return refuse_answer(fmt::format("is \"{}\", not {}", out.issuer.substr(0, 200), issuer), "issuer");
    const auto address = [&](std::string_view key, bool required) -> Result<std::string> {
        std::string text = text_at(document, key);
        if (text.empty() ? required : !is_address(text)) return refuse_answer("is not an https address", key);
        return text;
    };
    out.authorization_endpoint = TRY(address("authorization_endpoint", true));
    out.token_endpoint = TRY(address("token_endpoint", true));
    out.userinfo_endpoint = TRY(address("userinfo_endpoint", false));
    out.jwks_uri = TRY(address("jwks_uri", true));
    // Discovery §3: client_secret_basic where nothing is said.
    const Value* methods = document.find("token_endpoint_auth_methods_supported");
    out.takes_basic = methods == nullptr || has_text(methods, "client_secret_basic");
    const Value* named = document.find("authorization_response_iss_parameter_supported");
    out.names_issuer = named != nullptr && named->if_bool() != nullptr && *named->if_bool();
    return out;
}

std::string code_challenge(std::string_view verifier) {
    return base64url_encode(as_bytes(sha256(as_bytes(verifier))));
}

std::string authorization_address(const ProviderDocument& provider, const AuthorizationRequest& request) {
    const char joint = provider.authorization_endpoint.find('?') == std::string::npos ? '?' : '&';
    return fmt::format("{}{}{}", provider.authorization_endpoint, joint,
                       form({{"response_type", "code"},
                             {"client_id", request.client_id},
                             {"redirect_uri", request.redirect_uri},
                             {"scope", request.scope},
                             {"state", request.state},
                             {"nonce", request.nonce},
                             {"code_challenge", code_challenge(request.verifier)},
                             {"code_challenge_method", "S256"},
                             {"ui_locales", request.language}}));
}

std::string token_request(const AuthorizationRequest& request, std::string_view code, std::string_view secret) {
    return form({{"grant_type", "authorization_code"},
                 {"code", code},
                 {"redirect_uri", request.redirect_uri},
                 {"client_id", request.client_id},
                 {"code_verifier", request.verifier},
                 {"client_secret", secret}});
}

std::string basic_credentials(std::string_view client_id, std::string_view secret) {
    // RFC 6749 §2.3.1: both are form-encoded first.
    return "Basic " +
           xml::base64_encode(fmt::format("{}:{}", net::percent_encode(client_id), net::percent_encode(secret)));
}

Result<Tokens> read_token_response(const Value& response) {
    if (const std::string error = text_at(response, "error"); !error.empty())
        return fail(ErrorCode::forbidden, fmt::format("the provider says no: {} {}", error.substr(0, 100),
                                                      text_at(response, "error_description").substr(0, 200)));
    Tokens out{text_at(response, "id_token"), text_at(response, "access_token")};
    if (out.id_token.empty()) return refuse_answer("is missing", "id_token");
    return out;
}

Result<Value> accept_id_token(std::string_view token, std::span<const JsonWebKey> keys,
                              const IdTokenExpectation& expected) {
    Value claims = TRY(verified_claims(token, keys));
    if (text_at(claims, "iss") != expected.issuer) return refuse_answer("is another issuer's", "iss");
    const Value* audience = claims.find("aud");
    if (!has_text(audience, expected.client_id)) return refuse_answer("is for others", "aud");
    const bool several = audience->if_array() != nullptr && audience->if_array()->size() > 1;
    if (const Value* party = claims.find("azp"); several || party != nullptr)
        if (!has_text(party, expected.client_id) || party->if_array() != nullptr)
            return refuse_answer("was asked by others", "azp");
    const auto ends = time_at(claims, "exp");
    if (!ends || *ends + expected.skew <= expected.now) return refuse_answer("is no longer good", "exp");
    const auto issued = time_at(claims, "iat");
    if (!issued || *issued > expected.now + expected.skew) return refuse_answer("lies in the future", "iat");
    if (*issued + std::chrono::minutes(10) + expected.skew < expected.now) return refuse_answer("is too old", "iat");
    if (const auto begins = time_at(claims, "nbf"); begins && *begins > expected.now + expected.skew)
        return refuse_answer("is not good yet", "nbf");
    if (expected.nonce.empty() || text_at(claims, "nonce") != expected.nonce)
        return refuse_answer("is not an answer to this request", "nonce");
    if (const std::string subject = text_at(claims, "sub"); subject.empty() || subject.size() > 255)
        return refuse_answer("is not there, or longer than 255 characters", "sub");
    if (const std::string hash = text_at(claims, "at_hash"); !hash.empty()) {
        // §3.1.3.6: the left half of the hash, SHA-256 with every algorithm that is accepted here.
        const std::string whole = sha256(as_bytes(expected.access_token));
        if (base64url_encode(as_bytes(whole).first(16)) != hash)
            return refuse_answer("is not the access token's", "at_hash");
    }
    return claims;
}

Result<Value> accept_user_info(const Value& info, const Value& id_claims) {
    if (text_at(info, "sub") != text_at(id_claims, "sub")) return refuse_answer("is another person's", "userinfo.sub");
    return info;
}

}  // namespace quipu::signin
