#pragma once
// Who may do what: accounts, sessions, tokens and roles, and the one place where a request becomes a Caller.
//
//     sign-in ──▶ Access ──▶ store (SQL: hashes, never a secret in clear)
//                   │  └───▶ journal (who signed in, who was refused, whose role changed)
//     request ──▶ Gatekeeper (memory only, no SQL) ──▶ Caller ──▶ the route's permission, checked by platform::Api
//
// Calls of Access may wait for SQL, and those that take a password for argon2id: from an event loop call them through
// platform::off_loop. All are safe from any thread.
//
// A second factor (src/platform/signin) is somebody else's work: a sign-in by password of an account that has one
// answers a SessionStart whose `pending` is set and whose cookie is empty; whoever has verified the factor calls
// complete_second_factor(pending). Credentials are kept here as sealed octets: keep_credential, credentials_of.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "platform/access/model.h"
#include "platform/service.h"

namespace quipu::access {

/// The tree of organisations, of one day; immutable. Implemented above this floor from the registry.
class OrganisationTree {
  public:
    virtual ~OrganisationTree() = default;
    /// The organisation through which it is connected; empty for a root and for one that is not known.
    [[nodiscard]] virtual std::string_view parent_of(std::string_view organisation) const = 0;
    [[nodiscard]] virtual bool knows(std::string_view organisation) const = 0;
};

/// A mail to one person, in their language. Sent by whoever was given to Access::send_letters_by.
struct Letter {
    std::string to;        ///< mail address
    std::string name;      ///< of the person
    std::string language;  ///< es, pt, en
    std::string subject;
    std::string text;
};
using SendLetter = std::function<Result<void>(const Letter&)>;

/// What another place vouches for: an identity provider's assertion, verified by the caller.
struct ExternalIdentity {
    std::string issuer;   ///< SAML entityID or OpenID issuer
    std::string subject;  ///< pairwise-id, persistent NameID or OpenID `sub`: stable at the issuer
    std::string eppn = {};
    std::string mail = {};
    std::string name = {};
    std::string scope = {};  ///< checked against shibmd:Scope: "uchile.cl"; empty when none is vouched for
    std::vector<std::string> affiliations = {};  ///< "member", "faculty", …, of that scope
    std::string home_organisation = {};          ///< schacHomeOrganization
    std::string language = {};
    std::string method = {};  ///< "saml", "oidc": for the audit
    bool strong = false;      ///< the issuer has asked for a second factor: none is asked for here
};

/// From where somebody signs in.
struct Origin {
    net::IpAddress address;
    std::string client = {};  ///< User-Agent; only its first words are kept
};
[[nodiscard]] Origin origin_of(const net::HttpRequest& request);

/// A sign-in that succeeded, or that waits for its second factor.
struct SessionStart {
    Account account;
    std::string cookie;                ///< the value of Set-Cookie; empty while the second factor is missing
    std::string pending;               ///< names the sign-in that waits; empty when it is complete
    std::vector<std::string> factors;  ///< kinds that would complete it: "totp", "passkey"
    Time until{};                      ///< when the session, or the wait, ends
};

/// One authenticator of an account. `data` is sealed on disk with the house's key and given back in clear.
struct Credential {
    std::string account;
    std::string kind;  ///< "totp", "passkey", "recovery-code"
    std::string id;    ///< unique in its kind: WebAuthn's credential id in base64url, "1"
    std::string name;  ///< as its owner calls it
    std::string data;
    std::int64_t counter = 0;  ///< signature counter, or the last time step used
    Time created{};
    std::optional<Time> used = {};
};

/// How a code that was right, but had signed in before, is told (RFC 6238 §5.2: it is used once).
inline constexpr std::string_view kUsedCode = "a code used before";

class Access {
  public:
    virtual ~Access() = default;

    // ---- what is above this floor

    virtual void use_tree(std::shared_ptr<const OrganisationTree> tree) = 0;
    virtual void send_letters_by(SendLetter send) = 0;
    /// The organisation whose realm or domain this scope is.
    virtual void find_scopes_by(std::function<std::optional<std::string>(std::string_view scope)> find) = 0;
    /// Whether accounts and sessions can be asked for: true from the service's start to its end.
    [[nodiscard]] virtual bool ready() const = 0;

    // ---- sign-in

    /// By password. `unauthenticated` says nothing of whether the account exists, and takes as long for one that does
    /// not; `limited` with retry_after when the address or the account has failed too often.
    [[nodiscard]] virtual Result<SessionStart> sign_in(std::string_view login, std::string_view password,
                                                       const Origin& from) = 0;
    /// A verified identity of another place. The first time it makes an account: attached as a member where the scope
    /// is known, else pending until a manager gives it a role. A closed or locked account is `forbidden`.
    [[nodiscard]] virtual Result<SessionStart> sign_in_external(const ExternalIdentity& identity,
                                                                const Origin& from) = 0;
    /// Without a password: a passkey that identified the account and verified its user.
    [[nodiscard]] virtual Result<SessionStart> sign_in_verified(std::string_view account, std::string_view method,
                                                                const Origin& from) = 0;

    /// The account of a sign-in that waits; `unauthenticated` when it is over (five minutes, five tries).
    [[nodiscard]] virtual Result<Account> pending_account(std::string_view pending) const = 0;
    [[nodiscard]] virtual Result<SessionStart> complete_second_factor(std::string_view pending, std::string_view method,
                                                                      const Origin& from) = 0;
    /// A wrong code: counts against the sign-in, the account and the address, and is audited.
    /// `method` kUsedCode: its owner is told.
    virtual Error fail_second_factor(std::string_view pending, std::string_view method, const Origin& from) = 0;

    // ---- accounts and their authenticators

    [[nodiscard]] virtual Result<Account> account(std::string_view id) const = 0;
    /// The account behind a caller: "person:ID"; `unauthenticated` for anybody else.
    [[nodiscard]] virtual Result<Account> account_of(const platform::Caller& caller) const = 0;
    [[nodiscard]] virtual std::vector<Account> accounts() const = 0;
    /// What the account may do now; null when there is none, or none that is active.
    [[nodiscard]] virtual std::shared_ptr<const platform::Grants> grants_of_account(std::string_view id) const = 0;

    /// Makes or replaces; audited as FactorChanged. From then on a password alone no longer signs in.
    [[nodiscard]] virtual Result<void> keep_credential(const Credential& credential, std::string_view who) = 0;
    [[nodiscard]] virtual Result<std::vector<Credential>> credentials_of(std::string_view account,
                                                                         std::string_view kind) const = 0;
    [[nodiscard]] virtual Result<std::optional<Credential>> find_credential(std::string_view kind,
                                                                            std::string_view id) const = 0;
    /// The new counter if it is above the one that is kept: false for a replay.
    [[nodiscard]] virtual Result<bool> use_credential(std::string_view account, std::string_view kind,
                                                      std::string_view id, std::int64_t counter) = 0;
    [[nodiscard]] virtual Result<void> drop_credential(std::string_view account, std::string_view kind,
                                                       std::string_view id, std::string_view who) = 0;

    /// Ends all sessions of the account but `current`.
    [[nodiscard]] virtual Result<void> end_other_sessions(std::string_view account, std::string_view current,
                                                          std::string_view who) = 0;

    /// Counts a failure against the address: 10,000 wrong assertions from one place are slowed as wrong passwords are.
    /// `limited` with retry_after when there were too many: then nothing was looked at.
    [[nodiscard]] virtual Result<void> may_try(const Origin& from) = 0;
    virtual void note_failure(const Origin& from, std::string_view method) = 0;

    // ---- the first start and demonstrations

    /// The one-time link that makes the administrator; empty once there is one.
    [[nodiscard]] virtual Result<std::string> first_link() = 0;
    /// Accounts of `quipu run`: in memory only, without password, on a loopback listener only (`forbidden` elsewhere).
    [[nodiscard]] virtual Result<void> demonstrate(std::vector<Account> accounts) = 0;
};

class AccessService : public platform::Service {
  public:
    /// There from the beginning; `ready()` from the service's start on.
    [[nodiscard]] virtual Access& access() = 0;
};
[[nodiscard]] std::unique_ptr<AccessService> make_access_service();

}  // namespace quipu::access
