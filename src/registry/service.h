#pragma once
// The registry as a service of the hub. Others ask it through registry().

#include <memory>

#include "platform/service.h"
#include "registry/permits.h"
#include "registry/registry.h"

namespace quipu::registry {

class RegistryService : public platform::Service {
  public:
    /// There from provision on, until this service is destroyed.
    [[nodiscard]] virtual Registry& registry() = 0;
    /// Who sees contact details that are for accredited performance response teams; nobody until this is called.
    virtual void accredit_by(Accredited accredited) = 0;
};

[[nodiscard]] std::unique_ptr<RegistryService> make_registry_service();

}  // namespace quipu::registry
