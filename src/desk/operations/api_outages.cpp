// Outages as they are found, and what they make of availability.

#include <fmt/format.h>
#include <map>

#include "desk/operations/api.h"
#include "desk/operations/availability.h"
#include "desk/operations/rooms.h"
#include "platform/off_loop.h"

namespace quipu::operations {
namespace {

using platform::Call;
using platform::Page;
using platform::PageQuery;
using platform::Permission;

/// Pairs shown with each outage of a list; the outage itself shows all.
constexpr std::size_t kPairsListed = 8;

struct OutagesQuery : PageQuery {
    std::optional<OutageState> state;
    std::string object;
    std::optional<Time> since, until;
    static constexpr auto describe() {
        using T = OutagesQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&T::state>("state", "Only in this state"),
                                     field<&T::object>("object", "Only of this link or site").at_most_long(63),
                                     field<&T::since>("since", "Only what lasted into this time"),
                                     field<&T::until>("until", "Only what began before")));
    }
};
struct OutageQuery {
    std::int64_t id = 0;
    static constexpr auto describe() { return fields(field<&OutageQuery::id>("id", "Its number").required()); }
};
struct AvailabilityQuery : PageQuery {
    By by = By::link;
    std::string period;
    static constexpr auto describe() {
        using T = AvailabilityQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::by>("by", "link, site or organisation"),
                   field<&T::period>("period", "2026-11 or 2026; this month if left out").at_most_long(7)));
    }
};

/// The parts of an outage that only time tells.
Result<Outage> as_of_now(const Rooms& rooms, Outage outage) {
    if (outage.state != OutageState::closed)
        outage.down_s = TRY(rooms.store.down_seconds(outage.id, rooms.clock.now()));
    return outage;
}

Result<Page<Outage>> list_outages(const Rooms& rooms, const OutagesQuery& query) {
    OutageFilter filter{.state = query.state, .object = query.object, .since = query.since, .until = query.until};
    filter.before = static_cast<std::int64_t>(TRY(platform::read_position(query.cursor)));
    filter.limit = query.limit + 1;
    Page<Outage> page;
    for (Outage& outage : TRY(rooms.store.outages(filter))) {
        if (page.items.size() == static_cast<std::size_t>(query.limit)) {
            page.next = platform::make_cursor(std::to_string(page.items.back().id));
            break;
        }
        if (outage.pairs.size() > kPairsListed) outage.pairs.resize(kPairsListed);
        page.items.push_back(TRY(as_of_now(rooms, std::move(outage))));
    }
    return page;
}

Result<Outage> one_outage(const Rooms& rooms, std::int64_t id) {
    auto outage = TRY(rooms.store.outage(id));
    if (!outage)
        return fail(ErrorCode::not_found, fmt::format("there is no outage {}", id), "id", "see /api/v1/outages");
    return as_of_now(rooms, std::move(*outage));
}

Result<std::vector<Availability>> figures(const Rooms& rooms, const AvailabilityQuery& query) {
    const Time now = rooms.clock.now();
    const std::string period = query.period.empty() ? format_time(now).substr(0, 7) : query.period;
    return availability(rooms, query.by, TRY(parse_period(period)), now);
}

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text)
        out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

platform::Document csv_of(const std::vector<Availability>& list, const std::string& file) {
    std::string text = "id,name,availability,measured,in_service_s,down_s,planned_s,outages,mtbf_s,mttr_s\r\n";
    const auto optional = [](const std::optional<std::int64_t>& number) {
        return number ? std::to_string(*number) : std::string();
    };
    for (const Availability& one : list)
        text += fmt::format("{},{},{:.9f},{:.9f},{},{},{},{},{},{}\r\n", csv_field(one.id), csv_field(one.name),
                            one.availability, one.measured, one.in_service_s, one.down_s, one.planned_s, one.outages,
                            optional(one.mtbf_s), optional(one.mttr_s));
    return {.text = std::move(text), .media_type = "text/csv; charset=utf-8", .file_name = file};
}

}  // namespace

void add_outage_routes(platform::Api& api, Rooms& rooms) {
    api.get<OutagesQuery, Page<Outage>>(
        {.path = "/api/v1/outages",
         .summary = "What failed and what does not work now, newest first",
         .tag = "operations",
         .permission = Permission::see_public,
         .command = "quipu outages list"},
        [&rooms](const Call&, OutagesQuery query) -> Task<Result<Page<Outage>>> {
            co_return co_await platform::off_loop([&] { return list_outages(rooms, query); });
        });
    api.get<OutageQuery, Outage>({.path = "/api/v1/outages/{id}",
                                  .summary = "One outage with all its pairs",
                                  .tag = "operations",
                                  .permission = Permission::see_public,
                                  .command = "quipu outages show NUMBER"},
                                 [&rooms](const Call&, OutageQuery query) -> Task<Result<Outage>> {
                                     co_return co_await platform::off_loop([&] { return one_outage(rooms, query.id); });
                                 });
    api.get<AvailabilityQuery, Page<Availability>>(
        {.path = "/api/v1/availability",
         .summary = "Availability of links, sites or organisations in a month or a year",
         .tag = "operations",
         .permission = Permission::see_public,
         .command = "quipu availability"},
        [&rooms](const Call&, AvailabilityQuery query) -> Task<Result<Page<Availability>>> {
            auto all = CO_TRY(co_await platform::off_loop([&] { return figures(rooms, query); }));
            co_return platform::page_of(std::move(all), query);
        });
    api.get<AvailabilityQuery, platform::Document>(
        {.path = "/api/v1/availability.csv",
         .summary = "The same as CSV",
         .tag = "operations",
         .permission = Permission::see_public,
         .media_type = "text/csv",
         .command = "quipu availability --output csv"},
        [&rooms](const Call&, AvailabilityQuery query) -> Task<Result<platform::Document>> {
            const auto all = CO_TRY(co_await platform::off_loop([&] { return figures(rooms, query); }));
            co_return csv_of(all, fmt::format("availability-{}-{}.csv", enum_name(query.by), query.period));
        });
}

}  // namespace quipu::operations
