#include "app/catalogue.h"

#include "lab/service.h"
#include "registry/service.h"
#include "services/measure/service.h"

namespace quipu::app {

Catalogue make_catalogue(std::function<lab::Controls*()> lab) {
    Catalogue out;
    auto registry = registry::make_registry_service();
    auto* registry_service = registry.get();
    auto agents = agent::Agents::create();
    out.agents = agents.get();
    out.services.push_back(std::move(registry));
    out.services.push_back(std::move(agents));
    out.services.push_back(measure::make_service(
        *out.agents, [registry_service]() -> registry::Registry& { return registry_service->registry(); }));
    if (!lab) lab = []() -> lab::Controls* { return nullptr; };
    out.services.push_back(lab::make_service(std::move(lab)));
    return out;
}

}  // namespace quipu::app
