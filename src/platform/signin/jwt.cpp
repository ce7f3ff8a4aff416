#include "platform/signin/jwt.h"

#include <array>
#include <fmt/format.h>
#include <optional>

#include "base/base64url.h"
#include "platform/signin/texts.h"

namespace quipu::signin {
namespace {

std::unexpected<Error> refuse_token(std::string what) {
    return fail(ErrorCode::invalid, std::move(what), "token");
}

std::optional<Algorithm> algorithm_named(std::string_view name) {
    // RFC 7518 §3.1. What is not here is not accepted.
    if (name == "RS256") return Algorithm::rs256;
    if (name == "ES256") return Algorithm::es256;
    if (name == "PS256") return Algorithm::ps256;
    return std::nullopt;
}

Result<PublicKey> key_of(const Value& jwk) {
    const std::string type = text_at(jwk, "kty");
    if (type == "RSA") {
        const std::string n = TRY(base64url_decode(text_at(jwk, "n")));
        const std::string e = TRY(base64url_decode(text_at(jwk, "e")));
        return PublicKey::rsa(as_bytes(n), as_bytes(e));
    }
    if (type == "EC" && text_at(jwk, "crv") == "P-256") {
        const std::string x = TRY(base64url_decode(text_at(jwk, "x")));
        const std::string y = TRY(base64url_decode(text_at(jwk, "y")));
        return PublicKey::p256(as_bytes(x), as_bytes(y));
    }
    return fail(ErrorCode::unsupported, "another kind of key");
}

/// The three parts between the dots.
Result<std::array<std::string_view, 3>> split(std::string_view token) {
    if (token.size() > kMostToken) return fail(ErrorCode::too_large, "the token is longer than 64 KiB", "token");
    const std::size_t first = token.find('.');
    const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        return refuse_token("a signed token has three parts");
    return std::array{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1)};
}

Result<Value> json_part(std::string_view part, std::string_view name) {
    const auto text = base64url_decode(part);
    if (!text) return refuse_token(fmt::format("its {} is not base64url", name));
    auto value = parse_json(*text, name);
    if (!value || value->if_object() == nullptr) return refuse_token(fmt::format("its {} is not a JSON object", name));
    return value;
}

}  // namespace

Result<std::vector<JsonWebKey>> read_jwk_set(const Value& set) {
    const Value* keys = set.find("keys");
    const Value::Array* list = keys != nullptr ? keys->if_array() : nullptr;
    if (list == nullptr) return fail(ErrorCode::invalid, "has no list of keys", "JWK set");
    if (list->size() > 100) return fail(ErrorCode::too_large, "has more than 100 keys", "JWK set");
    std::vector<JsonWebKey> out;
    for (const Value& jwk : *list) {
        const std::string use = text_at(jwk, "use");
        if (!use.empty() && use != "sig") continue;
        if (auto key = key_of(jwk)) out.push_back({text_at(jwk, "kid"), text_at(jwk, "alg"), std::move(*key)});
    }
    return out;
}

Result<Value> verified_claims(std::string_view token, std::span<const JsonWebKey> keys) {
    const auto [header_part, claims_part, signature_part] = TRY(split(token));
    const Value header = TRY(json_part(header_part, "header"));
    const std::string name = text_at(header, "alg");
    const auto algorithm = algorithm_named(name);
    if (!algorithm)
        return refuse_token(
            fmt::format("algorithm \"{}\" is not accepted: RS256, ES256 and PS256 are", name.substr(0, 20)));
    if (header.find("crit") != nullptr)
        return refuse_token("it has extensions that must be understood");  // RFC 7515 §4.1.11
    const auto signature = base64url_decode(signature_part);
    if (!signature) return refuse_token("its signature is not base64url");
    const std::string_view signed_text = token.substr(0, header_part.size() + 1 + claims_part.size());
    const std::string id = text_at(header, "kid");
    bool known = false;
    for (const JsonWebKey& each : keys) {
        if ((!id.empty() && each.id != id) || (!each.algorithm.empty() && each.algorithm != name)) continue;
        known = true;
        if (each.key.verify_jose(*algorithm, as_bytes(signed_text), as_bytes(*signature)))
            return json_part(claims_part, "claims");
    }
    if (!known)
        return fail(ErrorCode::not_found, fmt::format("key \"{}\" is not the provider's", id.substr(0, 64)), "token");
    return refuse_token("the signature is not that of the provider's key");
}

}  // namespace quipu::signin
