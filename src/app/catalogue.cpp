#include "app/catalogue.h"

#include "app/people.h"
#include "desk/desk.h"
#include "desk/operations/service.h"
#include "lab/service.h"
#include "platform/mail/service.h"
#include "platform/notify/service.h"
#include "registry/service.h"
#include "services/measure/figures.h"
#include "services/measure/service.h"

namespace quipu::app {
namespace {

/// Measurement's minute as network operations reads it.
operations::PairReport report_of(const measure::PairMinute& minute) {
    return {.from = minute.from,
            .to = minute.to,
            .minute = minute.minute,
            .until = minute.until,
            .whole = minute.whole,
            .sent = minute.sent,
            .received = minute.received,
            .loss_run = minute.loss_run,
            .median = minute.median,
            .clock_error = minute.clock_error,
            .ttl = minute.ttl,
            .absent = minute.absent,
            .settling = minute.settling};
}

/// How a case shows a pair's minutes.
desk::SeriesDescription described_minutes() {
    return {.schema = measure::minute_schema(),
            .object_kind = "pair",
            .columns = {{"delay_median", "delay_median", "us", 1e-3, "received"},
                        {"delay_min", "delay_min", "us", 1e-3, "received"},
                        {"delay_p95", "delay_p95", "us", 1e-3, "received"},
                        {"scheduled", "scheduled", "packets", 1, ""},
                        {"received", "received", "packets", 1, ""},
                        {"loss_run", "loss_run", "packets", 1, ""}}};
}

std::vector<std::pair<std::string, bool>> points_of(const agent::Agents& agents) {
    std::vector<std::pair<std::string, bool>> out;
    for (const auto& agent : agents.agents())
        if (!agent.revoked) out.emplace_back(agent.id, agent.connected);
    return out;
}

}  // namespace

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
    auto desk =
        desk::make_desk_service([registry_service]() -> registry::Registry& { return registry_service->registry(); });
    auto operations = operations::make_service(
        {.registry = [registry_service]() -> registry::Registry& { return registry_service->registry(); },
         .desk =
             [desk = desk.get()] {
                 desk->desk().describe_series(described_minutes());
                 return &desk->desk();
             },
         .notifier = [notifier = notify.get()] { return &notifier->notifier(); },
         .points = [agents = out.agents] { return points_of(*agents); }});
    auto* operations_service = operations.get();
    out.services.push_back(std::move(registry));
    out.services.push_back(std::move(desk));
    out.services.push_back(std::move(mail));
    out.services.push_back(std::move(notify));
    out.services.push_back(std::move(agents));
    out.services.push_back(std::move(operations));
    out.services.push_back(measure::make_service(
        *out.agents, [registry_service]() -> registry::Registry& { return registry_service->registry(); },
        [operations_service](const measure::PairMinute& minute) { operations_service->observe(report_of(minute)); }));
    if (!lab) lab = []() -> lab::Controls* { return nullptr; };
    out.services.push_back(lab::make_service(std::move(lab)));
    return out;
}

}  // namespace quipu::app
