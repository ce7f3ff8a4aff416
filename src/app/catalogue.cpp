#include "app/catalogue.h"

#include "desk/knowledge/service.h"
#include "desk/pert/pert.h"
#include "desk/search/service.h"
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
    auto knowledge = knowledge::make_knowledge_service();
    auto* knowledge_service = knowledge.get();
    auto pert =
        pert::make_pert_service([registry_service]() -> registry::Registry& { return registry_service->registry(); });
    auto* pert_service = pert.get();
    std::vector<std::unique_ptr<search::Source>> sources;
    sources.push_back(
        search::registry_source([registry_service]() -> registry::Registry& { return registry_service->registry(); }));
    sources.push_back(search::article_source(
        [knowledge_service]() -> knowledge::Articles& { return knowledge_service->articles(); }));
    sources.push_back(search::pert_source([pert_service]() -> pert::Pert& { return pert_service->pert(); }));
    sources.push_back(search::journal_source());
    out.services.push_back(std::move(knowledge));
    out.services.push_back(std::move(pert));
    out.services.push_back(search::make_search_service(std::move(sources), {"registry", "knowledge", "pert"}));
    if (!lab) lab = []() -> lab::Controls* { return nullptr; };
    out.services.push_back(lab::make_service(std::move(lab)));
    return out;
}

}  // namespace quipu::app
