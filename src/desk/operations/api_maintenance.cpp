// Maintenance windows.

#include <fmt/format.h>

#include "desk/icalendar.h"
#include "desk/operations/api.h"
#include "desk/operations/network.h"
#include "desk/operations/rooms.h"
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

constexpr std::string_view kTag = "operations";
constexpr Nanoseconds kLongest = 31 * 24h;
/// Without `since`, what ended not longer ago is listed, and what begins not later.
constexpr Nanoseconds kLookBack = 31 * 24h, kLookAhead = 366 * 24h;

struct WindowsQuery : PageQuery {
    std::optional<WindowState> state;
    std::optional<Time> since, until;
    static constexpr auto describe() {
        using T = WindowsQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&T::state>("state", "Only in this state"),
                                     field<&T::since>("since", "Only what ends later; a month ago if left out"),
                                     field<&T::until>("until", "Only what begins before; in a year if left out")));
    }
};
struct WindowQuery {
    std::int64_t id = 0;
    static constexpr auto describe() { return fields(field<&WindowQuery::id>("id", "Its number").required()); }
};
struct NewWindow {
    Window body;
    static constexpr auto describe() { return fields(field<&NewWindow::body>("body", "The window").required()); }
};
struct ChangedWindow {
    std::int64_t id = 0;
    Window body;
    static constexpr auto describe() {
        return fields(field<&ChangedWindow::id>("id", "Its number").required(),
                      field<&ChangedWindow::body>("body", "The window").required());
    }
};
struct NoQuery {
    static constexpr auto describe() { return fields(); }
};

/// Work of an organisation is planned by its own people or the network's.
Result<void> may_plan(const Caller& caller, const Window& window) {
    if (caller.may(Permission::operate, window.organisation, kTag)) return {};
    return fail(ErrorCode::forbidden, "you may not plan work of this organisation", "organisation");
}

Result<void> check(const Rooms& rooms, Window& window, Time now) {
    if (window.end <= window.begin) return fail(ErrorCode::invalid, "is not later than `begin`", "body.end");
    if (window.end - window.begin > kLongest)
        return fail(ErrorCode::invalid, "a window lasts 31 days at most", "body.end", "plan several");
    if (window.end <= now) return fail(ErrorCode::invalid, "lies in the past", "body.end");
    if (window.links.empty() && window.sites.empty())
        return fail(ErrorCode::invalid, "names no link and no site", "body.links", "say what the work takes down");
    const auto picture = rooms.registry.everything();
    if (!window.organisation.empty() && picture->find<registry::Organisation>(window.organisation) == nullptr)
        return fail(ErrorCode::invalid, "there is no organisation \"" + window.organisation + "\"", "body.organisation",
                    "see /api/v1/organisations");
    window.expected = TRY(effect_of(rooms.registry.now(), window.links, window.sites));
    window.report.reset();
    return {};
}

Window as_of_now(Window window, Time now) {
    window.state = state_at(window, now);
    return window;
}

std::string etag_of(const Window& window) {
    return std::to_string(window.version);
}

Result<Window> stored(const Rooms& rooms, std::int64_t id) {
    auto window = TRY(rooms.store.window(id));
    if (!window)
        return fail(ErrorCode::not_found, fmt::format("there is no maintenance window {}", id), "id",
                    "see /api/v1/maintenance");
    return std::move(*window);
}

/// The version that the caller has read, and may change.
Result<Window> to_change(const Rooms& rooms, const Call& call, std::int64_t id, Time now) {
    Window window = TRY(stored(rooms, id));
    TRY(may_plan(call.caller, window));
    if (!call.if_match.empty() && call.if_match != "*" && call.if_match != etag_of(window))
        return fail(ErrorCode::precondition_failed, "has been changed since it was read", "If-Match",
                    "read it again and repeat the change");
    const WindowState state = state_at(window, now);
    if (state == WindowState::over || state == WindowState::cancelled)
        return fail(ErrorCode::conflict, fmt::format("the window is {}", enum_name(state)), "id");
    return window;
}

Result<Page<Window>> list(const Rooms& rooms, const WindowsQuery& query) {
    const Time now = rooms.clock.now();
    auto windows =
        TRY(rooms.store.windows({query.since.value_or(now - kLookBack), query.until.value_or(now + kLookAhead)}));
    for (Window& window : windows)
        window = as_of_now(std::move(window), now);
    std::erase_if(windows, [&](const Window& window) { return query.state && window.state != *query.state; });
    return platform::page_of(std::move(windows), query);
}

Result<Reply<Window>> add(const Rooms& rooms, const Call& call, Window window) {
    const Time now = rooms.clock.now();
    TRY(may_plan(call.caller, window));
    TRY(check(rooms, window, now));
    window.state = WindowState::planned;
    window.planned_by = call.caller.id;
    window.version = 1;
    TRY(rooms.store.add(window));
    const std::string place = fmt::format("/api/v1/maintenance/{}", window.id), etag = etag_of(window);
    return Reply<Window>(as_of_now(std::move(window), now), 201, etag, place);
}

Result<Reply<Window>> change(const Rooms& rooms, const Call& call, std::int64_t id, Window wanted) {
    const Time now = rooms.clock.now();
    const Window before = TRY(to_change(rooms, call, id, now));
    TRY(may_plan(call.caller, wanted));
    TRY(check(rooms, wanted, now));
    wanted.id = id;
    wanted.state = before.state;
    wanted.planned_by = before.planned_by;
    wanted.version = before.version + 1;
    TRY(rooms.store.replace(wanted, before.version));
    const std::string etag = etag_of(wanted);
    return Reply<Window>(as_of_now(std::move(wanted), now), 200, etag);
}

Result<Nothing> cancel(const Rooms& rooms, const Call& call, std::int64_t id) {
    Window window = TRY(to_change(rooms, call, id, rooms.clock.now()));
    window.state = WindowState::cancelled;
    const std::int64_t expected = window.version++;
    TRY(rooms.store.replace(window, expected));
    TRY(rooms.keeper.tell_cancelled(window));
    return Nothing{};
}

/// The work is done before its time: what fails from now on is no part of it.
Result<Reply<Window>> end(const Rooms& rooms, const Call& call, std::int64_t id) {
    const Time now = rooms.clock.now();
    Window window = TRY(to_change(rooms, call, id, now));
    if (state_at(window, now) != WindowState::running)
        return fail(ErrorCode::conflict, "the window has not begun", "id", "DELETE cancels it");
    window.end = now;
    window.state = WindowState::over;
    const std::int64_t expected = window.version++;
    TRY(rooms.store.replace(window, expected));
    const std::string etag = etag_of(window);
    return Reply<Window>(std::move(window), 200, etag);
}

Result<platform::Document> calendar(const Rooms& rooms) {
    const Time now = rooms.clock.now();
    const auto picture = rooms.registry.now();
    std::vector<desk::CalendarEvent> events;
    for (const Window& window : TRY(rooms.store.windows({now - kLookBack, now + kLookAhead}))) {
        std::string objects;
        for (const std::string& link : window.links)
            objects += (objects.empty() ? "" : ", ") + name_of(*picture, Part::link, link);
        for (const std::string& site : window.sites)
            objects += (objects.empty() ? "" : ", ") + name_of(*picture, Part::site, site);
        events.push_back({.uid = fmt::format("maintenance-{}@quipu", window.id),
                          .begin = window.begin,
                          .end = window.end,
                          .summary = window.title + ": " + objects,
                          .description = window.description,
                          .cancelled = window.state == WindowState::cancelled,
                          .sequence = window.version - 1});
    }
    return platform::Document{.text = desk::calendar_text("Maintenance", events, now),
                              .media_type = "text/calendar; charset=utf-8",
                              .file_name = "maintenance.ics"};
}

}  // namespace

void add_maintenance_routes(platform::Api& api, Rooms& rooms) {
    api.get<WindowsQuery, Page<Window>>({.path = "/api/v1/maintenance",
                                         .summary = "Planned work, by its begin",
                                         .tag = kTag,
                                         .permission = Permission::see_public,
                                         .command = "quipu maintenance list"},
                                        [&rooms](const Call&, WindowsQuery query) -> Task<Result<Page<Window>>> {
                                            co_return co_await platform::off_loop([&] { return list(rooms, query); });
                                        });
    api.post<NewWindow, Window>(
        {.path = "/api/v1/maintenance",
         .summary = "Plan work; its effect is foreseen and those concerned are told ahead",
         .tag = kTag,
         .permission = Permission::operate,
         .command = "quipu maintenance plan",
         .success = 201},
        [&rooms](const Call& call, NewWindow query) -> Task<Result<Reply<Window>>> {
            co_return co_await platform::off_loop([&] { return add(rooms, call, std::move(query.body)); });
        });
    api.get<WindowQuery, Window>({.path = "/api/v1/maintenance/{id}",
                                  .summary = "One window; once it is over, with what it did",
                                  .tag = kTag,
                                  .permission = Permission::see_public,
                                  .command = "quipu maintenance show NUMBER"},
                                 [&rooms](const Call&, WindowQuery query) -> Task<Result<Reply<Window>>> {
                                     co_return co_await platform::off_loop([&]() -> Result<Reply<Window>> {
                                         Window window = TRY(stored(rooms, query.id));
                                         const std::string etag = etag_of(window);
                                         return Reply<Window>(as_of_now(std::move(window), rooms.clock.now()), 200,
                                                              etag);
                                     });
                                 });
    api.put<ChangedWindow, Window>(
        {.path = "/api/v1/maintenance/{id}",
         .summary = "Change a window that is not over",
         .tag = kTag,
         .permission = Permission::operate,
         .needs_if_match = true},
        [&rooms](const Call& call, ChangedWindow query) -> Task<Result<Reply<Window>>> {
            co_return co_await platform::off_loop([&] { return change(rooms, call, query.id, std::move(query.body)); });
        });
    api.remove<WindowQuery, Nothing>(
        {.path = "/api/v1/maintenance/{id}",
         .summary = "Cancel a window; who was told of it is told",
         .tag = kTag,
         .permission = Permission::operate,
         .needs_if_match = true,
         .command = "quipu maintenance cancel NUMBER"},
        [&rooms](const Call& call, WindowQuery query) -> Task<Result<Nothing>> {
            co_return co_await platform::off_loop([&] { return cancel(rooms, call, query.id); });
        });
    api.post<WindowQuery, Window>({.path = "/api/v1/maintenance/{id}/end",
                                   .summary = "The work is done before its time",
                                   .tag = kTag,
                                   .permission = Permission::operate,
                                   .command = "quipu maintenance end NUMBER"},
                                  [&rooms](const Call& call, WindowQuery query) -> Task<Result<Reply<Window>>> {
                                      co_return co_await platform::off_loop([&] { return end(rooms, call, query.id); });
                                  });
    api.get<NoQuery, platform::Document>({.path = "/api/v1/maintenance.ics",
                                          .summary = "Planned work as iCalendar (RFC 5545)",
                                          .tag = kTag,
                                          .permission = Permission::see_public,
                                          .media_type = "text/calendar"},
                                         [&rooms](const Call&, NoQuery) -> Task<Result<platform::Document>> {
                                             co_return co_await platform::off_loop([&] { return calendar(rooms); });
                                         });
}

}  // namespace quipu::operations
