#pragma once
// Network operations as a service of the hub: outages, maintenance windows, availability, on call.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "desk/desk.h"
#include "desk/operations/engine_outages.h"
#include "platform/notify/notify.h"
#include "platform/service.h"
#include "registry/registry.h"

namespace quipu::operations {

/// Whom this service asks; all are asked from provision on and outlive it.
struct Neighbours {
    std::function<registry::Registry&()> registry;
    std::function<desk::Desk*()> desk = {};            ///< none: outages have no cases
    std::function<notify::Notifier*()> notifier = {};  ///< none: nobody is told
    /// Measurement points and whether each is connected.
    std::function<std::vector<std::pair<std::string, bool>>()> points = {};
};

class OperationsService : public platform::Service {
  public:
    /// What measurement says of a pair, from any thread. Nothing is lost by reports that come while the service is
    /// not running: the next ones say the same.
    virtual void observe(const PairReport& report) = 0;
};

[[nodiscard]] std::unique_ptr<OperationsService> make_service(Neighbours neighbours);

}  // namespace quipu::operations
