#pragma once
// What others ask of accounts, and what accounts ask of mail.

#include "app/people.h"
#include "platform/access/access.h"
#include "platform/mail/service.h"

namespace quipu::app {

/// Accounts as notifications need them. `access` outlives the answer.
[[nodiscard]] AccountPeople account_people(access::Access& access);
/// Everybody whose account is open, as they would call. `access` outlives the answer.
[[nodiscard]] std::function<std::vector<platform::Caller>()> callers_of(const access::Access& access);
/// The home organisation of whoever calls; empty when it is not known.
[[nodiscard]] std::string home_of(const access::Access& access, const platform::Caller& caller);
/// Letters of access by the house's mail; refused while no smarthost is set, so that links are handed over instead.
[[nodiscard]] access::SendLetter letters_by(mail::MailService& mail);

}  // namespace quipu::app
