#pragma once
// Where accounts, mail and notifications meet: accounts are people who are told things, and access writes letters that
// let somebody in.

#include <functional>

#include "app/people.h"
#include "platform/access/access.h"
#include "platform/mail/letter.h"

namespace quipu::app {

/// Accounts as notifications see them. `access` outlives it.
[[nodiscard]] AccountPeople people_of(access::Access& access, std::function<registry::Registry&()> registry);

/// Access's letters are secret: never shown, erased once sent. `mail` is asked at each letter.
[[nodiscard]] access::SendLetter send_by(std::function<mail::Mail&()> mail);

}  // namespace quipu::app
