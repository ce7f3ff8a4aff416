// Who is on call: rotas, overrides, shifts, calendars.

#include <algorithm>
#include <fmt/format.h>

#include "desk/icalendar.h"
#include "desk/operations/api.h"
#include "desk/operations/engine_on_call.h"
#include "desk/operations/on_call.h"
#include "desk/operations/rooms.h"
#include "net/tls.h"
#include "platform/off_loop.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;
using platform::Call;
using platform::Caller;
using platform::Nothing;
using platform::Page;
using platform::PageQuery;
using platform::Permission;
using platform::Reply;

constexpr std::string_view kOnCallTag = "operations";
constexpr Nanoseconds kFeedBack = 31 * 24h, kFeedAhead = 183 * 24h, kMostShifts = 366 * 24h;
constexpr std::size_t kTokenOctets = 24;
constexpr std::size_t kMostFeeds = 50;

struct OnCallQuery : PageQuery {
    std::optional<Time> at;
    std::string rota;
    static constexpr auto describe() {
        using T = OnCallQuery;
        return std::tuple_cat(PageQuery::describe(), fields(field<&T::at>("at", "Then; now if left out"),
                                                            field<&T::rota>("rota", "Only of this rota")));
    }
};
struct ShiftsQuery : PageQuery {
    std::string rota;
    std::optional<Time> since, until;
    static constexpr auto describe() {
        using T = ShiftsQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::rota>("rota", "Only of this rota"), field<&T::since>("since", "From; now if left out"),
                   field<&T::until>("until", "To; four weeks later if left out")));
    }
};
struct ListQuery : PageQuery {
    std::string rota;
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(), fields(field<&ListQuery::rota>("rota", "Only of this rota")));
    }
};
struct IdQuery {
    std::string id;
    static constexpr auto describe() { return fields(field<&IdQuery::id>("id", "Its name").required()); }
};
struct NumberQuery {
    std::int64_t id = 0;
    static constexpr auto describe() { return fields(field<&NumberQuery::id>("id", "Its number").required()); }
};
template <class T>
struct NewOne {
    T body;
    static constexpr auto describe() { return fields(field<&NewOne::body>("body", "What is made").required()); }
};
struct ChangedRota {
    std::string id;
    Rota body;
    static constexpr auto describe() {
        return fields(field<&ChangedRota::id>("id", "Its name").required(),
                      field<&ChangedRota::body>("body", "The rota").required());
    }
};
struct FeedQuery {
    std::string token;
    static constexpr auto describe() {
        return fields(field<&FeedQuery::token>("token", "Of the feed").required().at_most_long(100));
    }
};

Result<void> may_operate(const Caller& caller, const std::string& organisation) {
    if (caller.may(Permission::operate, organisation, kOnCallTag)) return {};
    return fail(ErrorCode::forbidden, "you may not change this organisation's rotas", "organisation");
}

Result<void> known_person(const Rooms& rooms, const std::string& id, std::string_view where) {
    if (rooms.registry.now()->find<registry::Person>(id) != nullptr) return {};
    return fail(ErrorCode::invalid, "there is no person \"" + id + "\"", std::string(where), "see /api/v1/people");
}

Result<void> check(const Rooms& rooms, const Rota& rota) {
    if (rota.people.empty()) return fail(ErrorCode::invalid, "names nobody", "body.people");
    for (const std::string& person : rota.people)
        TRY(known_person(rooms, person, "body.people"));
    if (!rota.organisation.empty() &&
        rooms.registry.everything()->find<registry::Organisation>(rota.organisation) == nullptr)
        return fail(ErrorCode::invalid, "there is no organisation \"" + rota.organisation + "\"", "body.organisation",
                    "see /api/v1/organisations");
    if (rota.first == Date{} || !rota.first.ok()) return fail(ErrorCode::invalid, "is no day", "body.first");
    TRY(parse_handover(rota.handover));
    if (!Zone::load(rota.zone))
        return fail(ErrorCode::invalid, "is no time zone", "body.zone", "write an IANA name such as America/Santiago");
    return {};
}

Result<Rota> stored(const Rooms& rooms, std::string_view id) {
    auto rota = TRY(rooms.store.rota(id));
    if (!rota)
        return fail(ErrorCode::not_found, fmt::format("there is no rota \"{}\"", id), "id",
                    "see /api/v1/on-call/rotas");
    return std::move(*rota);
}

Result<Rota> to_change(const Rooms& rooms, const Call& call, std::string_view id) {
    Rota rota = TRY(stored(rooms, id));
    TRY(may_operate(call.caller, rota.organisation));
    if (call.if_match != "*" && call.if_match != std::to_string(rota.version))
        return fail(ErrorCode::precondition_failed, "has been changed since it was read", "If-Match",
                    "read it again and repeat the change");
    return rota;
}

Result<std::vector<Shift>> shifts(const Rooms& rooms, std::string_view rota, Time since, Time until) {
    if (until <= since) return fail(ErrorCode::invalid, "is not later than `since`", "until");
    if (until - since > kMostShifts) return fail(ErrorCode::invalid, "is more than a year later than `since`", "until");
    return shifts_between(rooms.store, *rooms.registry.everything(), rota, since, until);
}

Result<Reply<Rota>> add_rota(const Rooms& rooms, const Call& call, Rota rota) {
    TRY(may_operate(call.caller, rota.organisation));
    TRY(check(rooms, rota));
    rota.version = 1;
    TRY(rooms.store.add(rota));
    const std::string place = "/api/v1/on-call/rotas/" + rota.id;
    return Reply<Rota>(std::move(rota), 201, "1", place);
}

Result<Reply<Rota>> change_rota(const Rooms& rooms, const Call& call, const std::string& id, Rota wanted) {
    const Rota before = TRY(to_change(rooms, call, id));
    if (wanted.id != id) return fail(ErrorCode::invalid, "can't be changed", "body.id");
    TRY(may_operate(call.caller, wanted.organisation));
    TRY(check(rooms, wanted));
    wanted.version = before.version + 1;
    TRY(rooms.store.replace(wanted, before.version));
    const std::string etag = std::to_string(wanted.version);
    return Reply<Rota>(std::move(wanted), 200, etag);
}

Result<Nothing> remove_rota(const Rooms& rooms, const Call& call, const std::string& id) {
    const Rota rota = TRY(to_change(rooms, call, id));
    TRY(rooms.store.remove_rota(id, rota.version));
    return Nothing{};
}

Result<Reply<Override>> add_override(const Rooms& rooms, const Call& call, Override over) {
    const auto rota = TRY(rooms.store.rota(over.rota));
    if (!rota) return fail(ErrorCode::invalid, "there is no rota \"" + over.rota + "\"", "body.rota");
    TRY(may_operate(call.caller, rota->organisation));
    TRY(known_person(rooms, over.person, "body.person"));
    if (over.end <= over.begin) return fail(ErrorCode::invalid, "is not later than `begin`", "body.end");
    TRY(rooms.store.add(over));
    return Reply<Override>(std::move(over), 201);
}

Result<Nothing> remove_override(const Rooms& rooms, const Call& call, std::int64_t id) {
    const auto all = TRY(rooms.store.overrides({}));
    const auto at = std::ranges::find(all, id, &Override::id);
    if (at == all.end()) return fail(ErrorCode::not_found, fmt::format("there is no override {}", id), "id");
    TRY(may_operate(call.caller, TRY(stored(rooms, at->rota)).organisation));
    TRY(rooms.store.remove_override(id));
    return Nothing{};
}

Result<Reply<Feed>> add_feed(const Rooms& rooms, const Call& call, Feed feed) {
    if (!feed.rota.empty()) TRY(stored(rooms, feed.rota));
    if (!feed.person.empty()) TRY(known_person(rooms, feed.person, "body.person"));
    if (TRY(rooms.store.feeds(call.caller.id)).size() >= kMostFeeds)
        return fail(ErrorCode::too_large, fmt::format("you have {} calendars already", kMostFeeds), "body",
                    "remove those that are not read");
    const std::string token = net::random_token(kTokenOctets);
    feed.id = net::random_token(8);
    feed.made_by = call.caller.id;
    feed.made = rooms.clock.now();
    feed.address.reset();
    TRY(rooms.store.add(feed, net::sha256_hex(token)));
    feed.address = "/api/v1/on-call.ics?token=" + token;
    return Reply<Feed>(std::move(feed), 201);
}

/// Of another caller's feed nobody is told that it exists.
Result<Nothing> remove_feed(const Rooms& rooms, const Call& call, const std::string& id) {
    const auto feed = TRY(rooms.store.feed(id));
    if (!feed || feed->made_by != call.caller.id)
        return fail(ErrorCode::not_found, "there is no calendar of yours with this name", "id",
                    "see /api/v1/on-call/feeds");
    TRY(rooms.store.remove_feed(id));
    return Nothing{};
}

Result<platform::Document> calendar(const Rooms& rooms, const FeedQuery& query) {
    const auto feed = TRY(rooms.store.feed_of(net::sha256_hex(query.token)));
    if (!feed)
        return fail(ErrorCode::not_found, "there is no such calendar", "token", "make one at /api/v1/on-call/feeds");
    const Time now = rooms.clock.now();
    std::vector<desk::CalendarEvent> events;
    std::map<std::string, std::string> names;
    for (const Rota& rota : TRY(rooms.store.rotas()))
        names[rota.id] = rota.name;
    for (const Shift& shift : TRY(shifts(rooms, feed->rota, now - kFeedBack, now + kFeedAhead))) {
        if (!feed->person.empty() && shift.person != feed->person) continue;
        const auto seconds = unix_seconds(shift.begin);
        events.push_back({.uid = fmt::format("on-call-{}-{}@quipu", shift.rota, seconds),
                          .begin = shift.begin,
                          .end = shift.end,
                          .summary = fmt::format("{}: {}", names[shift.rota], shift.name)});
    }
    return platform::Document{.text = desk::calendar_text("On call", events, now),
                              .media_type = "text/calendar; charset=utf-8",
                              .file_name = "on-call.ics"};
}

}  // namespace

void add_on_call_routes(platform::Api& api, Rooms& rooms) {
    api.get<OnCallQuery, Page<Shift>>(
        {.path = "/api/v1/on-call",
         .summary = "Who is on call now",
         .tag = kOnCallTag,
         .permission = Permission::see_members,
         .command = "quipu on-call now"},
        [&rooms](const Call&, OnCallQuery query) -> Task<Result<Page<Shift>>> {
            co_return co_await platform::off_loop([&]() -> Result<Page<Shift>> {
                const Time at = query.at.value_or(rooms.clock.now());
                auto now = TRY(shifts(rooms, query.rota, at, at + 1ns));
                std::erase_if(now, [&](const Shift& shift) { return shift.begin > at || shift.end <= at; });
                return platform::page_of(std::move(now), query);
            });
        });
    api.get<ShiftsQuery, Page<Shift>>(
        {.path = "/api/v1/on-call/shifts",
         .summary = "Who is on call when",
         .tag = kOnCallTag,
         .permission = Permission::see_members,
         .command = "quipu on-call shifts"},
        [&rooms](const Call&, ShiftsQuery query) -> Task<Result<Page<Shift>>> {
            co_return co_await platform::off_loop([&]() -> Result<Page<Shift>> {
                const Time since = query.since.value_or(rooms.clock.now());
                return platform::page_of(TRY(shifts(rooms, query.rota, since, query.until.value_or(since + 28 * 24h))),
                                         query);
            });
        });
    api.get<ListQuery, Page<Rota>>({.path = "/api/v1/on-call/rotas",
                                    .summary = "Rotas",
                                    .tag = kOnCallTag,
                                    .permission = Permission::see_members,
                                    .command = "quipu on-call rotas"},
                                   [&rooms](const Call&, ListQuery query) -> Task<Result<Page<Rota>>> {
                                       auto all =
                                           CO_TRY(co_await platform::off_loop([&] { return rooms.store.rotas(); }));
                                       co_return platform::page_of(std::move(all), query);
                                   });
    api.post<NewOne<Rota>, Rota>(
        {.path = "/api/v1/on-call/rotas",
         .summary = "Make a rota",
         .tag = kOnCallTag,
         .permission = Permission::operate,
         .success = 201},
        [&rooms](const Call& call, NewOne<Rota> query) -> Task<Result<Reply<Rota>>> {
            co_return co_await platform::off_loop([&] { return add_rota(rooms, call, std::move(query.body)); });
        });
    api.get<IdQuery, Rota>({.path = "/api/v1/on-call/rotas/{id}",
                            .summary = "One rota",
                            .tag = kOnCallTag,
                            .permission = Permission::see_members},
                           [&rooms](const Call&, IdQuery query) -> Task<Result<Reply<Rota>>> {
                               auto rota = CO_TRY(co_await platform::off_loop([&] { return stored(rooms, query.id); }));
                               const std::string etag = std::to_string(rota.version);
                               co_return Reply<Rota>(std::move(rota), 200, etag);
                           });
    api.put<ChangedRota, Rota>({.path = "/api/v1/on-call/rotas/{id}",
                                .summary = "Change a rota",
                                .tag = kOnCallTag,
                                .permission = Permission::operate,
                                .needs_if_match = true},
                               [&rooms](const Call& call, ChangedRota query) -> Task<Result<Reply<Rota>>> {
                                   co_return co_await platform::off_loop(
                                       [&] { return change_rota(rooms, call, query.id, std::move(query.body)); });
                               });
    api.remove<IdQuery, Nothing>(
        {.path = "/api/v1/on-call/rotas/{id}",
         .summary = "Remove a rota with its overrides",
         .tag = kOnCallTag,
         .permission = Permission::operate,
         .needs_if_match = true},
        [&rooms](const Call& call, IdQuery query) -> Task<Result<Nothing>> {
            co_return co_await platform::off_loop([&] { return remove_rota(rooms, call, query.id); });
        });
    api.get<ListQuery, Page<Override>>(
        {.path = "/api/v1/on-call/overrides",
         .summary = "Who takes over for a while",
         .tag = kOnCallTag,
         .permission = Permission::see_members},
        [&rooms](const Call&, ListQuery query) -> Task<Result<Page<Override>>> {
            auto all = CO_TRY(co_await platform::off_loop([&] { return rooms.store.overrides(query.rota); }));
            co_return platform::page_of(std::move(all), query);
        });
    api.post<NewOne<Override>, Override>(
        {.path = "/api/v1/on-call/overrides",
         .summary = "Somebody takes over for a while",
         .tag = kOnCallTag,
         .permission = Permission::operate,
         .command = "quipu on-call override ROTA PERSON BEGIN END",
         .success = 201},
        [&rooms](const Call& call, NewOne<Override> query) -> Task<Result<Reply<Override>>> {
            co_return co_await platform::off_loop([&] { return add_override(rooms, call, std::move(query.body)); });
        });
    api.remove<NumberQuery, Nothing>(
        {.path = "/api/v1/on-call/overrides/{id}",
         .summary = "The turn is as it was",
         .tag = kOnCallTag,
         .permission = Permission::operate},
        [&rooms](const Call& call, NumberQuery query) -> Task<Result<Nothing>> {
            co_return co_await platform::off_loop([&] { return remove_override(rooms, call, query.id); });
        });
    api.get<ListQuery, Page<Feed>>(
        {.path = "/api/v1/on-call/feeds",
         .summary = "Your calendars of who is on call",
         .tag = kOnCallTag,
         .permission = Permission::own},
        [&rooms](const Call& call, ListQuery query) -> Task<Result<Page<Feed>>> {
            auto all = CO_TRY(co_await platform::off_loop([&] { return rooms.store.feeds(call.caller.id); }));
            co_return platform::page_of(std::move(all), query);
        });
    api.post<NewOne<Feed>, Feed>(
        {.path = "/api/v1/on-call/feeds",
         .summary = "Make a calendar that programs can read; its address is shown once",
         .tag = kOnCallTag,
         .permission = Permission::see_members,
         .success = 201},
        [&rooms](const Call& call, NewOne<Feed> query) -> Task<Result<Reply<Feed>>> {
            co_return co_await platform::off_loop([&] { return add_feed(rooms, call, std::move(query.body)); });
        });
    api.remove<IdQuery, Nothing>(
        {.path = "/api/v1/on-call/feeds/{id}",
         .summary = "Nobody can read this calendar any more",
         .tag = kOnCallTag,
         .permission = Permission::own},
        [&rooms](const Call& call, IdQuery query) -> Task<Result<Nothing>> {
            co_return co_await platform::off_loop([&] { return remove_feed(rooms, call, query.id); });
        });
    // The token is the permission: calendars can't sign in.
    api.get<FeedQuery, platform::Document>(
        {.path = "/api/v1/on-call.ics",
         .summary = "Who is on call, as iCalendar (RFC 5545)",
         .tag = kOnCallTag,
         .permission = Permission::see_public,
         .media_type = "text/calendar"},
        [&rooms](const Call&, FeedQuery query) -> Task<Result<platform::Document>> {
            co_return co_await platform::off_loop([&] { return calendar(rooms, query); });
        });
}

}  // namespace quipu::operations
