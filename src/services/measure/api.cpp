#include "services/measure/api.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "platform/off_loop.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

using platform::Call;
using platform::Page;
using platform::PageQuery;
using platform::Permission;

struct PairsQuery : PageQuery {
    std::string from, to;
    std::optional<PairState> state;
    std::optional<Time> as_of_time;
    PairsQuery() { limit = 10'000; }
    static constexpr auto describe() {
        using T = PairsQuery;
        return std::tuple_cat(PageQuery::describe(), fields(field<&T::from>("from", "Only from this site"),
                                                            field<&T::to>("to", "Only to this site"),
                                                            field<&T::state>("state", "Only pairs in this state"),
                                                            field<&T::as_of_time>("as_of_time", "As they were then")));
    }
};

struct PairQuery {
    std::string from, to;
    static constexpr auto describe() {
        using T = PairQuery;
        return fields(field<&T::from>("from", "Sending site").required(),
                      field<&T::to>("to", "Receiving site").required());
    }
};

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

/// Leaves `limit` items and sets the cursor to the last one's position.
template <class T, class P>
void cut_page(Page<T>& page, std::int64_t limit, P position) {
    if (page.items.size() <= static_cast<std::size_t>(limit)) return;
    page.items.resize(static_cast<std::size_t>(limit));
    page.next = platform::make_cursor(position(page.items.back()));
}

Figures on_path(Figures figures, std::string path) {
    if (!path.empty()) figures.path = std::move(path);
    return figures;
}

void put_paths(const Rooms& rooms, std::vector<Pair>& pairs) {
    for (Pair& pair : pairs)
        if (auto path = rooms.paths.current(pair.from, pair.to); !path.empty()) pair.path = std::move(path);
}

/// The pairs with the last record that began not long before `time`.
Result<std::vector<Pair>> pairs_as_of(const Rooms& rooms, Time time) {
    auto pairs = rooms.live.pairs(rooms.clock.now());
    std::set<std::string> sites;
    for (const Pair& pair : pairs)
        sites.insert(pair.from);
    const auto picture = TRY(rooms.registry.as_of(date_of(time)));
    const Floors floors = floors_of(*picture, {sites.begin(), sites.end()});
    for (Pair& pair : pairs) {
        Pair then;
        then.from = pair.from;
        then.to = pair.to;
        const auto records = TRY(rooms.store.read(pair.from, pair.to, time - 3 * kMinute, time, 10));
        if (!records.empty()) {
            const Time minute = records.back().time;
            const auto paths = TRY(rooms.paths.times(pair.from, pair.to, minute, minute + kMinute));
            std::vector<Figures> last{on_path(figures_of(records.back(), kMinute), paths.at(minute))};
            TRY(mark_clock_faults(rooms.point_store, pair.from, pair.to, kMinute, last));
            static_cast<Figures&>(then) = std::move(last.front());
            then.sessions = 1;
            then.state = then.sent == 0       ? PairState::unknown
                         : then.received == 0 ? PairState::down
                         : then.loss >= 0.05  ? PairState::lossy
                                              : PairState::good;
        }
        const auto floor = floors.find(pair_key(then.from, then.to));
        weigh(then, floor == floors.end() ? std::nullopt : std::optional(floor->second), rooms.live.profiles());
        pair = std::move(then);
    }
    return pairs;
}

Task<Result<Page<Pair>>> list_pairs(const Rooms& rooms, PairsQuery query) {
    Page<Pair> page;
    if (query.as_of_time)
        page.items = CO_TRY(co_await platform::off_loop([&] { return pairs_as_of(rooms, *query.as_of_time); }));
    else
        page.items = rooms.live.pairs(rooms.clock.now());
    const std::string after = query.cursor.empty() ? std::string() : CO_TRY(platform::read_cursor(query.cursor));
    std::erase_if(page.items, [&](const Pair& pair) {
        return (!query.from.empty() && pair.from != query.from) || (!query.to.empty() && pair.to != query.to) ||
               (query.state && pair.state != *query.state) || (!after.empty() && pair.from + " " + pair.to <= after);
    });
    cut_page(page, query.limit, [](const Pair& pair) { return pair.from + " " + pair.to; });
    if (!query.as_of_time) put_paths(rooms, page.items);
    co_return page;
}

Result<Pair> one_pair(const Rooms& rooms, const PairQuery& query) {
    TRY(known_site(rooms, query.from, "from"));
    TRY(known_site(rooms, query.to, "to"));
    if (auto pair = rooms.live.pair(query.from, query.to, rooms.clock.now())) {
        if (auto path = rooms.paths.current(query.from, query.to); !path.empty()) pair->path = std::move(path);
        return std::move(*pair);
    }
    return fail(ErrorCode::not_found, "nothing is measured from " + query.from + " to " + query.to, {},
                "a measurement point joins when its agent is enrolled and connected; see /api/v1/agents");
}

Result<Page<Figures>> read_records(const Rooms& rooms, const RecordsQuery& query) {
    const Time until = query.until.value_or(rooms.clock.now());
    Time since = query.since.value_or(until - std::chrono::days(1));
    if (since > until) return fail(ErrorCode::invalid, "is later than `until`", "since");
    const Nanoseconds step = query.step ? std::chrono::seconds(*query.step) : kMinute;
    // Steps stand on whole multiples since 1970, so that the same step has the same bounds in every answer.
    if (query.step) since = Time((since.time_since_epoch() / step) * step);
    if (!query.cursor.empty()) {
        const std::string position = TRY(platform::read_cursor(query.cursor));
        std::int64_t at = 0;
        if (std::from_chars(position.data(), position.data() + position.size(), at).ec != std::errc())
            return fail(ErrorCode::invalid, "is not a cursor of this list", "cursor");
        since = std::max(since, Time(Nanoseconds(at)));
    }
    const auto limit = static_cast<std::size_t>(query.limit);
    const auto paths = TRY(rooms.paths.times(query.from, query.to, since, until));
    Page<Figures> page;
    const auto records = query.step
        ? TRY(rooms.store.steps(query.from, query.to, since, std::min(until, since + step * (query.limit + 1)), step))
                                    : TRY(rooms.store.read(query.from, query.to, since, until, limit + 1));
                                    for (const auto& record : records) {
                                        if (page.items.size() == limit) {
                                            page.next = platform::make_cursor(
                                                std::to_string(record.time.time_since_epoch().count()));
                                            break;
                                        }
                                        page.items.push_back(on_path(figures_of(record, step), paths.at(record.time)));
                                    }
                                    TRY(mark_clock_faults(rooms.point_store, query.from, query.to, step, page.items));
                                    // Empty steps are left out, so a page may be short although more follows.
                                    if (query.step && !page.next && since + step * (query.limit + 1) < until)
                                        page.next = platform::make_cursor(std::to_string(
                                            (since + step * (query.limit + 1)).time_since_epoch().count()));
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

Result<void> known_site(const Rooms& rooms, const std::string& id, std::string_view where) {
    if (rooms.registry.everything()->find<registry::Site>(id) != nullptr) return {};
    return fail(ErrorCode::not_found, "there is no site " + id, std::string(where), "see /api/v1/sites");
}

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
        if (measured.forward) measured.clock_fault = measured.forward->clock_fault;
        measured.floor_us = floor_us(picture, link);
        measured.above_floor_us = slower_above(measured);
        out.push_back(std::move(measured));
    }
    return out;
}

void add_routes(platform::Api& api, const Rooms& rooms) {
    api.get<PairsQuery, Page<Pair>>(
        {.path = "/api/v1/measure/pairs",
         .summary = "How every ordered pair of points is",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure pairs"},
        [rooms](const Call&, PairsQuery query) { return list_pairs(rooms, std::move(query)); });
    api.get<PairQuery, Pair>({.path = "/api/v1/measure/pairs/{from}/{to}",
                              .summary = "How one pair is",
                              .tag = "measure",
                              .permission = Permission::see_public,
                              .command = "quipu measure pair FROM TO"},
                             [rooms](const Call&, const PairQuery& query) { return one_pair(rooms, query); });
    api.get<RecordsQuery, Page<Figures>>(
        {.path = "/api/v1/measure/records",
         .summary = "A pair's records, by the minute or by steps",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure records FROM TO"},
        [rooms](const Call&, RecordsQuery query) -> Task<Result<Page<Figures>>> {
            CO_TRY(known_site(rooms, query.from, "from"));
            CO_TRY(known_site(rooms, query.to, "to"));
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
