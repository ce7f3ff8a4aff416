#include "services/measure/api_points.h"

#include <algorithm>

#include "platform/off_loop.h"
#include "services/measure/pages.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

using platform::Call;
using platform::Page;
using platform::PageQuery;
using platform::Permission;

struct PointsQuery : PageQuery {
    std::optional<PointState> state;
    PointsQuery() { limit = 10'000; }
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&PointsQuery::state>("state", "Only points in this state")));
    }
};

struct PointQuery {
    std::string site;
    static constexpr auto describe() { return fields(field<&PointQuery::site>("site", "The point's site").required()); }
};

struct PointRecordsQuery : PageQuery {
    std::string site;
    std::optional<Time> since, until;
    PointRecordsQuery() { limit = 1500; }
    static constexpr auto describe() {
        using T = PointRecordsQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::site>("site", "The point's site").required(),
                   field<&T::since>("since", "Not before this time; a day before `until` if left out"),
                   field<&T::until>("until", "Before this time; now if left out")));
    }
};

Page<PointHealth> list_points(const PointRooms& rooms, const PointsQuery& query, const std::string& after) {
    Page<PointHealth> page;
    for (auto& point : rooms.points.health(rooms.clock.now())) {
        if ((query.state && point.state != *query.state) || point.site <= after) continue;
        if (page.items.size() == static_cast<std::size_t>(query.limit)) {
            page.next = platform::make_cursor(page.items.back().site);
            break;
        }
        page.items.push_back(std::move(point));
    }
    return page;
}

Result<PointHealth> one_point(const PointRooms& rooms, const std::string& site) {
    auto all = rooms.points.health(rooms.clock.now());
    if (const auto at = std::ranges::find(all, site, &PointHealth::site); at != all.end()) return std::move(*at);
    return fail(ErrorCode::not_found, "there is no measurement point at " + site, "site",
                "a point joins when its agent is enrolled and connected; see /api/v1/measure/points");
}

Result<Page<PointFigures>> point_records(const PointRooms& rooms, const PointRecordsQuery& query) {
    const Time until = query.until.value_or(rooms.clock.now());
    Time since = query.since.value_or(until - std::chrono::days(1));
    if (since > until) return fail(ErrorCode::invalid, "is later than `until`", "since");
    if (!query.cursor.empty()) since = std::max(since, TRY(time_of_cursor(query.cursor)));
    const auto limit = static_cast<std::size_t>(query.limit);
    Page<PointFigures> page;
    for (const auto& point : TRY(rooms.store.read(query.site, since, until, limit + 1))) {
        if (page.items.size() == limit) {
            page.next = cursor_at(point.record.minute);
            break;
        }
        page.items.push_back(figures_of(point));
    }
    return page;
}

}  // namespace

void add_point_routes(platform::Api& api, const PointRooms& rooms) {
    api.get<PointsQuery, Page<PointHealth>>(
        {.path = "/api/v1/measure/points",
         .summary = "How every measurement point is: clock, schedule, drops",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure points"},
        [rooms](const Call&, const PointsQuery& query) -> Result<Page<PointHealth>> {
            std::string after;
            if (!query.cursor.empty()) after = TRY(platform::read_cursor(query.cursor));
            return list_points(rooms, query, after);
        });
    api.get<PointQuery, PointHealth>(
        {.path = "/api/v1/measure/points/{site}",
         .summary = "How one measurement point is",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure points SITE"},
        [rooms](const Call&, const PointQuery& query) { return one_point(rooms, query.site); });
    api.get<PointRecordsQuery, Page<PointFigures>>(
        {.path = "/api/v1/measure/points/{site}/records",
         .summary = "How a measurement point was, by the minute",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure points SITE --since TIME"},
        [rooms](const Call&, PointRecordsQuery query) -> Task<Result<Page<PointFigures>>> {
            CO_TRY(one_point(rooms, query.site));
            co_return co_await platform::off_loop([&] { return point_records(rooms, query); });
        });
}

}  // namespace quipu::measure
