#include "platform/journal_routes.h"

#include <algorithm>

#include "base/number.h"
#include "events/audience.h"
#include "platform/off_loop.h"

namespace quipu::platform {
namespace {

constexpr Nanoseconds kKeepAlive = std::chrono::seconds(15);
constexpr std::size_t kBatch = 200;

struct EventQuery : PageQuery {
    std::string type;
    std::string subject;
    std::optional<Time> since, until;
    bool newest_first = false;
    static constexpr auto describe() {
        using T = EventQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::type>("type", "Only events of this type: DelayRose, ObjectChanged…").at_most_long(100),
                   field<&T::subject>("subject", "Only events about this object, KIND:ID").at_most_long(200),
                   field<&T::since>("since", "Not before this time"), field<&T::until>("until", "Before this time"),
                   field<&T::newest_first>("newest_first", "The newest first")));
    }
};

Result<std::int64_t> id_from(std::string_view text, std::string_view where) {
    const auto id = parse_number<std::int64_t>(text);
    if (!id || *id < 0) return fail(ErrorCode::invalid, "expected the id of an event", std::string(where));
    return *id;
}

Result<data::EventFilter> filter_of(const EventQuery& query) {
    data::EventFilter filter;
    filter.type = query.type;
    filter.subject = query.subject;
    filter.since = query.since;
    filter.until = query.until;
    filter.newest_first = query.newest_first;
    filter.limit = static_cast<std::size_t>(query.limit) + 1;  // one more tells whether a page follows
    if (!query.cursor.empty()) {
        const std::string position = TRY(read_cursor(query.cursor));
        const std::int64_t id = TRY(id_from(position, "cursor"));
        (query.newest_first ? filter.before : filter.after) = id;
    }
    return filter;
}

Task<Result<Page<data::Event>>> list_events(const data::Journal& journal, EventQuery query, JournalSight sight) {
    data::EventFilter filter = CO_TRY(filter_of(query));
    sight.restrict(filter);
    Page<data::Event> page;
    page.items = CO_TRY(co_await off_loop([&] { return journal.events(filter); }));
    if (page.items.size() == filter.limit) {
        page.items.pop_back();
        page.next = make_cursor(std::to_string(page.items.back().id));
    }
    for (data::Event& event : page.items)
        sight.hide(event);
    co_return page;
}

Result<std::int64_t> newest_id(const data::Journal& journal) {
    data::EventFilter filter;
    filter.limit = 1;
    filter.newest_first = true;
    const auto events = TRY(journal.events(filter));
    return events.empty() ? 0 : events.front().id;
}

}  // namespace

JournalSight JournalSight::of(const Caller& caller) {
    JournalSight sight;
    sight.actors = caller.may(Permission::see_members);
    if (caller.may(Permission::manage_people, kEverywhere)) return sight;
    if (caller.may(Permission::see_private, kEverywhere))
        sight.without_types.assign(events::kAuditEvents.begin(), events::kAuditEvents.end());
    else
        sight.only_types.assign(events::kPublicEvents.begin(), events::kPublicEvents.end());
    return sight;
}

void JournalSight::restrict(data::EventFilter& filter) const {
    filter.only_types = only_types;
    filter.without_types = without_types;
}

/// "person:ana" becomes "person": the public learns what was done, not by whom.
void JournalSight::hide(data::Event& event) const {
    if (actors || !(event.actor.starts_with("person:") || event.actor.starts_with("token:"))) return;
    event.actor = "person";
}

Task<void> JournalStreams::run(net::EventStream& stream, std::int64_t after, JournalSight sight) {
    const auto bell = Bell::create(stream.loop(), kKeepAlive);
    bells_.with([&](auto& bells) {
        std::erase_if(bells, [](const auto& each) { return each.expired(); });
        bells.push_back(bell);
    });
    const auto wake = journal_.on_append([bell] { bell->ring(); });
    while (!closed_) {
        auto events = co_await off_loop([this, &after, &sight]() -> Result<std::vector<data::Event>> {
            if (after < 0) after = TRY(newest_id(journal_));
            data::EventFilter filter;
            filter.after = after;
            filter.limit = kBatch;
            sight.restrict(filter);
            return journal_.events(filter);
        });
        if (!events) co_return;
        for (data::Event& event : *events) {
            sight.hide(event);
            if (!co_await stream.send("event", json_text(event), std::to_string(event.id))) co_return;
            after = event.id;
        }
        if (events->size() == kBatch) continue;
        if (events->empty() && !co_await stream.keep_alive()) co_return;
        co_await bell->wait();
    }
}

void JournalStreams::close() {
    closed_ = true;
    bells_.with([](auto& bells) {
        for (const auto& each : bells)
            if (const auto bell = each.lock()) bell->ring();
    });
}

void add_journal_routes(House& house, JournalStreams& streams) {
    house.api.get<EventQuery, Page<data::Event>>({.path = "/api/v1/journal/events",
                                                  .summary = "What happened, in order",
                                                  .tag = "journal",
                                                  .permission = Permission::see_public,
                                                  .command = "quipu journal"},
                                                 [&journal = house.journal](const Call& call, EventQuery query) {
                                                     return list_events(journal, std::move(query),
                                                                        JournalSight::of(call.caller));
                                                 });

    house.api.stream({.path = "/api/v1/journal/stream",
                      .summary = "Events as they happen; Last-Event-ID resumes",
                      .tag = "journal",
                      .permission = Permission::see_public,
                      .command = "quipu journal --follow"},
                     [&streams](const Call& call, const net::HttpRequest& request) -> Result<net::EventBody> {
                         std::int64_t after = -1;
                         if (const std::string* id = request.headers.find("Last-Event-ID"))
                             after = TRY(id_from(*id, "Last-Event-ID"));
                         return [&streams, after, sight = JournalSight::of(call.caller)](net::EventStream& stream) {
                             return streams.run(stream, after, sight);
                         };
                     });
}

}  // namespace quipu::platform
