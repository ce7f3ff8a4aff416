// What one-time links do: the first administrator, invitations, recovery. And the accounts of a demonstration.

#include <algorithm>
#include <fmt/format.h>

#include "net/tls.h"
#include "platform/access/core.h"
#include "platform/access/letters.h"
#include "platform/access/password.h"

namespace quipu::access {
namespace {

using platform::Caller;
using platform::kEverywhere;
using platform::Permission;

constexpr std::string_view kFirst = "first", kInvitation = "invitation", kRecovery = "recovery";
constexpr Nanoseconds kFirstLife = std::chrono::hours(24);
constexpr Nanoseconds kRecoveryLife = std::chrono::hours(1);
Invitation shown(const LinkRow& row) {
    return {.id = row.id,
            .mail = row.mail,
            .name = row.name,
            .language = row.language.empty() ? std::nullopt : std::optional(row.language),
            .role = row.role.role,
            .organisation = row.role.organisation,
            .service = row.role.service,
            .invited_by = row.made_by,
            .until = row.until,
            .link = {}};
}

std::unexpected<Error> link_is_over() {
    return fail(ErrorCode::not_found, "this link is over, or it was used before", "token", "ask for a new one");
}

bool is_address(std::string_view text) {
    const auto at = text.find('@');
    return at != std::string_view::npos && at > 0 && text.find('@', at + 1) == std::string_view::npos &&
           at + 1 < text.size() && std::ranges::none_of(text, [](char c) {
               return static_cast<unsigned char>(c) <= ' ' || c == '<' || c == '>';
           });
}

}  // namespace

Core::MadeLink Core::make_link(LinkRow row, std::string_view page) const {
    const std::string secret = net::random_token(32);
    row.id = net::random_token(9);
    const std::string base = house_->url ? house_->url() : std::string();
    return {std::move(row), fmt::format("{}/{}#{}", base, page, secret), hash_of(secret)};
}

// ---- the first administrator

Result<std::string> Core::first_link() {
    if (!ready_) return fail(ErrorCode::unavailable, "sign-in is starting");
    if (has_administrator()) return std::string();
    const MadeLink link = make_link({.kind = std::string(kFirst),
                                     .role = {Role::administrator, {}, {}},
                                     .made_by = "system",
                                     .until = house_->clock.now() + kFirstLife},
                                    "join");
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::remove_links(transaction, kFirst, ""));  // the one of an earlier start no longer holds
        return Store::insert(transaction, link.row, link.hash);
    }));
    return link.url;
}

// ---- invitations

Result<std::vector<Invitation>> Core::invitations(const Caller& caller) const {
    std::vector<Invitation> out;
    for (const LinkRow& row : TRY(store_->links(kInvitation, house_->clock.now()))) {
        const std::string_view place =
            row.role.organisation.empty() ? kEverywhere : std::string_view(row.role.organisation);
        if (caller.may(Permission::manage_people, place, kTag)) out.push_back(shown(row));
    }
    return out;
}

Result<Invitation> Core::invite(const Caller& caller, const Invitation& wanted) {
    const RoleGrant role{wanted.role, wanted.organisation, wanted.service};
    const std::string_view place = role.organisation.empty() ? kEverywhere : std::string_view(role.organisation);
    const auto tree = directory_.people()->tree;
    if (!caller.may(Permission::manage_people, place, kTag) || !covers(roles_of(caller), role, tree.get()))
        return fail(ErrorCode::forbidden, "this role there is not yours to give: nobody gives more than they have",
                    "body.role", "ask somebody who holds it");
    if (tree != nullptr && !role.organisation.empty() && !tree->knows(role.organisation))
        return fail(ErrorCode::invalid, fmt::format("there is no organisation \"{}\"", role.organisation),
                    "body.organisation");
    if (!is_address(wanted.mail)) return fail(ErrorCode::invalid, "this is no mail address", "body.mail");
    if (TRY(store_->by_login(wanted.mail)))
        return fail(ErrorCode::conflict, "there is an account with this address already", "body.mail",
                    "give that account the role");
    MadeLink link = make_link({.kind = std::string(kInvitation),
                               .mail = wanted.mail,
                               .name = wanted.name,
                               .language = wanted.language.value_or(""),
                               .role = role,
                               .made_by = caller.id,
                               .until = house_->clock.now() + settings_.invitation_life},
                              "join");
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::insert(transaction, link.row, link.hash));
        return tell<events::InvitationMade>(
            transaction, "",
            fmt::format("{} {}", enum_name(role.role),
                        role.organisation.empty() ? "everywhere" : "at " + role.organisation),
            {}, caller.id);
    }));
    Invitation out = shown(link.row);
    const std::string inviter = caller.name.empty() ? caller.id : caller.name;
    const bool sent = TRY(send(invitation_letter({wanted.mail, wanted.name, link.row.language}, house_->network,
                                                 inviter, link.url, link.row.until)));
    if (!sent) out.link = link.url;
    return out;
}

Result<void> Core::withdraw(const Caller& caller, std::string_view id) {
    const std::vector<Invitation> open = TRY(invitations(caller));
    if (std::ranges::find(open, id, &Invitation::id) == open.end())
        return fail(ErrorCode::not_found, "there is no such invitation", "id");
    return house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::remove_link(transaction, id));
        return {};
    });
}

Result<LinkInfo> Core::look(std::string_view token, const Origin& from) {
    TRY(begin_attempt(from, "link"));
    const auto row = TRY(store_->link(hash_of(token), house_->clock.now()));
    if (!row) return link_is_over();
    attempt_succeeded(from);
    const auto inviter = account(person_in(row->made_by));
    return LinkInfo{.kind = row->kind,
                    .mail = row->mail,
                    .name = row->name,
                    .organisation = row->role.organisation,
                    .role = row->role.role,
                    .invited_by = inviter ? inviter->name : row->made_by,
                    .until = row->until};
}

Result<SessionStart> Core::accept(const Acceptance& acceptance, const Origin& from) {
    TRY(begin_attempt(from, "link"));
    const std::string hash = hash_of(acceptance.token);
    const auto row = TRY(store_->link(hash, house_->clock.now()));
    if (!row || row->kind == kRecovery) return link_is_over();
    attempt_succeeded(from);
    Account account;
    account.login = row->kind == kFirst ? acceptance.login : row->mail;
    if (account.login.size() < 2) return fail(ErrorCode::invalid, "a mail address or a name is needed", "body.login");
    account.name = !acceptance.name.empty() ? acceptance.name : row->name.empty() ? account.login : row->name;
    if (is_address(account.login)) account.mail = account.login;
    account.language = acceptance.language;
    if (!account.language && !row->language.empty()) account.language = row->language;
    if (!row->role.organisation.empty()) account.organisation = row->role.organisation;
    account.created = house_->clock.now();
    account.roles.push_back(row->role);
    TRY(check_new_password(acceptance.password, account.login, account.name));
    const std::string password = TRY(hash_password(acceptance.password));
    const std::string id = id_from(account.login);
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        if (!TRY(Store::take_link(transaction, hash, account.created))) return link_is_over();
        account.id = id;
        TRY(Store::insert(transaction, account, password));
        TRY(Store::set_roles(transaction, account.id, account.roles, row->made_by, account.created));
        return tell<events::AccountMade>(transaction, account.id, "by a link of " + row->made_by, from.address.text(),
                                         "person:" + account.id);
    }));
    return start_session(TRY(reload(account.id)), "link", from);
}

// ---- recovery

Result<void> Core::ask_recovery(std::string_view login, const Origin& from) {
    TRY(begin_attempt(from, "recovery"));  // each counts: nobody's box is filled with letters
    const auto known = TRY(store_->by_login(login));
    const auto owner = known ? account(known->account) : Result<Account>(fail(ErrorCode::not_found, "no account"));
    if (!owner || !owner->mail || owner->state != AccountState::active) return {};
    const MadeLink link = make_link({.kind = std::string(kRecovery),
                                     .account = owner->id,
                                     .mail = *owner->mail,
                                     .name = owner->name,
                                     .made_by = "anonymous",
                                     .until = house_->clock.now() + kRecoveryLife},
                                    "recover");
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::remove_links(transaction, kRecovery, owner->id));
        TRY(Store::insert(transaction, link.row, link.hash));
        return tell<events::RecoveryAsked>(transaction, owner->id, "a letter with a link", from.address.text(),
                                           "anonymous");
    }));
    TRY(send(recovery_letter({*owner->mail, owner->name, owner->language.value_or("")}, house_->network, link.url,
                             link.row.until)));
    return {};
}

Result<SessionStart> Core::recover(const Recovery& recovery, const Origin& from) {
    TRY(begin_attempt(from, "link"));
    const std::string hash = hash_of(recovery.token);
    const Time now = house_->clock.now();
    const auto row = TRY(store_->link(hash, now));
    if (!row || row->kind != kRecovery) return link_is_over();
    attempt_succeeded(from);
    const Account owner = TRY(may_enter(row->account));
    TRY(check_new_password(recovery.password, owner.login, owner.name));
    const std::string password = TRY(hash_password(recovery.password));
    TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
        if (!TRY(Store::take_link(transaction, hash, now))) return link_is_over();
        TRY(Store::set_password(transaction, owner.id, password));
        return tell<events::PasswordChanged>(transaction, owner.id, "by a recovery link", from.address.text(),
                                             "person:" + owner.id);
    }));
    TRY(end_other_sessions(owner.id, {}, "person:" + owner.id));
    forgive(owner.id);
    const Account account = TRY(reload(owner.id));
    (void)send(
        password_letter({row->mail, owner.name, owner.language.value_or("")}, house_->network, from.address.text()));
    // A letter alone is no second factor.
    return began(account, "recovery", false, from);
}

// ---- demonstrations

Result<void> Core::demonstrate(std::vector<Account> accounts) {
    if (!ready_) return fail(ErrorCode::unavailable, "sign-in is starting");
    if (!house_->loopback_only)
        return fail(ErrorCode::forbidden, "demonstration accounts exist only where nobody else can reach the hub", {},
                    "listen on loopback");
    for (Account& account : accounts) {
        account.demonstration = true;
        account.login = account.id;
        account.state = AccountState::active;
        account.created = house_->clock.now();
        account.version = 1;
        if (!account.id.starts_with("demo-"))
            return fail(ErrorCode::invalid, "a demonstration account's name begins with demo-", account.id);
        directory_.put(std::move(account));
    }
    return {};
}

SessionInfo Core::session_of(const Caller& caller, const Origin& from) const {
    SessionInfo info;
    info.signed_in = caller.id != platform::kAnonymous;
    info.caller = caller.id;
    for (const auto& [permission, name] : describe_enum(Permission{}))
        if (permission != Permission::agent &&
            caller.may(permission, permission == Permission::administer ? kEverywhere : ""))
            info.permissions.emplace_back(name);
    const auto opening = directory_.by_id(caller.session);
    const auto own = account_of(caller);
    info.factor_needed = own && opening != nullptr && lacks_factor(*own, *opening);
    for (const RoleGrant& role : info.factor_needed ? std::vector<RoleGrant>() : roles_of(caller)) {
        Standing standing{role.role, role.organisation, role.service, {}};
        for (const Permission permission : permissions_of(role.role, role.organisation.empty()))
            standing.permissions.emplace_back(enum_name(permission));
        info.standings.push_back(std::move(standing));
    }
    if (own) info.account = *own;
    if (opening != nullptr) {
        info.session = opening->id;
        info.until = opening->until;
    }
    const bool here = from.address.is_loopback() && house_->loopback_only;
    info.first_start = here && !has_administrator();
    if (here)
        for (const auto& [id, person] : directory_.people()->by_id) {
            if (!person->account.demonstration) continue;
            const RoleGrant role = person->account.roles.empty() ? RoleGrant{} : person->account.roles.front();
            info.demonstrations.push_back({id, person->account.name, role.role, role.organisation});
        }
    return info;
}

}  // namespace quipu::access
