#pragma once
// Signing in through somebody else, from the click to the verified identity: what is begun is remembered for ten
// minutes under a handle that nobody can guess, belongs to one browser, and is taken once.
//
//     begin ──▶ provider ──▶ accept (SAML: a form from another site, without our cookies) ──▶ ticket ──▶ arrive
//                       └──▶ arrive_openid (a plain visit, with our cookie)
//
// Errors tell what to show: `unauthenticated` expired or another browser's, `forbidden` the provider says no, `invalid`
// not to be trusted, `not_found` names nobody, `unavailable` can't be reached. All calls block.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/signin/discovery.h"
#include "platform/signin/identity.h"
#include "platform/signin/metadata_source.h"
#include "platform/signin/oidc.h"
#include "platform/signin/one_time.h"
#include "platform/signin/own_key.h"
#include "platform/signin/saml_request.h"
#include "platform/signin/store.h"

namespace quipu::signin {

inline constexpr std::string_view kSamlConsumer = "/api/v1/signin/saml/acs";
inline constexpr std::string_view kSamlMetadata = "/api/v1/signin/saml/metadata";
inline constexpr std::string_view kOpenIdCallback = "/api/v1/signin/oidc/callback";

struct FederationSettings {
    std::string entity_id;  ///< empty: the metadata's address
    std::string network;
    std::vector<OpenIdSettings> openid;
    bool unsolicited = false;
    Nanoseconds skew = std::chrono::minutes(3);
    std::string trust;                     ///< PEM of authorities, for https
    std::function<std::string()> address;  ///< "https://portal.example.org", of the portal
};

/// Who has come, and where they wanted to go.
struct Arrival {
    access::ExternalIdentity identity;
    std::string provider;  ///< its id, to be remembered
    std::string return_to;
};

class Federation {
  public:
    Federation(const Clock& clock, data::Database& database, OwnKey key, FederationSettings settings);

    void set_providers(std::vector<IdentityProvider> saml);
    [[nodiscard]] std::shared_ptr<const Discovery> discovery() const { return discovery_.load(); }
    [[nodiscard]] std::string metadata() const;

    /// The address to send the browser to. `browser` is its cookie's value.
    [[nodiscard]] Result<std::string> begin_saml(std::string_view provider, std::string_view return_to,
                                                 std::string_view browser);
    [[nodiscard]] Result<std::string> begin_openid(std::string_view provider, std::string_view return_to,
                                                   std::string_view browser, std::string_view language);
    /// A verified response's ticket.
    [[nodiscard]] Result<std::string> accept(std::string_view response, std::string_view relay_state);
    [[nodiscard]] Result<Arrival> arrive(std::string_view ticket, std::string_view browser);
    [[nodiscard]] Result<Arrival> arrive_openid(std::string_view code, std::string_view state, std::string_view issuer,
                                                std::string_view browser);

  private:
    struct Begun {
        Protocol protocol = Protocol::saml;
        std::string provider, return_to, browser;
        std::string request_id;        ///< SAML
        AuthorizationRequest request;  ///< OpenID
    };
    struct Ticket {
        Arrival arrival;
        std::string browser;  ///< empty: unsolicited, of nobody's asking
    };
    struct Known {
        ProviderDocument document;
        std::vector<JsonWebKey> keys;
        Monotonic read{};
    };
    [[nodiscard]] ServiceProvider own() const;
    [[nodiscard]] const OpenIdSettings* openid(std::string_view id) const;
    [[nodiscard]] Result<Value> json_from(std::string_view address, const std::vector<FetchHeader>& headers,
                                          std::string_view form) const;
    [[nodiscard]] Result<std::shared_ptr<const Known>> know(const OpenIdSettings& provider, bool anew);
    [[nodiscard]] Result<Value> claims_of(const OpenIdSettings& provider, const Begun& begun, std::string_view code);

    const Clock& clock_;
    Store store_;
    OwnKey key_;
    FederationSettings settings_;
    std::atomic<std::shared_ptr<const Discovery>> discovery_;
    OneTime<Begun> begun_;
    OneTime<Ticket> tickets_;
    Guarded<std::map<std::string, std::shared_ptr<const Known>>> known_;
};

/// A path of the portal's own, or "/".
[[nodiscard]] std::string safe_return(std::string_view path);

}  // namespace quipu::signin
