#pragma once
// Finding one's institution: all that one can sign in through, searched by the words of their names in any language and
// by their domains. An immutable whole, made anew when metadata changes.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/signin/api.h"
#include "platform/signin/saml_metadata.h"

namespace quipu::signin {

/// [[signin.openid]]: a provider of OpenID Connect.
struct OpenIdSettings {
    std::string id, name, issuer, client_id, secret_file;
    std::string scope = "openid profile email";
    std::vector<std::string> domains;
    static constexpr auto describe() {
        using T = OpenIdSettings;
        return fields(
            field<&T::id>("id", "Short name, in addresses").required().pattern(kSlug),
            field<&T::name>("name", "As people see it").required().at_most_long(200),
            field<&T::issuer>("issuer", "Its address, exactly as it writes it itself").required(),
            field<&T::client_id>("client_id", "What this hub is called there").required(),
            field<&T::secret_file>("secret_file", "File with the client's secret; none for a public client"),
            field<&T::scope>("scope", "What is asked for"),
            field<&T::domains>("domains", "Domains that it may vouch for: principal names, affiliations, home"));
    }
};

class Discovery {
  public:
    Discovery() = default;
    Discovery(std::vector<IdentityProvider> saml, std::span<const OpenIdSettings> openid);

    /// At most all; those remembered first, then whose name begins with the words, then the others by name.
    [[nodiscard]] std::vector<Provider> search(std::string_view words, std::string_view language,
                                               const std::vector<std::string>& remembered) const;
    [[nodiscard]] const IdentityProvider* saml(std::string_view id) const;
    [[nodiscard]] const IdentityProvider* by_entity(std::string_view entity_id) const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    /// What an identity provider is called in addresses.
    [[nodiscard]] static std::string id_of(std::string_view entity_id);

  private:
    struct Entry {
        std::string id;
        Protocol protocol;
        std::size_t index;  ///< into saml_, for SAML
        std::string name, folded, registrar;
        std::vector<std::string> scopes;
        bool hidden = false;
    };
    std::vector<IdentityProvider> saml_;
    std::vector<Entry> entries_;
    std::map<std::string, std::size_t, std::less<>> by_id_, by_entity_;  ///< into saml_
};

}  // namespace quipu::signin
