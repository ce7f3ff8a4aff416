#pragma once
// The sign-in service: federations, OpenID providers, second factors.

#include <memory>

#include "platform/access/access.h"
#include "platform/service.h"

namespace quipu::signin {

/// `access` is the service's of that name; it outlives this one.
[[nodiscard]] std::unique_ptr<platform::Service> make_service(access::Access& access);

}  // namespace quipu::signin
