#pragma once
// The access routes (api.h).

#include <memory>

#include "platform/access/core.h"

namespace quipu::access {

/// A request that is its body.
template <class B>
struct With {
    B body;
    static constexpr auto describe() { return fields(field<&With::body>("body", "What is sent").required()); }
};

void add_session_routes(platform::Api& api, std::shared_ptr<Core> core);  ///< session, sessions, recovery, roles
void add_account_routes(platform::Api& api, std::shared_ptr<Core> core);  ///< accounts, invitations, tokens, audit

}  // namespace quipu::access
