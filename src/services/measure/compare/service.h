#pragma once
// The service "compare": is our network slower than another provider's, between these two places, now, and why?
//
//     POST /api/v1/measure/comparisons          asks a point that has two sources to compare both ways to a host
//     GET  /api/v1/measure/comparisons[/{id}]   what came of it
//     GET  /api/v1/measure/comparison-points    points that have two sources

#include <functional>
#include <memory>

#include "agent/hub.h"
#include "net/address.h"
#include "platform/service.h"
#include "registry/registry.h"

namespace quipu::compare {

struct Parts {
    agent::Agents& agents;
    std::function<registry::Registry&()> registry;  ///< there from its service's provision on
    /// "host", "host:port" or an address; the port is that of STAMP where none is given. Blocks.
    std::function<Result<net::Endpoint>(const std::string& host)> resolve;
};
[[nodiscard]] std::unique_ptr<platform::Service> make_service(Parts parts);

}  // namespace quipu::compare
