#include "app/catalogue.h"

#include <fmt/format.h>

#include "app/accounts.h"
#include "app/desk_mail.h"
#include "app/measured_host.h"
#include "app/organisation_tree.h"
#include "app/people.h"
#include "app/version.h"
#include "desk/desk.h"
#include "desk/knowledge/case_reader.h"
#include "desk/knowledge/service.h"
#include "desk/operations/service.h"
#include "desk/pert/pert.h"
#include "desk/search/service.h"
#include "lab/service.h"
#include "platform/mail/service.h"
#include "platform/notify/service.h"
#include "platform/signin/service.h"
#include "registry/service.h"
#include "services/measure/compare/service.h"
#include "services/measure/exchange/service.h"
#include "services/measure/figures.h"
#include "services/measure/servers/service.h"
#include "services/measure/service.h"
#include "services/measure/throughput/service.h"

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

/// What a service holds, asked for at each use: it is there from the service's provision on.
template <class S, class T>
std::function<T&()> by(S* service, T& (S::*member)()) {
    return [service, member]() -> T& { return (service->*member)(); };
}

}  // namespace

Catalogue make_catalogue(std::function<lab::Controls*()> lab) {
    auto access = access::make_access_service();
    auto registry = registry::make_registry_service();
    auto desk = desk::make_desk_service(by(registry.get(), &registry::RegistryService::registry));
    auto mail = mail::make_mail_service({"desk"});
    auto notify = notify::make_notify_service(by(mail.get(), &mail::MailService::mail), {"registry", "desk"});
    auto agents = agent::Agents::create();

    const auto registry_of = by(registry.get(), &registry::RegistryService::registry);
    const auto desk_of = by(desk.get(), &desk::DeskService::desk);
    mail->use_inbox(make_case_inbox(desk_of, registry_of));
    desk->ask_people_by(callers_of(access->access()));
    notify->use_directory(make_people(registry_of, account_people(access->access())));
    notify->notifier().follow("cases", make_case_source(desk_of, registry_of));
    access->access().send_letters_by(letters_by(*mail));
    auto operations = operations::make_service({.registry = registry_of,
                                                .desk =
                                                    [desk_of] {
                                                        desk_of().describe_series(described_minutes());
                                                        return &desk_of();
                                                    },
                                                .notifier = [notify = notify.get()] { return &notify->notifier(); },
                                                .points = [agents = agents.get()] { return points_of(*agents); }});
    auto measure = measure::make_service(
        *agents, registry_of,
        [operations = operations.get()](const measure::PairMinute& minute) { operations->observe(report_of(minute)); });
    throughput::TracedWays traced{
        .sites = [measure = measure.get()](auto from, auto to) { return measure->sites_on_way(from, to); },
        .revision = [measure = measure.get()] { return measure->ways_revision(); }};
    auto compare =
        compare::make_service({.agents = *agents, .registry = registry_of, .resolve = [](const std::string& host) {
                                   return measured_host(host, kStampPort, false, false);
                               }});
    auto knowledge =
        knowledge::make_knowledge_service(knowledge::read_cases_of(desk_of, registry_of), {"registry", "desk"});
    auto pert = pert::make_pert_service(registry_of, [&accounts = access->access()](const platform::Caller& caller) {
        return home_of(accounts, caller);
    });
    registry->accredit_by([pert = pert.get()](const platform::Caller& caller) {
        return pert->provisioned() && pert->pert().is_of_accredited_team(caller);
    });
    auto rpki = rpki::make_rpki_service(
        {.registry = registry_of, .desk = desk_of, .version = fmt::format("quipu/{}", kVersion)});
    std::vector<std::unique_ptr<search::Source>> sources;
    sources.push_back(search::registry_source(registry_of));
    sources.push_back(search::article_source(by(knowledge.get(), &knowledge::KnowledgeService::articles)));
    sources.push_back(search::pert_source(by(pert.get(), &pert::PertService::pert)));
    sources.push_back(search::case_source(desk_of));
    sources.push_back(search::journal_source());
    auto search = search::make_search_service(std::move(sources), {"registry", "desk", "knowledge", "pert"});
    if (!lab) lab = []() -> lab::Controls* { return nullptr; };

    Catalogue out;
    out.access = &access->access();
    out.agents = agents.get();
    out.rpki = rpki.get();
    out.services.push_back(std::move(access));
    out.services.push_back(std::move(registry));
    out.services.push_back(make_organisations_service(*out.access, registry_of));
    out.services.push_back(signin::make_service(*out.access));
    out.services.push_back(std::move(desk));
    out.services.push_back(std::move(mail));
    out.services.push_back(std::move(notify));
    out.services.push_back(std::move(agents));
    out.services.push_back(std::move(operations));
    out.services.push_back(std::move(measure));
    out.services.push_back(std::move(compare));
    out.services.push_back(servers::make_service(*out.agents));
    out.services.push_back(exchange::make_service(registry_of));
    out.services.push_back(throughput::make_throughput_service(*out.agents, registry_of, std::move(traced)));
    out.services.push_back(std::move(rpki));
    out.services.push_back(std::move(knowledge));
    out.services.push_back(std::move(pert));
    out.services.push_back(std::move(search));
    out.services.push_back(lab::make_service(std::move(lab), [registry_of](const std::string& link) {
        return registry::organisations_of_link(*registry_of().everything(), link);
    }));
    return out;
}

}  // namespace quipu::app
