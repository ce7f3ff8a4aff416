#pragma once
// The sign-in routes (api.h).

#include <functional>
#include <string>

#include "platform/access/access.h"
#include "platform/service.h"
#include "platform/signin/factors.h"
#include "platform/signin/federation.h"

namespace quipu::signin {

/// All of it lives as long as the routes do.
void add_federation_routes(platform::House& house, access::Access& access, Federation& federation);
void add_factor_routes(platform::House& house, access::Access& access, FactorDesk& desk);

}  // namespace quipu::signin
