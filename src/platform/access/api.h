#pragma once
// What travels on the access routes. All under /api/v1; permissions in brackets.
//
//   GET    session                who am I, what may I, and how can one sign in                    [see-public]
//   POST   session                sign in by password -> SessionReply, Set-Cookie                  [see-public]
//   DELETE session                sign out                                                         [own]
//   PUT    session/password       change my password                                               [own]
//   GET    sessions               my sessions                                                      [own]
//   DELETE sessions               end all of mine but this one                                     [own]
//   DELETE sessions/{id}          end one of mine                                                  [own]
//   GET    accounts               ?organisation= q= state=                                         [manage-people]
//   GET    accounts/{id}          mine, or one of people whom I manage                             [own]
//   PATCH  accounts/{id}          name, mail, language; state for managers (If-Match)              [own]
//   PUT    accounts/{id}/roles    all roles, as they are to be (If-Match)                          [manage-people]
//   DELETE accounts/{id}/factors  all, of somebody who has lost them                               [manage-people]
//   GET    invitations            open ones                                                        [manage-people]
//   POST   invitations            -> the link, when no letter could be sent                        [manage-people]
//   DELETE invitations/{id}                                                                        [manage-people]
//   POST   invitations/look       {token} -> who invites whom to what                              [see-public]
//   POST   invitations/accept     {token, name, password} -> SessionReply, Set-Cookie              [see-public]
//   POST   recovery               {login}: 204 whether or not there is such an account             [see-public]
//   POST   recovery/accept        {token, password} -> SessionReply, Set-Cookie                    [see-public]
//   GET    tokens                 mine; ?account= for people whom I manage                         [own]
//   POST   tokens                 -> the token's text, shown this once                             [own]
//   DELETE tokens/{id}                                                                             [own]
//   GET    audit                  ?account= type= since= until= cursor= limit=                     [manage-people]
//   GET    roles                  which role may do what                                           [see-public]
//
// A one-time link is URL/join#TOKEN (invitation, first administrator) or URL/recover#TOKEN: the portal's page sends
// what stands behind the # to `accept`, so that it is in no log.
//
// A change by cookie needs the header "X-Quipu-Request: 1" or an Origin of the hub's own; a token needs neither.

#include <optional>
#include <string>
#include <vector>

#include "platform/access/model.h"
#include "platform/api.h"

namespace quipu::access {

/// A demonstration account, as the sign-in page offers it: by its name, without password.
struct Demonstration {
    std::string login, name;
    Role role = Role::viewer;
    std::string organisation;
    static constexpr auto describe() {
        using T = Demonstration;
        return fields(field<&T::login>("login", "What to sign in with; no password").required(),
                      field<&T::name>("name", "Who it is").required(),
                      field<&T::role>("role", "What it may do").required(),
                      field<&T::organisation>("organisation", "Where; everywhere when empty").required());
    }
};

/// A role of mine with all that it permits.
struct Standing {
    Role role = Role::viewer;
    std::string organisation, service;
    std::vector<std::string> permissions;
    static constexpr auto describe() {
        using T = Standing;
        return fields(field<&T::role>("role", "The role").required(),
                      field<&T::organisation>("organisation", "There and below; everywhere when empty").required(),
                      field<&T::service>("service", "In this service; in all when empty").required(),
                      field<&T::permissions>("permissions", "What it permits").required());
    }
};

struct SessionInfo {
    bool signed_in = false;
    std::string caller;                    ///< "person:ID", "token:ID", "local", "anonymous"
    std::optional<Account> account;        ///< when it is a person's
    std::vector<std::string> permissions;  ///< held somewhere: what menus go by
    std::vector<Standing> standings;
    std::optional<std::string> session;  ///< this session's id, as GET sessions has it
    std::optional<Time> until;           ///< when it ends at the latest
    bool factor_needed = false;          ///< their roles wait until they have a second factor
    bool first_start = false;            ///< there is no administrator yet: use the link that `quipu serve` printed
    std::vector<Demonstration> demonstrations;
    static constexpr auto describe() {
        using T = SessionInfo;
        return fields(field<&T::signed_in>("signed_in", "Whether the caller is known").required(),
                      field<&T::caller>("caller", "person:ID, token:ID, local or anonymous").required(),
                      field<&T::account>("account", "The person's account"),
                      field<&T::permissions>("permissions", "What the caller may do somewhere").required(),
                      field<&T::standings>("standings", "Roles, and what each permits where").required(),
                      field<&T::session>("session", "This session's id"),
                      field<&T::until>("until", "When the session ends at the latest"),
                      field<&T::factor_needed>("factor_needed", "Their roles wait until they have a second factor"),
                      field<&T::first_start>("first_start", "There is no administrator yet").required(),
                      field<&T::demonstrations>("demonstrations", "Accounts to try things with, on this machine only"));
    }
};

struct SignIn {
    std::string login;
    std::string password;
    static constexpr auto describe() {
        using T = SignIn;
        return fields(field<&T::login>("login", "Mail address or name").required().at_most_long(254),
                      field<&T::password>("password", "The password; none for a demonstration").at_most_long(1024));
    }
};

/// Signed in, or waiting for the second factor: then `pending` goes to the routes of the factor's kind.
struct SessionReply {
    bool signed_in = false;
    std::optional<std::string> pending;
    std::vector<std::string> factors;
    std::optional<Account> account;
    std::optional<Time> until;
    static constexpr auto describe() {
        using T = SessionReply;
        return fields(field<&T::signed_in>("signed_in", "The session has begun").required(),
                      field<&T::pending>("pending", "Names the sign-in that waits for its second factor"),
                      field<&T::factors>("factors", "Kinds of second factor that would complete it").required(),
                      field<&T::account>("account", "Who signed in; not while it waits"),
                      field<&T::until>("until", "When the session, or the wait, ends"));
    }
};

struct PasswordChange {
    std::string current, password;
    static constexpr auto describe() {
        using T = PasswordChange;
        return fields(
            field<&T::current>("current", "The one that holds now; empty if there is none").at_most_long(1024),
            field<&T::password>("password", "12 to 128 characters").required().at_most_long(1024));
    }
};

struct SessionEntry {
    std::string id;
    bool current = false;
    Time started{}, seen{}, until{};
    std::string address, client, method;
    static constexpr auto describe() {
        using T = SessionEntry;
        return fields(field<&T::id>("id", "The session").required(),
                      field<&T::current>("current", "It is the one that asks").required(),
                      field<&T::started>("started", "Signed in").required(),
                      field<&T::seen>("seen", "Last used").required(), field<&T::until>("until", "Ends").required(),
                      field<&T::address>("address", "From where").required(),
                      field<&T::client>("client", "With which program").required(),
                      field<&T::method>("method", "password, password+totp, passkey, saml…").required());
    }
};

/// What is left out stays as it is.
struct AccountChange {
    std::optional<std::string> name, mail, language, organisation;
    std::optional<AccountState> state;
    static constexpr auto describe() {
        using T = AccountChange;
        return fields(field<&T::name>("name", "Full name").at_most_long(200),
                      field<&T::mail>("mail", "Where letters go").format("email").at_most_long(254),
                      field<&T::language>("language", "es, pt, en").at_most_long(8),
                      field<&T::organisation>("organisation", "Home organisation; for managers").at_most_long(63),
                      field<&T::state>("state", "active, locked or closed; for managers"));
    }
};

struct RoleList {
    std::vector<RoleGrant> roles;
    static constexpr auto describe() {
        return fields(field<&RoleList::roles>("roles", "All roles, as they are to be").required().at_most_long(100));
    }
};

struct Invitation {
    std::string id;
    std::string mail, name;
    std::optional<std::string> language;
    Role role = Role::member;
    std::string organisation, service;
    std::string invited_by;
    Time until{};
    std::optional<std::string> link;  ///< only in the answer to POST, and only when no letter was sent
    static constexpr auto describe() {
        using T = Invitation;
        return fields(field<&T::id>("id", "Its number").read_only(),
                      field<&T::mail>("mail", "Whom: where the letter goes, and the login")
                          .required()
                          .format("email")
                          .at_most_long(254),
                      field<&T::name>("name", "Full name").at_most_long(200),
                      field<&T::language>("language", "Of the letter: es, pt, en").at_most_long(8),
                      field<&T::role>("role", "What they will be").required(),
                      field<&T::organisation>("organisation", "Where; everywhere when empty")
                          .references("organisations")
                          .at_most_long(63),
                      field<&T::service>("service", "Only in this service").at_most_long(63),
                      field<&T::invited_by>("invited_by", "Who invites").read_only(),
                      field<&T::until>("until", "Holds until").read_only(),
                      field<&T::link>("link", "To be handed over, when no letter could be sent").read_only());
    }
};

struct LinkToken {
    std::string token;
    static constexpr auto describe() {
        return fields(
            field<&LinkToken::token>("token", "What stands behind the # of the link").required().at_most_long(200));
    }
};
/// What the page of a one-time link shows.
struct LinkInfo {
    std::string kind;  ///< first, invitation, recovery
    std::string mail, name, organisation;
    Role role = Role::member;
    std::string invited_by;
    Time until{};
    static constexpr auto describe() {
        using T = LinkInfo;
        return fields(field<&T::kind>("kind", "first, invitation or recovery").required(),
                      field<&T::mail>("mail", "Whom it is for").required(),
                      field<&T::name>("name", "Their name").required(),
                      field<&T::organisation>("organisation", "Where; everywhere when empty").required(),
                      field<&T::role>("role", "What they will be").required(),
                      field<&T::invited_by>("invited_by", "Who invites").required(),
                      field<&T::until>("until", "Holds until").required());
    }
};
struct Acceptance {
    std::string token;
    std::string login;  ///< for the first administrator; else the invitation's address
    std::string name;
    std::optional<std::string> language;
    std::string password;
    static constexpr auto describe() {
        using T = Acceptance;
        return fields(field<&T::token>("token", "What stands behind the # of the link").required().at_most_long(200),
                      field<&T::login>("login", "For the first administrator: mail address or name").at_most_long(254),
                      field<&T::name>("name", "Full name").at_most_long(200),
                      field<&T::language>("language", "es, pt, en").at_most_long(8),
                      field<&T::password>("password", "12 to 128 characters").required().at_most_long(1024));
    }
};
struct RecoveryRequest {
    std::string login;
    static constexpr auto describe() {
        return fields(field<&RecoveryRequest::login>("login", "Mail address or name").required().at_most_long(254));
    }
};
struct Recovery {
    std::string token, password;
    static constexpr auto describe() {
        using T = Recovery;
        return fields(field<&T::token>("token", "What stands behind the # of the link").required().at_most_long(200),
                      field<&T::password>("password", "12 to 128 characters").required().at_most_long(1024));
    }
};

/// A token acts for its owner, with no more than its scope: these permissions, at these organisations and below.
struct TokenWish {
    std::string name;
    std::vector<platform::Permission> permissions;  ///< empty: all of its owner's
    std::vector<std::string> organisations;         ///< empty: wherever its owner may
    std::optional<Time> until;                      ///< 90 days from now if left out; a year at most
    static constexpr auto describe() {
        using T = TokenWish;
        return fields(field<&T::name>("name", "What it is for").required().at_most_long(100),
                      field<&T::permissions>("permissions", "Only these; all of mine when empty"),
                      field<&T::organisations>("organisations", "Only there and below; wherever I may when empty"),
                      field<&T::until>("until", "When it ends: a year from now at most; 90 days if left out"));
    }
};
struct Token {
    std::string id;
    std::string account;
    std::string name;
    std::vector<platform::Permission> permissions;
    std::vector<std::string> organisations;
    Time created{}, until{};
    std::optional<Time> used;
    std::optional<std::string> token;  ///< "qp_…", in the answer to POST alone
    static constexpr auto describe() {
        using T = Token;
        return fields(field<&T::id>("id", "Its number").required(), field<&T::account>("account", "Whose").required(),
                      field<&T::name>("name", "What it is for").required(),
                      field<&T::permissions>("permissions", "Only these; all of the owner's when empty").required(),
                      field<&T::organisations>("organisations", "Only there and below").required(),
                      field<&T::created>("created", "When it was made").required(),
                      field<&T::until>("until", "When it ends").required(),
                      field<&T::used>("used", "Last used, to the minute"),
                      field<&T::token>("token", "The token itself, shown this once"));
    }
};

struct AuditEntry {
    std::int64_t id = 0;
    Time time{};
    std::string type;     ///< SignedIn, SignInFailed, RolesChanged…
    std::string account;  ///< about whom
    std::string actor;    ///< who did it
    std::string detail;   ///< one line
    static constexpr auto describe() {
        using T = AuditEntry;
        return fields(
            field<&T::id>("id", "Position in the journal").required(), field<&T::time>("time", "When").required(),
            field<&T::type>("type", "What happened").required(), field<&T::account>("account", "About whom").required(),
            field<&T::actor>("actor", "Who did it").required(), field<&T::detail>("detail", "One line").required());
    }
};

struct RoleRow {
    Role role = Role::viewer;
    std::vector<std::string> permissions;
    static constexpr auto describe() {
        return fields(field<&RoleRow::role>("role", "The role").required(),
                      field<&RoleRow::permissions>("permissions", "What it permits").required());
    }
};

}  // namespace quipu::access
