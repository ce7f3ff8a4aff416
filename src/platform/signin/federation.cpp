#include "platform/signin/federation.h"

#include <algorithm>
#include <fmt/format.h>

#include "platform/signin/saml_response.h"

namespace quipu::signin {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostBegun = 20'000;
constexpr Nanoseconds kPatience = 10min;
constexpr Nanoseconds kTicketLife = 2min;
constexpr Nanoseconds kDocumentLife = 1h;
constexpr Nanoseconds kLeastBetweenKeys = 30s;
constexpr std::size_t kMostDocument = std::size_t{1024} * 1024;

std::unexpected<Error> expired() {
    return fail(ErrorCode::unauthenticated, "this sign-in was begun too long ago, in another browser, or used already",
                {}, "begin again");
}

}  // namespace

std::string safe_return(std::string_view path) {
    const bool good = path.starts_with('/') && !path.starts_with("//") && path.size() <= 2000 &&
                      std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7F && c != '\\'; });
    return good ? std::string(path) : "/";
}

Federation::Federation(const Clock& clock, data::Database& database, OwnKey key, FederationSettings settings)
    : clock_(clock),
      store_(database),
      key_(std::move(key)),
      settings_(std::move(settings)),
      discovery_(std::make_shared<const Discovery>(std::vector<IdentityProvider>(), settings_.openid)),
      begun_(kMostBegun, kPatience),
      tickets_(kMostBegun, kTicketLife) {}

void Federation::set_providers(std::vector<IdentityProvider> saml) {
    discovery_.store(std::make_shared<const Discovery>(std::move(saml), settings_.openid));
}

ServiceProvider Federation::own() const {
    const std::string address = settings_.address();
    return {.entity_id = settings_.entity_id.empty() ? address + std::string(kSamlMetadata) : settings_.entity_id,
            .consumer = address + std::string(kSamlConsumer),
            .name = settings_.network,
            .home = address + "/"};
}

std::string Federation::metadata() const {
    return service_provider_metadata(own(), key_);
}

// ---- SAML

Result<std::string> Federation::begin_saml(std::string_view provider, std::string_view return_to,
                                           std::string_view browser) {
    const auto discovery = discovery_.load();
    const IdentityProvider* const idp = discovery->saml(provider);
    if (idp == nullptr || (idp->valid_until && *idp->valid_until <= clock_.now()))
        return fail(ErrorCode::unavailable, "there is no such identity provider", "provider", "choose it again");
    Begun begun{.provider = std::string(provider),
                .return_to = safe_return(return_to),
                .browser = net::sha256_hex(browser),
                .request_id = "_" + net::random_token(24)};
    const AuthnRequest request{.id = begun.request_id, .destination = idp->single_sign_on, .issued = clock_.now()};
    const std::string handle = begun_.put(std::move(begun), clock_.monotonic());
    return redirect_to(request, own(), handle, &key_);
}

Result<std::string> Federation::accept(std::string_view response, std::string_view relay_state) {
    const std::string text = TRY(xml::base64_decode(response));
    const Envelope envelope = TRY(peek_response(text));
    auto begun = begun_.take(relay_state, clock_.monotonic());
    if (begun && begun->protocol != Protocol::saml) begun.reset();
    if (!begun && (!settings_.unsolicited || !envelope.in_response_to.empty())) return expired();
    const auto discovery = discovery_.load();
    const IdentityProvider* const idp =
        begun ? discovery->saml(begun->provider) : discovery->by_entity(envelope.issuer);
    if (idp == nullptr) return fail(ErrorCode::invalid, "its issuer is not in the metadata", "Issuer");
    const ServiceProvider us = own();
    const Time now = clock_.now();
    const Assertion assertion = TRY(accept_response(text, {.provider = *idp,
                                                           .key = key_,
                                                           .entity_id = us.entity_id,
                                                           .consumer = us.consumer,
                                                           .request_id = begun ? begun->request_id : std::string(),
                                                           .now = now,
                                                           .skew = settings_.skew}));
    if (!TRY(store_.first_time(assertion.issuer, assertion.id, assertion.good_until, now)))
        return fail(ErrorCode::invalid, "this assertion was used before", "Assertion");
    Ticket ticket{.arrival = {.identity = TRY(identity_of(assertion, *idp)),
                              .provider = Discovery::id_of(idp->entity_id),
                              .return_to = begun ? begun->return_to : safe_return(relay_state)},
                  .browser = begun ? begun->browser : std::string()};
    return tickets_.put(std::move(ticket), clock_.monotonic());
}

Result<Arrival> Federation::arrive(std::string_view ticket, std::string_view browser) {
    auto taken = tickets_.take(ticket, clock_.monotonic());
    if (!taken || (!taken->browser.empty() && taken->browser != net::sha256_hex(browser))) return expired();
    return std::move(taken->arrival);
}

// ---- OpenID Connect

const OpenIdSettings* Federation::openid(std::string_view id) const {
    const auto found = std::ranges::find(settings_.openid, id, &OpenIdSettings::id);
    return found != settings_.openid.end() ? &*found : nullptr;
}

Result<Value> Federation::json_from(std::string_view address, const std::vector<FetchHeader>& headers,
                                    std::string_view form) const {
    const auto fetched = fetch_address(address, headers, form, settings_.trust, kMostDocument);
    if (!fetched) return fail(ErrorCode::unavailable, fetched.error().text(), std::string(address));
    auto value = parse_json(fetched->body, address);
    // A token request that fails says why in a document of its own (RFC 6749 §5.2).
    const bool told = value && value->find("error") != nullptr;
    if (fetched->status != 200 && !told)
        return fail(ErrorCode::unavailable, fmt::format("answers {}", fetched->status), std::string(address));
    return value;
}

/// The provider's document and keys, an hour old at most; `anew` because a token names a key that is not among them.
Result<std::shared_ptr<const Federation::Known>> Federation::know(const OpenIdSettings& provider, bool anew) {
    const Monotonic now = clock_.monotonic();
    auto before = known_.with([&](auto& known) { return known[provider.id]; });
    if (before != nullptr && now - before->read < (anew ? kLeastBetweenKeys : kDocumentLife)) return before;
    std::string base = provider.issuer;
    while (base.ends_with('/'))
        base.pop_back();  // Discovery §4
    Known fresh;
    fresh.document = TRY(
        read_provider_document(TRY(json_from(base + "/.well-known/openid-configuration", {}, {})), provider.issuer));
    fresh.keys = TRY(read_jwk_set(TRY(json_from(fresh.document.jwks_uri, {}, {}))));
    fresh.read = now;
    auto shared = std::make_shared<const Known>(std::move(fresh));
    known_.with([&](auto& known) { known[provider.id] = shared; });
    return shared;
}

Result<std::string> Federation::begin_openid(std::string_view provider, std::string_view return_to,
                                             std::string_view browser, std::string_view language) {
    const OpenIdSettings* const op = openid(provider);
    if (op == nullptr) return fail(ErrorCode::unavailable, "there is no such provider", "provider", "choose it again");
    const auto known = TRY(know(*op, false));
    Begun begun{.protocol = Protocol::oidc,
                .provider = op->id,
                .return_to = safe_return(return_to),
                .browser = net::sha256_hex(browser),
                .request = {.client_id = op->client_id,
                            .redirect_uri = settings_.address() + std::string(kOpenIdCallback),
                            .scope = op->scope,
                            .state = {},
                            .nonce = net::random_token(24),
                            .verifier = net::random_token(32),
                            .language = std::string(language)}};
    AuthorizationRequest request = begun.request;
    request.state = begun_.put(std::move(begun), clock_.monotonic());
    return authorization_address(known->document, request);
}

Result<Value> Federation::claims_of(const OpenIdSettings& provider, const Begun& begun, std::string_view code) {
    auto known = TRY(know(provider, false));
    std::string secret;
    if (!provider.secret_file.empty()) {
        secret = TRY(read_whole_file(provider.secret_file));
        while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r'))
            secret.pop_back();
    }
    std::vector<FetchHeader> headers = {{"Accept", "application/json"}};
    const bool basic = known->document.takes_basic && !secret.empty();
    if (basic) headers.push_back({"Authorization", basic_credentials(provider.client_id, secret)});
    const Tokens tokens = TRY(read_token_response(TRY(
        json_from(known->document.token_endpoint, headers, token_request(begun.request, code, basic ? "" : secret)))));
    const IdTokenExpectation expected{.issuer = provider.issuer,
                                      .client_id = provider.client_id,
                                      .nonce = begun.request.nonce,
                                      .access_token = tokens.access_token,
                                      .now = clock_.now(),
                                      .skew = settings_.skew};
    auto claims = accept_id_token(tokens.id_token, known->keys, expected);
    if (!claims && claims.error().code == ErrorCode::not_found) {
        known = TRY(know(provider, true));  // the provider may have new keys
        claims = accept_id_token(tokens.id_token, known->keys, expected);
        if (!claims) claims.error().code = ErrorCode::invalid;
    }
    if (!claims) return std::unexpected(claims.error());
    if (known->document.userinfo_endpoint.empty() || tokens.access_token.empty()) return claims;
    const Value info = TRY(accept_user_info(
        TRY(json_from(known->document.userinfo_endpoint, {{"Authorization", "Bearer " + tokens.access_token}}, {})),
        *claims));
    // What is signed goes before what is not.
    if (const Value::Object* members = info.if_object())
        for (const auto& [key, value] : *members)
            if (claims->find(key) == nullptr) claims->set(key, value);
    return claims;
}

Result<Arrival> Federation::arrive_openid(std::string_view code, std::string_view state, std::string_view issuer,
                                          std::string_view browser) {
    const auto begun = begun_.take(state, clock_.monotonic());
    if (!begun || begun->protocol != Protocol::oidc || begun->browser != net::sha256_hex(browser)) return expired();
    const OpenIdSettings* const op = openid(begun->provider);
    if (op == nullptr) return expired();
    // RFC 9207 §2.4: an answer of another provider, mixed up.
    if (!issuer.empty() && issuer != op->issuer) return fail(ErrorCode::invalid, "is another provider's", "iss");
    if (code.empty()) return fail(ErrorCode::forbidden, "the provider says no");
    const Value claims = TRY(claims_of(*op, *begun, code));
    return Arrival {
        .identity = TRY(identity_of(claims, op->issuer, op->domains))
        , .provider = op->id, .return_to = begun->return_to
    };
}

}  // namespace quipu::signin
