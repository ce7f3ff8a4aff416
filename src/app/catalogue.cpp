#include "app/catalogue.h"

#include "app/people.h"
#include "desk/desk.h"
#include "desk/knowledge/case_reader.h"
#include "desk/knowledge/service.h"
#include "desk/pert/pert.h"
#include "desk/search/service.h"
#include "lab/service.h"
#include "platform/mail/service.h"
#include "platform/notify/service.h"
#include "registry/service.h"
#include "services/measure/service.h"

namespace quipu::app {

Catalogue make_catalogue(std::function<lab::Controls*()> lab) {
    Catalogue out;
    auto registry = registry::make_registry_service();
    auto* registry_service = registry.get();
    auto agents = agent::Agents::create();
    out.agents = agents.get();
    auto mail = mail::make_mail_service();
    auto* mail_service = mail.get();
    auto notify =
        notify::make_notify_service([mail_service]() -> mail::Mail& { return mail_service->mail(); }, {"registry"});
    notify->use_directory(
        make_people([registry_service]() -> registry::Registry& { return registry_service->registry(); }));
    out.services.push_back(std::move(registry));
    out.services.push_back(std::move(mail));
    out.services.push_back(std::move(notify));
    out.services.push_back(std::move(agents));
    out.services.push_back(measure::make_service(
        *out.agents, [registry_service]() -> registry::Registry& { return registry_service->registry(); }));
    const auto registry_of = [registry_service]() -> registry::Registry& { return registry_service->registry(); };
    auto desk = desk::make_desk_service(registry_of);
    auto* desk_service = desk.get();
    const auto desk_of = [desk_service]() -> desk::Desk& { return desk_service->desk(); };
    auto knowledge =
        knowledge::make_knowledge_service(knowledge::read_cases_of(desk_of, registry_of), {"registry", "desk"});
    auto* knowledge_service = knowledge.get();
    auto pert = pert::make_pert_service(registry_of);
    auto* pert_service = pert.get();
    std::vector<std::unique_ptr<search::Source>> sources;
    sources.push_back(search::registry_source(registry_of));
    sources.push_back(search::article_source(
        [knowledge_service]() -> knowledge::Articles& { return knowledge_service->articles(); }));
    sources.push_back(search::pert_source([pert_service]() -> pert::Pert& { return pert_service->pert(); }));
    sources.push_back(search::case_source(desk_of));
    sources.push_back(search::journal_source());
    out.services.push_back(std::move(desk));
    out.services.push_back(std::move(knowledge));
    out.services.push_back(std::move(pert));
    out.services.push_back(search::make_search_service(std::move(sources), {"registry", "desk", "knowledge", "pert"}));
    if (!lab) lab = []() -> lab::Controls* { return nullptr; };
    out.services.push_back(lab::make_service(std::move(lab)));
    return out;
}

}  // namespace quipu::app
