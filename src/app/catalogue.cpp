#include "app/catalogue.h"

#include "app/people.h"
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
    auto notify = notify::make_notify_service([mail_service]() -> mail::Mail& { return mail_service->mail(); });
    notify->use_directory(
        make_people([registry_service]() -> registry::Registry& { return registry_service->registry(); }));
    out.services.push_back(std::move(registry));
    out.services.push_back(std::move(mail));
    out.services.push_back(std::move(notify));
    out.services.push_back(std::move(agents));
    out.services.push_back(measure::make_service(
        *out.agents, [registry_service]() -> registry::Registry& { return registry_service->registry(); }));
    if (!lab) lab = []() -> lab::Controls* { return nullptr; };
    out.services.push_back(lab::make_service(std::move(lab)));
    return out;
}

}  // namespace quipu::app
