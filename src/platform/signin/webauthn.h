#pragma once
// Passkeys: W3C Web Authentication Level 2, the relying party's side. What the browser's API takes and answers travels
// in the JSON form of Level 3 (base64url). Attestation is not asked for: "none" and "packed" (self, or with a
// certificate whose root nobody vouches for) are read and checked, others refused.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/value.h"

namespace quipu::signin {

/// This hub as a browser knows it.
struct RelyingParty {
    std::string id;                    ///< host name, "portal.example.org"
    std::vector<std::string> origins;  ///< "https://portal.example.org"
    std::string name;                  ///< shown by the browser
};

/// Whose passkey it is to be. `handle` names the account to the authenticator and says nothing else (§14.6.1).
struct PasskeyOwner {
    std::string handle;
    std::string login;
    std::string name;
};

/// What is kept of a passkey.
struct PasskeyRecord {
    std::string id;             ///< credential id, base64url
    std::string key;            ///< COSE key as it came
    std::uint32_t counter = 0;  ///< signature counter
    bool backed_up = false;     ///< synchronised to other devices of its owner
};

/// PublicKeyCredentialCreationOptionsJSON. `challenge` is base64url; `known` are ids that are registered already.
[[nodiscard]] Value creation_options(const RelyingParty& party, const PasskeyOwner& owner, std::string_view challenge,
                                     const std::vector<std::string>& known);
/// PublicKeyCredentialRequestOptionsJSON. No `known`: the browser offers what it has for this hub.
[[nodiscard]] Value request_options(const RelyingParty& party, std::string_view challenge,
                                    const std::vector<std::string>& known, bool verify_user);

/// §7.1, of a RegistrationResponseJSON.
[[nodiscard]] Result<PasskeyRecord> check_registration(const Value& credential, const RelyingParty& party,
                                                       std::string_view challenge, bool verify_user);

/// The id in an AuthenticationResponseJSON, to look its record up.
[[nodiscard]] Result<std::string> credential_id_of(const Value& credential);
/// §7.2: the new counter. `handle`, if not empty, is whose passkey it must be. `forbidden` when the counter went back:
/// somebody may have a copy of the authenticator.
[[nodiscard]] Result<std::uint32_t> check_assertion(const Value& credential, const RelyingParty& party,
                                                    std::string_view challenge, const PasskeyRecord& record,
                                                    std::string_view handle, bool verify_user);

/// §6.1: what an authenticator signs.
struct AuthenticatorData {
    ByteSpan party_hash;
    bool user_present = false, user_verified = false, backed_up = false;
    std::uint32_t counter = 0;
    ByteSpan authenticator;  ///< AAGUID; empty without attested credential data
    ByteSpan credential_id;
    ByteSpan key;  ///< COSE, as it stands
};
[[nodiscard]] Result<AuthenticatorData> parse_authenticator_data(ByteSpan bytes);

}  // namespace quipu::signin
