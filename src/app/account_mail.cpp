#include "app/account_mail.h"

#include <algorithm>

#include "platform/mail/codec_smtp.h"

namespace quipu::app {
namespace {

using registry::Organisation;

/// The chain of organisations through which one is connected is short; a cycle is refused by the registry.
constexpr int kHighestParent = 10;

bool may_be_told(const access::Account& account) {
    return account.state == access::AccountState::active && !account.demonstration;
}

notify::Recipient recipient_of(const access::Account& account, const registry::Picture& picture) {
    notify::Recipient out{.id = "person:" + account.id, .mailbox = {account.name, ""}};
    const std::string address = account.mail.value_or(account.login);
    if (mail::check_address(address)) out.mailbox.address = address;
    if (account.organisation) out.organisations.push_back(*account.organisation);
    const auto* entry = account.organisation ? picture.find<Organisation>(*account.organisation) : nullptr;
    const std::string country = entry == nullptr ? std::string() : entry->object.country.value_or("");
    out.language = mail::choose_language(
        account.language.value_or(""), entry == nullptr ? std::string() : entry->object.language.value_or(""), country);
    out.zone = zone_of_country(country);
    return out;
}

bool has_role_at(const access::Account& account, const registry::Picture& picture, std::string organisation) {
    for (int i = 0; i < kHighestParent; ++i) {
        if (std::ranges::any_of(account.roles, [&](const auto& role) { return role.organisation == organisation; }))
            return true;
        if (organisation.empty()) return false;
        const auto* entry = picture.find<Organisation>(organisation);
        organisation = entry == nullptr ? std::string() : entry->object.parent.value_or("");
    }
    return false;
}

}  // namespace

AccountPeople people_of(access::Access& access, std::function<registry::Registry&()> registry) {
    AccountPeople out;
    out.find = [&access, registry](std::string_view id) -> std::optional<notify::Recipient> {
        if (!access.ready()) return std::nullopt;
        const auto account = access.account(id);
        if (!account || !may_be_told(*account)) return std::nullopt;
        return recipient_of(*account, *registry().now());
    };
    out.may_know = [&access, registry](std::string_view id, std::string_view organisation) {
        if (!access.ready()) return false;
        const auto account = access.account(id);
        return account && may_be_told(*account) && has_role_at(*account, *registry().now(), std::string(organisation));
    };
    out.managers = [&access, registry](std::string_view organisation) {
        std::vector<notify::Recipient> found;
        if (!access.ready()) return found;
        const auto picture = registry().now();
        for (const access::Account& account : access.accounts()) {
            const bool manages = std::ranges::any_of(account.roles, [&](const auto& role) {
                return role.organisation == organisation && role.role >= access::Role::manager;
            });
            if (manages && may_be_told(account)) found.push_back(recipient_of(account, *picture));
        }
        return found;
    };
    return out;
}

access::SendLetter send_by(std::function<mail::Mail&()> mail) {
    return [mail = std::move(mail)](const access::Letter& letter) -> Result<void> {
        TRY(mail().send({.purpose = "account",
                         .to = {{letter.name, letter.to}},
                         .subject = letter.subject,
                         .text = letter.text,
                         .language = mail::language_of(letter.language).value_or(mail::Language::en),
                         .secret = true,
                         .life = std::chrono::days(1)}));
        return {};
    };
}

}  // namespace quipu::app
