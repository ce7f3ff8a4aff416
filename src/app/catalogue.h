#pragma once
// The catalogue: the one list of services.

#include <functional>
#include <memory>
#include <vector>

#include "agent/hub.h"
#include "lab/controls.h"
#include "platform/access/access.h"
#include "platform/service.h"
#include "services/rpki/service/service.h"

namespace quipu::app {

struct Catalogue {
    /// A service stands after those that it holds on to.
    std::vector<std::unique_ptr<platform::Service>> services;
    agent::Agents* agents = nullptr;  ///< one of them
    access::Access* access = nullptr;
    rpki::RpkiService* rpki = nullptr;  ///< one of them
};

/// `lab` answers the lab that runs in this process, or nullptr; it is asked at each request.
[[nodiscard]] Catalogue make_catalogue(std::function<lab::Controls*()> lab = {});

}  // namespace quipu::app
