// Accounts, their roles and their authenticators.

#include <algorithm>
#include <fmt/format.h>

#include "platform/access/core.h"
#include "platform/access/letters.h"

namespace quipu::access {
namespace {

using platform::Caller;
using platform::kEverywhere;
using platform::Permission;

/// Ten at once are one thing: what they stand in for has had its letter.
constexpr std::string_view kRecoveryCode = "recovery-code";

/// "operator at rnp", "manager everywhere, manager at rnp for voice".
std::string text_of(const std::vector<RoleGrant>& roles) {
    std::string out;
    for (const RoleGrant& role : roles)
        out += fmt::format("{}{} {}{}", out.empty() ? "" : ", ", enum_name(role.role),
                           role.organisation.empty() ? "everywhere" : "at " + role.organisation,
                           role.service.empty() ? "" : " for " + role.service);
    return out.empty() ? "none" : out;
}

bool is_house_administrator(const Account& account) {
    return account.state == AccountState::active && std::ranges::any_of(account.roles, [](const RoleGrant& role) {
               return role.role == Role::administrator && role.organisation.empty() && role.service.empty();
           });
}

}  // namespace

Result<Account> Core::reload(std::string_view id) {
    auto account = TRY(store_->account(id));
    if (!account) return fail(ErrorCode::not_found, fmt::format("there is no account \"{}\"", id), "id");
    directory_.put(*account);
    return std::move(*account);
}

std::vector<RoleGrant> Core::roles_of(const Caller& caller) const {
    if (caller.grants == nullptr) return {{Role::administrator, {}, {}}};
    const auto account = account_of(caller);
    return account ? account->roles : std::vector<RoleGrant>();
}

bool Core::manages(const Caller& caller, const Account& account) const {
    if (caller.may(Permission::manage_people, kEverywhere, kTag)) return true;
    if (account.organisation && caller.may(Permission::manage_people, *account.organisation, kTag)) return true;
    return std::ranges::any_of(account.roles, [&](const RoleGrant& role) {
        return !role.organisation.empty() && caller.may(Permission::manage_people, role.organisation, kTag);
    });
}

std::vector<Account> Core::managed_by(const Caller& caller) const {
    std::vector<Account> all = accounts();
    // Who waits for a role stands nowhere yet: every manager may take them in.
    std::erase_if(all, [&](const Account& account) {
        return account.state != AccountState::pending && !manages(caller, account);
    });
    return all;
}

Result<Account> Core::seen_by(const Caller& caller, std::string_view id) const {
    auto found = account(id);
    const bool own = !person_in(caller.id).empty() && person_in(caller.id) == id;
    const bool managed = found && caller.may(Permission::manage_people, {}, kTag) &&
                         (found->state == AccountState::pending || manages(caller, *found));
    if (found && (own || managed)) return found;
    return fail(ErrorCode::not_found, fmt::format("there is no account \"{}\"", id), "id");
}

bool Core::is_last_administrator(const Account& account) const {
    return is_house_administrator(account) && std::ranges::none_of(accounts(), [&](const Account& other) {
               return other.id != account.id && !other.demonstration && is_house_administrator(other);
           });
}

bool Core::has_administrator() const {
    return std::ranges::any_of(accounts(),
                               [](const Account& each) { return !each.demonstration && is_house_administrator(each); });
}

/// Manages people, and may do all that this one may.
bool Core::outranks(const Caller& caller, const Account& account) const {
    const auto tree = directory_.people()->tree;
    const std::vector<RoleGrant> own = roles_of(caller);
    return caller.may(Permission::manage_people, {}, kTag) && person_in(caller.id) != account.id &&
           std::ranges::all_of(account.roles, [&](const RoleGrant& role) { return covers(own, role, tree.get()); });
}

Result<Account> Core::change(const Caller& caller, std::string_view id, const AccountChange& change,
                             std::string_view if_match) {
    const std::int64_t expected = TRY(version_in(if_match));
    Account before = TRY(seen_by(caller, id));
    if (before.demonstration) return fail(ErrorCode::forbidden, "a demonstration account stays as it is");
    const bool manages_it = outranks(caller, before);
    Account after = before;
    std::string changed;
    const auto note = [&](std::string_view what) { changed += (changed.empty() ? "" : ", ") + std::string(what); };
    if (person_in(caller.id) != id && !manages_it)
        return fail(ErrorCode::forbidden, "this person may do more than you: you cannot change their account");
    if (change.name && *change.name != before.name) after.name = *change.name, note("name");
    if (change.mail && change.mail != before.mail) after.mail = change.mail, note("mail");
    if (change.language && change.language != before.language) after.language = change.language, note("language");
    if (change.organisation && change.organisation != before.organisation) {
        if (!manages_it || !caller.may(Permission::manage_people, *change.organisation, kTag))
            return fail(ErrorCode::forbidden, "a home organisation is set by its manager", "body.organisation");
        after.organisation = change.organisation;
        note("organisation");
    }
    if (change.state && *change.state != before.state) {
        if (!manages_it)
            return fail(ErrorCode::forbidden, "a state is set by whoever manages the account", "body.state");
        if (is_last_administrator(before))
            return fail(ErrorCode::conflict, "this is the last administrator", "body.state", "make another one first");
        after.state = *change.state;
        note(enum_name(after.state));
    }
    if (after.name.empty()) return fail(ErrorCode::invalid, "a name is needed", "body.name");
    if (changed.empty()) return before;
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::update(transaction, after, expected));
        return tell<events::AccountChanged>(transaction, id, changed, {}, caller.id);
    }));
    if (after.state == AccountState::locked || after.state == AccountState::closed) {
        const auto openings = directory_.openings();
        TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
            for (const auto& opening : openings) {
                if (opening->account != id) continue;
                TRY(opening->kind == Opening::Kind::session ? Store::remove_session(transaction, opening->id)
                                                            : Store::remove_token(transaction, opening->id));
            }
            return {};
        }));
        close_openings(id);
    }
    if (before.mail && after.mail != before.mail)
        (void)send(address_letter(addressee_of(before), house_->network, after.mail.value_or("—")));
    return reload(id);
}

Result<Account> Core::set_roles(const Caller& caller, std::string_view id, std::vector<RoleGrant> roles,
                                std::string_view if_match) {
    const std::int64_t expected = TRY(version_in(if_match));
    Account before = TRY(seen_by(caller, id));
    if (before.demonstration) return fail(ErrorCode::forbidden, "a demonstration account stays as it is");
    const auto tree = directory_.people()->tree;
    const std::vector<RoleGrant> own = roles_of(caller);
    const auto touches = [&](const std::vector<RoleGrant>& from, const std::vector<RoleGrant>& to) -> Result<void> {
        for (const RoleGrant& role : from) {
            if (std::ranges::find(to, role) != to.end()) continue;
            const bool there = role.organisation.empty()
                                   ? caller.may(Permission::manage_people, kEverywhere, kTag)
                                   : caller.may(Permission::manage_people, role.organisation, kTag);
            if (!there || !covers(own, role, tree.get()))
                return fail(ErrorCode::forbidden,
                            fmt::format("{} is not yours to give or to take: nobody gives more than they have",
                                        text_of({role})),
                            "body.roles", "ask somebody who holds it");
        }
        return {};
    };
    TRY(touches(roles, before.roles));
    TRY(touches(before.roles, roles));
    for (std::size_t i = 0; i < roles.size(); ++i)
        if (tree != nullptr && !roles[i].organisation.empty() && !tree->knows(roles[i].organisation))
            return fail(ErrorCode::invalid, fmt::format("there is no organisation \"{}\"", roles[i].organisation),
                        fmt::format("body.roles[{}].organisation", i));
    Account after = before;
    after.roles = std::move(roles);
    if (before.state == AccountState::pending && !after.roles.empty()) after.state = AccountState::active;
    if (is_last_administrator(before) && !is_house_administrator(after))
        return fail(ErrorCode::conflict, "this is the last administrator", "body.roles", "make another one first");
    if (before.roles == after.roles) return before;
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::update(transaction, after, expected));
        TRY(Store::set_roles(transaction, id, after.roles, caller.id, house_->clock.now()));
        return tell<events::RolesChanged>(
            transaction, id, fmt::format("from {} to {}", text_of(before.roles), text_of(after.roles)), {}, caller.id);
    }));
    return reload(id);
}

// ---- authenticators

namespace {

std::string context_of(const Credential& credential) {
    return fmt::format("{}/{}/{}", credential.account, credential.kind, credential.id);
}

}  // namespace

Result<void> Core::keep_credential(const Credential& credential, std::string_view who) {
    const Account owner = TRY(account(credential.account));
    if (owner.demonstration) return fail(ErrorCode::forbidden, "a demonstration account stays as it is");
    Credential kept = credential;
    kept.data = seal_->close(credential.data, context_of(credential));
    if (kept.created == Time()) kept.created = house_->clock.now();
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::put(transaction, kept));
        return tell<events::FactorChanged>(transaction, kept.account, fmt::format("{} set up", kept.kind), {}, who);
    }));
    TRY(reload(credential.account));
    if (credential.kind != kRecoveryCode) tell_of_factors(owner);
    return {};
}

Result<std::vector<Credential>> Core::credentials_of(std::string_view account, std::string_view kind) const {
    std::vector<Credential> all = TRY(store_->credentials(account, kind));
    for (Credential& each : all)
        each.data = TRY(seal_->reveal(each.data, context_of(each)));
    return all;
}

Result<std::optional<Credential>> Core::find_credential(std::string_view kind, std::string_view id) const {
    auto found = TRY(store_->credential(kind, id));
    if (found) found->data = TRY(seal_->reveal(found->data, context_of(*found)));
    return found;
}

Result<bool> Core::use_credential(std::string_view account, std::string_view kind, std::string_view id,
                                  std::int64_t counter) {
    bool raised = false;
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        raised = TRY(Store::raise_counter(transaction, account, kind, id, counter, house_->clock.now()));
        return {};
    }));
    return raised;
}

Result<void> Core::drop_credential(std::string_view account, std::string_view kind, std::string_view id,
                                   std::string_view who) {
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::drop(transaction, account, kind, id));
        return tell<events::FactorChanged>(transaction, account, fmt::format("{} removed", kind), {}, who);
    }));
    const Account owner = TRY(reload(account));
    if (kind != kRecoveryCode) tell_of_factors(owner);
    return {};
}

Result<void> Core::remove_factors(const Caller& caller, std::string_view id) {
    const Account owner = TRY(seen_by(caller, id));
    if (!outranks(caller, owner))
        return fail(ErrorCode::forbidden, "second factors are taken away by whoever manages the account", "id",
                    "one's own are on the profile page");
    if (owner.factors.empty()) return fail(ErrorCode::conflict, "this account has no second factor", "id");
    std::vector<Credential> all;
    for (const std::string& kind : owner.factors)
        std::ranges::move(TRY(store_->credentials(id, kind)), std::back_inserter(all));
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        for (const Credential& each : all)
            TRY(Store::drop(transaction, id, each.kind, each.id));
        return tell<events::FactorChanged>(transaction, id, "all removed", {}, caller.id);
    }));
    TRY(end_other_sessions(id, {}, caller.id));
    TRY(reload(id));
    tell_of_factors(owner);
    return {};
}

void Core::tell_of_factors(const Account& owner) {
    if (owner.mail) (void)send(factor_letter(addressee_of(owner), house_->network));
}

}  // namespace quipu::access
