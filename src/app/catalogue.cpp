#include "app/catalogue.h"

#include "app/organisation_tree.h"
#include "lab/service.h"
#include "registry/service.h"
#include "services/measure/service.h"

namespace quipu::app {

Catalogue make_catalogue(std::function<lab::Controls*()> lab) {
    Catalogue out;
    auto access = access::make_access_service();
    auto registry = registry::make_registry_service();
    auto* registry_service = registry.get();
    auto agents = agent::Agents::create();
    out.access = &access->access();
    out.agents = agents.get();
    const auto the_registry = [registry_service]() -> registry::Registry& { return registry_service->registry(); };
    out.services.push_back(std::move(access));
    out.services.push_back(std::move(registry));
    out.services.push_back(make_organisations_service(*out.access, the_registry));
    out.services.push_back(std::move(agents));
    out.services.push_back(measure::make_service(*out.agents, the_registry));
    if (!lab) lab = []() -> lab::Controls* { return nullptr; };
    out.services.push_back(lab::make_service(std::move(lab), [the_registry](const std::string& link) {
        return registry::organisations_of_link(*the_registry().everything(), link);
    }));
    return out;
}

}  // namespace quipu::app
