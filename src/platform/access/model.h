#pragma once
// Accounts and roles as described structs: what the API shows and the store keeps.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/time.h"

namespace quipu::access {

/// From the least to the most; each may what those before it may (roles.h has the table).
enum class Role : std::uint8_t { viewer, member, operator_, manager, administrator };
constexpr auto describe_enum(Role) {
    return names<Role>({{Role::viewer, "viewer"},
                        {Role::member, "member"},
                        {Role::operator_, "operator"},
                        {Role::manager, "manager"},
                        {Role::administrator, "administrator"}});
}

/// Of whom a second factor is demanded.
enum class SecondFactor : std::uint8_t { nobody, administrators, everyone };
constexpr auto describe_enum(SecondFactor) {
    return names<SecondFactor>({{SecondFactor::nobody, "nobody"},
                                {SecondFactor::administrators, "administrators"},
                                {SecondFactor::everyone, "everyone"}});
}

/// A role at an organisation and below it, or everywhere; for all services or for one.
struct RoleGrant {
    Role role = Role::viewer;
    std::string organisation;  ///< empty: everywhere
    std::string service;       ///< a route's tag; empty: all
    bool operator==(const RoleGrant&) const = default;
    static constexpr auto describe() {
        using T = RoleGrant;
        return fields(field<&T::role>("role", "What they may do").required(),
                      field<&T::organisation>("organisation", "There and below it; everywhere when empty")
                          .references("organisations")
                          .at_most_long(63),
                      field<&T::service>("service", "Only in this service; in all when empty").at_most_long(63));
    }
};

enum class AccountState : std::uint8_t {
    active,
    pending,  ///< signed in from elsewhere; waits for a manager to give it a role
    locked,   ///< may not sign in until a manager says so
    closed,   ///< its owner has left; the name stays taken, so that the journal keeps its sense
};
constexpr auto describe_enum(AccountState) {
    return names<AccountState>({{AccountState::active, "active"},
                                {AccountState::pending, "pending"},
                                {AccountState::locked, "locked"},
                                {AccountState::closed, "closed"}});
}

struct Account {
    std::string id;     ///< slug; "person:ID" is the caller's id and stands in the journal
    std::string login;  ///< what is typed to sign in: a mail address or a name
    std::string name;
    std::optional<std::string> mail;
    std::optional<std::string> language;  ///< es, pt, en
    AccountState state = AccountState::active;
    std::optional<std::string> organisation;  ///< home
    std::vector<RoleGrant> roles;
    bool has_password = false;
    std::vector<std::string> factors;  ///< kinds of its second factors
    bool demonstration = false;        ///< of `quipu run`; in no database
    Time created{};
    std::optional<Time> seen;  ///< last sign-in
    std::int64_t version = 0;
    static constexpr auto describe() {
        using T = Account;
        return fields(
            field<&T::id>("id", "Short stable name").required().read_only().pattern(kSlug),
            field<&T::login>("login", "What is typed to sign in").required().at_most_long(254),
            field<&T::name>("name", "Full name").required().at_most_long(200),
            field<&T::mail>("mail", "Where letters go").format("email").at_most_long(254),
            field<&T::language>("language", "es, pt, en").at_most_long(8),
            field<&T::state>("state", "active, pending, locked or closed").required(),
            field<&T::organisation>("organisation", "Home organisation").references("organisations").at_most_long(63),
            field<&T::roles>("roles", "What they may do, and where").read_only(),
            field<&T::has_password>("has_password", "Signs in by password").read_only(),
            field<&T::factors>("factors", "Kinds of second factor").read_only(),
            field<&T::demonstration>("demonstration", "Of a network on this machine; kept nowhere").read_only(),
            field<&T::created>("created", "When it was made").read_only(),
            field<&T::seen>("seen", "Last sign-in").read_only(),
            field<&T::version>("version", "Rises by one with each change; the ETag").read_only());
    }
};

}  // namespace quipu::access
