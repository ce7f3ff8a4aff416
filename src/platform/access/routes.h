#pragma once
// The access routes (api.h).

#include <memory>

#include "platform/access/core.h"

namespace quipu::access {

void add_session_routes(platform::Api& api, std::shared_ptr<Core> core);  ///< session, sessions, recovery, roles
void add_account_routes(platform::Api& api, std::shared_ptr<Core> core);  ///< accounts, invitations, tokens, audit

}  // namespace quipu::access
