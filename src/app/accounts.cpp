#include "app/accounts.h"

#include <algorithm>

#include "platform/access/roles.h"

namespace quipu::app {
namespace {

using platform::Permission;

notify::Recipient recipient_of(const access::Account& account) {
    notify::Recipient out{.id = "person:" + account.id, .mailbox = {account.name, account.mail.value_or("")}};
    out.language = mail::choose_language(account.language.value_or(""), "", "");
    if (account.organisation) out.organisations.push_back(*account.organisation);
    for (const access::RoleGrant& role : account.roles)
        if (!role.organisation.empty() &&
            std::ranges::find(out.organisations, role.organisation) == out.organisations.end())
            out.organisations.push_back(role.organisation);
    return out;
}

}  // namespace

AccountPeople account_people(access::Access& access) {
    return {.find = [&access](std::string_view id) -> std::optional<notify::Recipient> {
                const auto account = access.account(id);
                if (!account || account->state != access::AccountState::active) return std::nullopt;
                return recipient_of(*account);
            },
            .may_know =
                [&access](std::string_view id, std::string_view organisation) {
                    const auto grants = access.grants_of_account(id);
                    return grants != nullptr && grants->may(Permission::see_members, organisation, "notify");
                },
            .managers =
                [&access](std::string_view organisation) {
                    std::vector<notify::Recipient> out;
                    for (const access::Account& account : access.accounts()) {
                        const bool manages = std::ranges::any_of(account.roles, [&](const access::RoleGrant& role) {
                            return role.organisation == organisation && role.service.empty() &&
                                   role.role >= access::Role::manager;
                        });
                        if (manages && account.state == access::AccountState::active && account.mail)
                            out.push_back(recipient_of(account));
                    }
                    return out;
                }};
}

std::function<std::vector<platform::Caller>()> callers_of(const access::Access& access) {
    return [&access] {
        std::vector<platform::Caller> out;
        for (const access::Account& account : access.accounts()) {
            // Without grants a caller is the house itself: never so.
            auto grants = access.grants_of_account(account.id);
            if (grants == nullptr) continue;
            platform::Caller& caller = out.emplace_back();
            caller.id = "person:" + account.id;
            caller.name = account.name;
            caller.grants = std::move(grants);
        }
        return out;
    };
}

std::string home_of(const access::Access& access, const platform::Caller& caller) {
    const auto account = access.account_of(caller);
    return account ? account->organisation.value_or("") : std::string();
}

access::SendLetter letters_by(mail::MailService& mail) {
    return [&mail](const access::Letter& letter) -> Result<void> {
        if (!mail.sends())
            return fail(ErrorCode::unavailable, "no smarthost is set", {}, "set smarthost in section [mail]");
        mail::Letter out;
        out.purpose = "access";
        out.to.push_back({letter.name, letter.to});
        out.subject = letter.subject;
        out.text = letter.text;
        out.language = mail::choose_language(letter.language, "", "");
        out.secret = true;  // it lets somebody in
        out.life = std::chrono::hours(12);
        TRY(mail.mail().send(out));
        return {};
    };
}

}  // namespace quipu::app
