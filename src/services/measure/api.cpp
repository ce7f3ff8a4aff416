#include "services/measure/api.h"

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

struct RecordsQuery : PageQuery {
    std::string from, to;
    std::optional<Time> since, until;
    std::optional<std::int64_t> step;
    RecordsQuery() { limit = 1500; }
    static constexpr auto describe() {
        using T = RecordsQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(
                field<&T::from>("from", "Sending site").required(), field<&T::to>("to", "Receiving site").required(),
                field<&T::since>("since", "Not before this time; a day before `until` if left out"),
                field<&T::until>("until", "Before this time; now if left out"),
                field<&T::step>("step", "Seconds to be put together into one record; each minute by itself if left out")
                    .between(60, 366.0 * 86400)));
    }
};

struct LinksQuery : PageQuery {
    LinksQuery() { limit = 10'000; }
    static constexpr auto describe() { return PageQuery::describe(); }
};

struct Summary {
    std::int64_t links_up = 0, links_down = 0, links_degraded = 0, links_unknown = 0;
    std::int64_t pairs_total = 0, pairs_good = 0, pairs_slow = 0, pairs_lossy = 0, pairs_down = 0, pairs_unknown = 0;
    std::optional<Time> last_record;
    std::vector<std::string> clock_fault;
    static constexpr auto describe() {
        using T = Summary;
        return fields(field<&T::links_up>("links_up", "Links that carry their ends' traffic").required(),
                      field<&T::links_down>("links_down", "Links that do not").required(),
                      field<&T::links_degraded>("links_degraded", "Links that lose or are slow").required(),
                      field<&T::links_unknown>("links_unknown", "Links of which nothing is known").required(),
                      field<&T::pairs_total>("pairs_total", "Ordered pairs of points").required(),
                      field<&T::pairs_good>("pairs_good", "As usual").required(),
                      field<&T::pairs_slow>("pairs_slow", "Slower than usual").required(),
                      field<&T::pairs_lossy>("pairs_lossy", "Losing packets").required(),
                      field<&T::pairs_down>("pairs_down", "Nothing arrives").required(),
                      field<&T::pairs_unknown>("pairs_unknown", "No record of late").required(),
                      field<&T::last_record>("last_record", "Minute of the newest record"),
                      field<&T::clock_fault>("clock_fault", "Points whose clock is wrong").references("sites"));
    }
};

struct NoQuery {
    static constexpr auto describe() { return fields(); }
};

Result<Page<Figures>> read_records(const Rooms& rooms, const RecordsQuery& query) {
    const Time until = query.until.value_or(rooms.clock.now());
    Time since = query.since.value_or(until - std::chrono::days(1));
    if (since > until) return fail(ErrorCode::invalid, "is later than `until`", "since");
    const Nanoseconds step = query.step ? std::chrono::seconds(*query.step) : kMinute;
    // Steps stand on whole multiples since 1970, so that the same step has the same bounds in every answer.
    if (query.step) since = Time((since.time_since_epoch() / step) * step);
    if (!query.cursor.empty()) since = std::max(since, TRY(time_of_cursor(query.cursor)));
    const auto limit = static_cast<std::size_t>(query.limit);
    const auto paths = TRY(rooms.paths.times(query.from, query.to, since, until));
    const Time end = query.step ? std::min(until, since + step * (query.limit + 1)) : until;
    const auto records = TRY([&] {
        return query.step ? rooms.store.steps(query.from, query.to, since, end, step)
                          : rooms.store.read(query.from, query.to, since, end, limit + 1);
    }());
    Page<Figures> page;
    for (const auto& record : records) {
        if (page.items.size() == limit) {
            page.next = cursor_at(record.time);
            break;
        }
        page.items.push_back(figures_of(record, step));
        if (auto path = paths.at(record.time); !path.empty()) page.items.back().path = std::move(path);
    }
    TRY(mark_clock_faults(rooms.point_store, query.from, query.to, step, page.items));
    // Empty steps are left out, so a page may be short although more follows.
    if (!page.next && end < until) page.next = cursor_at(end);
    return page;
}

Summary summary_of(const Rooms& rooms) {
    Summary out;
    const Time now = rooms.clock.now();
    for (const Pair& pair : rooms.live.pairs(now)) {
        ++out.pairs_total;
        switch (pair.state) {
            case PairState::good: ++out.pairs_good; break;
            case PairState::slow: ++out.pairs_slow; break;
            case PairState::lossy: ++out.pairs_lossy; break;
            case PairState::down: ++out.pairs_down; break;
            case PairState::unknown: ++out.pairs_unknown; break;
        }
    }
    for (const MeasuredLink& link : measured_links(*rooms.registry.now(), rooms.live, now)) {
        switch (link.state) {
            case LinkState::up: ++out.links_up; break;
            case LinkState::degraded: ++out.links_degraded; break;
            case LinkState::down: ++out.links_down; break;
            case LinkState::unknown: ++out.links_unknown; break;
        }
    }
    out.last_record = rooms.live.last_record();
    const auto wrong = rooms.points.wrong();
    out.clock_fault.assign(wrong.begin(), wrong.end());
    return out;
}

LinkState state_of(const Live& live, const MeasuredLink& link) {
    const auto broken = [&](const std::optional<Pair>& pair) {
        if (!pair || pair->state == PairState::unknown) return false;
        return pair->state == PairState::down || live.detoured(pair->from, pair->to);
    };
    const auto poor = [](const std::optional<Pair>& pair) {
        return pair && (pair->state == PairState::lossy || pair->state == PairState::slow);
    };
    const auto known = [](const std::optional<Pair>& pair) { return pair && pair->state != PairState::unknown; };
    if (broken(link.forward) || broken(link.backward)) return LinkState::down;
    if (!known(link.forward) && !known(link.backward)) return LinkState::unknown;
    return poor(link.forward) || poor(link.backward) ? LinkState::degraded : LinkState::up;
}

std::optional<std::int64_t> slower_above(const MeasuredLink& link) {
    std::optional<std::int64_t> out;
    for (const auto& pair : {link.forward, link.backward}) {
        if (!pair || pair->state == PairState::unknown) continue;
        if (const auto above = above_us(*pair, link.floor_us)) out = std::max(out.value_or(*above), *above);
    }
    return out;
}

}  // namespace

std::vector<MeasuredLink> measured_links(const registry::Picture& picture, const Live& live, Time now) {
    std::vector<MeasuredLink> out;
    for (const auto* entry : picture.links_in_service()) {
        const registry::Link& link = entry->object;
        MeasuredLink measured{.id = link.id,
                              .a = link.a,
                              .b = link.b,
                              .forward = live.pair(link.a, link.b, now),
                              .backward = live.pair(link.b, link.a, now)};
        measured.state = state_of(live, measured);
        for (const auto& pair : {measured.forward, measured.backward})
            if (pair) measured.clock_fault = pair->clock_fault;
        measured.floor_us = floor_us(picture, link);
        measured.above_floor_us = slower_above(measured);
        out.push_back(std::move(measured));
    }
    return out;
}

void add_routes(platform::Api& api, const Rooms& rooms) {
    add_pair_routes(api, rooms);
    api.get<RecordsQuery, Page<Figures>>(
        {.path = "/api/v1/measure/records",
         .summary = "A pair's records, by the minute or by steps",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure records FROM TO"},
        [rooms](const Call&, RecordsQuery query) -> Task<Result<Page<Figures>>> {
            CO_TRY(known_site(rooms.registry, query.from, "from"));
            CO_TRY(known_site(rooms.registry, query.to, "to"));
            co_return co_await platform::off_loop([&] { return read_records(rooms, query); });
        });
    api.get<LinksQuery, Page<MeasuredLink>>(
        {.path = "/api/v1/measure/links",
         .summary = "Every link in service and how it is",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure links"},
        [rooms](const Call&, const LinksQuery& query) -> Result<Page<MeasuredLink>> {
            Page<MeasuredLink> page;
            page.items = measured_links(*rooms.registry.now(), rooms.live, rooms.clock.now());
            if (!query.cursor.empty()) {
                const std::string after = TRY(platform::read_cursor(query.cursor));
                std::erase_if(page.items, [&](const auto& link) { return link.id <= after; });
            }
            cut_page(page, query.limit, [](const MeasuredLink& link) { return link.id; });
            return page;
        });
    api.get<NoQuery, Summary>({.path = "/api/v1/measure/summary",
                               .summary = "How many links and pairs are in which state",
                               .tag = "measure",
                               .permission = Permission::see_public,
                               .command = "quipu measure summary"},
                              [rooms](const Call&, const NoQuery&) -> Result<Summary> { return summary_of(rooms); });
    api.stream({.path = "/api/v1/measure/stream",
                .summary = "Pairs as they change",
                .tag = "measure",
                .permission = Permission::see_public},
               [rooms](const Call&, const net::HttpRequest&) -> Result<net::EventBody> {
                   return [rooms](net::EventStream& stream) -> Task<void> {
                       return PairStreams::run(rooms.streams, stream, rooms.live.version());
                   };
               });
    add_view_routes(api, rooms);
}

}  // namespace quipu::measure
