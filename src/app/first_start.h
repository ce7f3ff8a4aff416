#pragma once
// What a hub says to the person who starts it for the first time.

#include <vector>

#include "platform/access/access.h"

namespace quipu::app {

/// Prints the one-time link that makes the administrator, while there is none. To standard error: a script that reads
/// the hub's address from standard output finds one address there.
void tell_first_link(access::Access& access);

/// The accounts of a network on this machine, one for each role.
[[nodiscard]] std::vector<access::Account> demonstration_accounts();

}  // namespace quipu::app
