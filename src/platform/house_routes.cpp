#include "platform/house_routes.h"

#include <algorithm>
#include <charconv>

#include "base/guarded.h"
#include "platform/address_limits.h"
#include "platform/off_loop.h"

namespace quipu::platform {
namespace {

struct About {
    std::string name = "Quipu";
    std::string version;
    Time started{};
    std::string network;
    bool loopback_only = true;
    Time time{};
    static constexpr auto describe() {
        using T = About;
        return fields(field<&T::name>("name", "The program").required(),
                      field<&T::version>("version", "Its version").required(),
                      field<&T::started>("started", "When the hub was started").required(),
                      field<&T::network>("network", "The network's name").required(),
                      field<&T::loopback_only>("loopback_only", "Only this machine reaches the hub").required(),
                      field<&T::time>("time", "The hub's time now").required());
    }
};

struct Health {
    std::string status;
    std::vector<std::string> failed;
    static constexpr auto describe() {
        return fields(field<&Health::status>("status", "ok, degraded, starting or draining").required(),
                      field<&Health::failed>("failed", "Services that do not run"));
    }
};

struct ReportInput {
    std::string page;
    std::optional<std::string> request_id;
    std::string text;
    std::optional<std::string> contact;
    static constexpr auto describe() {
        using T = ReportInput;
        return fields(field<&T::page>("page", "Address of the page").required().at_most_long(2000),
                      field<&T::request_id>("request_id", "Request that failed, if one did").at_most_long(64),
                      field<&T::text>("text", "What you want to tell").required().at_most_long(10000),
                      field<&T::contact>("contact", "How to answer").at_most_long(400));
    }
};
struct SendReport {
    ReportInput body;
    static constexpr auto describe() { return fields(field<&SendReport::body>("body", "The report").required()); }
};
struct Numbered {
    std::int64_t id = 0;
    static constexpr auto describe() { return fields(field<&Numbered::id>("id", "The report's number").required()); }
};

Reply<Health> health_of(const HouseFront& front) {
    Health health;
    for (const ServiceStatus& service : front.services())
        if (service.state != ServiceState::running) health.failed.push_back(service.name);
    if (!front.serving) {
        health.status = "starting";
        return {health, 503};
    }
    // One service that failed takes nobody else's answer away: the hub itself is well.
    health.status = health.failed.empty() ? "ok" : "degraded";
    return health;
}

Task<Result<Page<Report>>> list_reports(const Reports& reports, PageQuery query) {
    std::int64_t before = 0;
    if (!query.cursor.empty()) {
        const std::string position = CO_TRY(read_cursor(query.cursor));
        std::from_chars(position.data(), position.data() + position.size(), before);
    }
    Page<Report> page;
    page.items = CO_TRY(co_await off_loop([&] { return reports.list(before, query.limit + 1); }));
    if (std::cmp_greater(page.items.size(), query.limit)) {
        page.items.pop_back();
        page.next = make_cursor(std::to_string(page.items.back().id));
    }
    co_return page;
}

/// Reports of one address: ten at once, then one a minute. Whoever is not signed in may send them, and each is a case.
class ReportLimit {
  public:
    [[nodiscard]] Result<void> take(const net::IpAddress& address, Monotonic now) {
        const auto wait = held_.with([&](Held& held) {
            if (now - held.swept > kSweepEvery) {
                (void)held.limits.sweep(now);
                held.swept = now;
            }
            return held.limits.begin(source_of(address), now).wait;
        });
        if (!wait) return {};
        Error error{ErrorCode::limited, "this address has sent many reports", {}, "try again in a minute", {}};
        error.retry_after = std::chrono::ceil<std::chrono::seconds>(*wait);
        return std::unexpected(std::move(error));
    }

  private:
    static constexpr Nanoseconds kSweepEvery = std::chrono::minutes(10);
    struct Held {
        AddressLimits limits{{.burst = 10, .refill = std::chrono::minutes(1)}};
        Monotonic swept{};
    };
    Guarded<Held> held_;
};

Task<Result<Reply<Numbered>>> send_report(Reports& reports, ReportInput input, std::string who) {
    Report report{
        0, {}, std::move(input.page), std::move(input.request_id), std::move(input.text), std::move(input.contact)};
    const std::int64_t id = CO_TRY(co_await off_loop([&] { return reports.add(std::move(report), who); }));
    co_return Reply<Numbered>({id}, 201, {}, "/api/v1/reports");
}

}  // namespace

void add_house_routes(House& house, Reports& reports, const HouseFront& front) {
    Api& api = house.api;
    api.get<NoInput, Health>(
        {"/healthz", "Whether the hub serves: 200, or 503 while it starts or drains", "house", Permission::see_public},
        [&front](const Call&, NoInput) -> Result<Reply<Health>> { return health_of(front); });
    api.get<NoInput, Document>({.path = "/metrics",
                                .summary = "Metrics in Prometheus' text format; from this machine without permission",
                                .tag = "house",
                                .permission = Permission::see_private,
                                .media_type = "text/plain",
                                .open_on_loopback = true},
                               [&metrics = house.metrics](const Call&, NoInput) -> Result<Document> {
                                   return Document{metrics.text(), "text/plain; version=0.0.4; charset=utf-8"};
                               });
    api.get<NoInput, About>({"/api/v1/about", "What this hub is", "house", Permission::see_public},
                            [&front, &clock = house.clock](const Call&, NoInput) -> Result<About> {
                                return About{.version = front.version,
                                             .started = front.started,
                                             .network = front.network,
                                             .loopback_only = front.loopback_only,
                                             .time = clock.now()};
                            });
    api.get<PageQuery, Page<ServiceStatus>>({.path = "/api/v1/services",
                                             .summary = "The services and what each does now",
                                             .tag = "house",
                                             .permission = Permission::see_public,
                                             .command = "quipu services"},
                                            [&front](const Call&, const PageQuery&) -> Result<Page<ServiceStatus>> {
                                                return Page<ServiceStatus>{front.services(), {}};
                                            });
    api.get<NoInput, Document>(
        {"/api/v1/openapi.json", "This document", "house", Permission::see_public},
        [&api, &front](const Call&, NoInput) -> Result<Document> { return Document{api.openapi(front.version)}; });
    api.post<SendReport, Numbered>({.path = "/api/v1/reports",
                                    .summary = "Sends a problem report",
                                    .tag = "house",
                                    .permission = Permission::report,
                                    .success = 201},
                                   [&reports, &clock = house.clock, limit = std::make_shared<ReportLimit>()](
                                       const Call& call, SendReport query) -> Task<Result<Reply<Numbered>>> {
                                       CO_TRY(limit->take(call.request.peer.address, clock.monotonic()));
                                       co_return co_await send_report(reports, std::move(query.body), call.caller.id);
                                   });
    api.get<PageQuery, Page<Report>>(
        {"/api/v1/reports", "Problem reports, the newest first", "house", Permission::work_cases},
        [&reports](const Call&, PageQuery query) { return list_reports(reports, std::move(query)); });
}

}  // namespace quipu::platform
