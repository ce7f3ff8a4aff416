#pragma once
// What the sign-in of people says over the API: finding one's institution, the second factors, and their second step.
// The pages' own part (portal) is written against these structs and the routes beside them.
//
// Addresses that a browser goes to (answered by a redirect, never by JSON):
//     GET  /api/v1/signin/saml/start?provider=ID&return_to=/PATH     to the institution's identity provider
//     POST /api/v1/signin/saml/acs                                   its answer (form, from another site)
//     GET  /api/v1/signin/oidc/start?provider=ID&return_to=/PATH
//     GET  /api/v1/signin/oidc/callback?code=…&state=…               its answer
//     GET  /api/v1/signin/finish?ticket=…                            opens the session, goes on to return_to
// What goes wrong on the way ends at the portal's page /signin?problem=CODE&request=ID, CODE one of `Problem`'s names.
// GET /api/v1/signin/saml/metadata is this hub's own SAML metadata, for the federation.

#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "platform/api.h"

namespace quipu::signin {

enum class Protocol : std::uint8_t { saml, oidc };
constexpr auto describe_enum(Protocol) {
    return names<Protocol>({{Protocol::saml, "saml"}, {Protocol::oidc, "oidc"}});
}

/// Why a sign-in through an institution did not end in a session.
enum class Problem : std::uint8_t {
    expired,      ///< begun too long ago, in another browser, or used already: begin again
    refused,      ///< the identity provider says no: cancelled, or no right there
    untrusted,    ///< its answer could not be verified: tell the person who takes care of the portal
    no_identity,  ///< it did not say who the person is (no stable identifier released)
    pending,      ///< signed in for the first time; a manager of the organisation has to approve
    blocked,      ///< the account is locked here
    unavailable,  ///< the provider can't be reached, or is not known any more
};
constexpr auto describe_enum(Problem) {
    return names<Problem>({{Problem::expired, "expired"},
                           {Problem::refused, "refused"},
                           {Problem::untrusted, "untrusted"},
                           {Problem::no_identity, "no-identity"},
                           {Problem::pending, "pending"},
                           {Problem::blocked, "blocked"},
                           {Problem::unavailable, "unavailable"}});
}

/// An institution through which one may sign in. GET /api/v1/signin/providers → Page<Provider>.
struct Provider {
    std::string id;  ///< for start's provider=
    Protocol protocol = Protocol::saml;
    std::string name;  ///< in the reader's language
    std::vector<std::string> scopes;
    std::string registrar;
    bool remembered = false;
    std::string start;
    static constexpr auto describe() {
        using T = Provider;
        return fields(field<&T::id>("id", "Its short name here").required(),
                      field<&T::protocol>("protocol", "How one signs in there").required(),
                      field<&T::name>("name", "The institution, in the language asked for").required(),
                      field<&T::scopes>("scopes", "Domains that its people's identifiers end in"),
                      field<&T::registrar>("registrar", "Federation that vouches for it"),
                      field<&T::remembered>("remembered", "Chosen in this browser before; these come first"),
                      field<&T::start>("start", "Address to send the browser to; add return_to").required());
    }
};
struct ProviderQuery : platform::PageQuery {
    std::string search;
    std::string language;
    static constexpr auto describe() {
        using T = ProviderQuery;
        return std::tuple_cat(
            platform::PageQuery::describe(),
            fields(field<&T::search>("search", "Words of the name or the domain; accents and case do not matter")
                       .at_most_long(200),
                   field<&T::language>("language", "es, pt or en; else the browser's Accept-Language")));
    }
};

// ---- factors: GET /api/v1/factors, what one has -----------------------------------------------------------------

struct Passkey {
    std::string id;
    std::string name;
    Time created{};
    std::optional<Time> last_used;
    static constexpr auto describe() {
        using T = Passkey;
        return fields(field<&T::id>("id", "Its identifier here").required(),
                      field<&T::name>("name", "What its owner calls it").required().at_most_long(100),
                      field<&T::created>("created", "When it was registered").required(),
                      field<&T::last_used>("last_used", "When it last signed in"));
    }
};
struct Factors {
    bool totp = false;
    std::vector<Passkey> passkeys;
    std::int64_t recovery_codes = 0;
    static constexpr auto describe() {
        using T = Factors;
        return fields(field<&T::totp>("totp", "An authenticator app is set up").required(),
                      field<&T::passkeys>("passkeys", "Passkeys and security keys").required(),
                      field<&T::recovery_codes>("recovery_codes", "Recovery codes not yet used").required());
    }
};

/// POST /api/v1/factors/totp (no body): begins; nothing changes until it is confirmed.
struct TotpEnrolment {
    std::string secret;
    std::string uri;
    std::string qr;
    static constexpr auto describe() {
        using T = TotpEnrolment;
        return fields(field<&T::secret>("secret", "To type by hand: base32 in groups of four").required(),
                      field<&T::uri>("uri", "otpauth: address").required(),
                      field<&T::qr>("qr", "The same as a picture: SVG").required());
    }
};
/// POST /api/v1/factors/totp/confirm, and the body of the second step.
struct CodeInput {
    std::string code;
    static constexpr auto describe() {
        return fields(field<&CodeInput::code>("code", "The six digits shown now").required().at_most_long(32));
    }
};
/// Answer of POST /api/v1/factors/totp/confirm and POST /api/v1/factors/recovery-codes: shown once, never again. Empty
/// when the person has unused ones already.
struct RecoveryCodes {
    std::vector<std::string> codes;
    static constexpr auto describe() {
        return fields(field<&RecoveryCodes::codes>("codes", "Each signs in once").required());
    }
};

/// POST /api/v1/factors/passkeys/options and /api/v1/signin/passkey/options. `options` goes to
/// PublicKeyCredential.parseCreationOptionsFromJSON (or parseRequestOptionsFromJSON), `ticket` comes back.
struct Ceremony {
    std::string ticket;
    Value options;
    static constexpr auto describe() {
        return fields(field<&Ceremony::ticket>("ticket", "Names this ceremony; good once, for five minutes").required(),
                      field<&Ceremony::options>("options", "Options in WebAuthn's JSON form").required());
    }
};
/// POST /api/v1/factors/passkeys → Passkey. `credential` is what PublicKeyCredential.toJSON() answers.
struct PasskeyInput {
    std::string ticket;
    std::string name;
    Value credential;
    static constexpr auto describe() {
        using T = PasskeyInput;
        return fields(field<&T::ticket>("ticket", "From the options").required().at_most_long(100),
                      field<&T::name>("name", "What to call it").at_most_long(100),
                      field<&T::credential>("credential", "RegistrationResponseJSON").required());
    }
};

// ---- the second step -----------------------------------------------------------------------------------------------
// A right password of somebody with a second factor opens no session: it answers `pending` and the factors that will do
// (access/api.h, SessionReply). These calls answer a SessionReply too; the session's cookie is set.

/// POST /api/v1/signin/code: an authenticator's code or a recovery code.
struct SecondStep {
    std::string pending;
    std::string code;
    static constexpr auto describe() {
        using T = SecondStep;
        return fields(field<&T::pending>("pending", "From the first step").required().at_most_long(100),
                      field<&T::code>("code", "Six digits, or a recovery code").required().at_most_long(32));
    }
};
/// POST /api/v1/signin/passkey/options: with `pending` for the second step; without, to sign in by passkey alone.
struct PasskeyWish {
    std::string pending;
    static constexpr auto describe() {
        return fields(
            field<&PasskeyWish::pending>("pending", "From the first step, if there was one").at_most_long(100));
    }
};
/// POST /api/v1/signin/passkey: `ticket` is the Ceremony's.
struct PasskeyAnswer {
    std::string ticket;
    Value credential;
    static constexpr auto describe() {
        using T = PasskeyAnswer;
        return fields(field<&T::ticket>("ticket", "From the options").required().at_most_long(100),
                      field<&T::credential>("credential", "AuthenticationResponseJSON").required());
    }
};

}  // namespace quipu::signin
