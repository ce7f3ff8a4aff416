#include "services/measure/api_paths.h"

#include <algorithm>

#include "platform/off_loop.h"
#include "services/measure/pages.h"

namespace quipu::measure {
namespace {

using platform::Call;
using platform::Page;
using platform::PageQuery;
using platform::Permission;

constexpr std::size_t kMostAddresses = 100;
constexpr std::size_t kMostSpans = 200;

/// A stay on one way as the API shows it.
struct ShownPath {
    std::string from, to;
    Time since{};
    std::optional<Time> until;
    Time last{};
    std::string id;
    bool reached = false;
    std::vector<NamedHop> hops;
    static constexpr auto describe() {
        using T = ShownPath;
        return fields(field<&T::from>("from", "Sending site").required().references("sites"),
                      field<&T::to>("to", "Receiving site").required().references("sites"),
                      field<&T::since>("since", "When it was first traced").required(),
                      field<&T::until>("until", "When another way was; absent: it is so now"),
                      field<&T::last>("last", "When it was traced last, within 15 minutes").required(),
                      field<&T::id>("id", "The way's identifier").required(),
                      field<&T::reached>("reached", "The target answered").required(),
                      field<&T::hops>("hops", "From the first router to the target").required());
    }
};

struct PathStay {
    std::string from, to;
    Time since{};
    std::optional<Time> until;
    static constexpr auto describe() {
        using T = PathStay;
        return fields(field<&T::from>("from", "Sending site").required().references("sites"),
                      field<&T::to>("to", "Receiving site").required().references("sites"),
                      field<&T::since>("since", "When it was first traced").required(),
                      field<&T::until>("until", "When another way was; absent: it is so now"));
    }
};

struct ShownWay {
    std::string id;
    bool reached = false;
    path::Protocol protocol = path::Protocol::udp;
    std::vector<NamedHop> hops;
    std::vector<PathStay> used;
    static constexpr auto describe() {
        using T = ShownWay;
        return fields(field<&T::id>("id", "SHA-256 of the hops' addresses, first 16 digits").required(),
                      field<&T::reached>("reached", "The target answered").required(),
                      field<&T::protocol>("protocol", "Of the probes").required(),
                      field<&T::hops>("hops", "From the first router to the target").required(),
                      field<&T::used>("used", "Which pairs took it and when, the latest first").required());
    }
};

struct PathsQuery : PageQuery {
    std::string from, to;
    std::optional<Time> since, until;
    PathsQuery() { limit = 50; }
    static constexpr auto describe() {
        using T = PathsQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::from>("from", "Sending site").required(), field<&T::to>("to", "Receiving site").required(),
                   field<&T::since>("since", "What was so at this time or later; a week before `until` if left out"),
                   field<&T::until>("until", "What was so before this time; now if left out")));
    }
};

struct WayQuery {
    std::string id;
    static constexpr auto describe() {
        return fields(field<&WayQuery::id>("id", "The way's identifier").required().at_most_long(64));
    }
};

struct AddressesQuery {
    std::string addresses;
    static constexpr auto describe() {
        return fields(field<&AddressesQuery::addresses>("addresses", "Addresses, separated by commas; at most 100")
                          .required()
                          .at_most_long(5000));
    }
};

PathNames names_of(const PathRooms& rooms, const std::vector<net::IpAddress>& addresses, bool ask = true) {
    PathNames out(rooms.registry.now(), rooms.sites());
    out.take_dns_names(rooms.dns.get(), addresses, ask);
    return out;
}

/// Those by which hops are named.
void add_addresses(std::vector<net::IpAddress>& out, const std::vector<path::Hop>& hops) {
    for (const path::Hop& hop : hops)
        if (!hop.silent()) out.push_back(hop.addresses.front());
}

Result<Page<ShownPath>> list_paths(const PathRooms& rooms, const PathsQuery& query) {
    Time until = query.until.value_or(rooms.clock.now());
    const Time since = query.since.value_or(until - std::chrono::days(7));
    if (since > until) return fail(ErrorCode::invalid, "is later than `until`", "since");
    if (!query.cursor.empty()) until = std::min(until, TRY(time_of_cursor(query.cursor)));
    const auto limit = std::min(static_cast<std::size_t>(query.limit), kMostSpans);
    auto spans = TRY(rooms.history.spans(query.from, query.to, since, until, limit + 1));
    Page<ShownPath> page;
    if (spans.size() > limit) {
        spans.resize(limit);
        page.next = cursor_at(spans.back().since);
    }
    std::vector<net::IpAddress> addresses;
    for (const PathSpan& span : spans)
        add_addresses(addresses, span.way.hops);
    const PathNames names = names_of(rooms, addresses);
    for (const PathSpan& span : spans)
        page.items.push_back({.from = span.from,
                              .to = span.to,
                              .since = span.since,
                              .until = span.until,
                              .last = span.last,
                              .id = span.way.id,
                              .reached = span.way.reached,
                              .hops = names.named(span.way.hops, span.from)});
    return page;
}

Result<ShownWay> one_way(const PathRooms& rooms, const WayQuery& query) {
    const auto found = TRY(rooms.history.way(query.id, kMostSpans));
    if (!found)
        return fail(ErrorCode::not_found, "no way of that name was ever traced", query.id,
                    "see /api/v1/measure/paths?from=SITE&to=SITE");
    ShownWay out{.id = found->way.id, .reached = found->way.reached, .protocol = found->way.protocol};
    // Several sites behind one router may have taken it: links to the first hop are told of one alone.
    const bool alone =
        std::ranges::all_of(found->spans, [&](const PathSpan& span) { return span.from == found->spans.front().from; });
    std::vector<net::IpAddress> addresses;
    add_addresses(addresses, found->way.hops);
    out.hops =
        names_of(rooms, addresses).named(found->way.hops, alone && !found->spans.empty() ? found->spans[0].from : "");
    for (const PathSpan& span : found->spans)
        out.used.push_back({span.from, span.to, span.since, span.until});
    return out;
}

/// Whoever has not signed in reads what DNS has said before, and makes the hub ask nothing.
Result<Page<AddressOwner>> list_owners(const PathRooms& rooms, const AddressesQuery& query, bool may_ask) {
    std::vector<net::IpAddress> addresses;
    std::string_view rest = query.addresses;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        const auto address = net::IpAddress::parse(rest.substr(0, end));
        if (!address)
            return fail(ErrorCode::invalid, "\"" + std::string(rest.substr(0, end)) + "\" is no address", "addresses");
        if (addresses.size() == kMostAddresses)
            return fail(ErrorCode::too_large, "are more than 100", "addresses", "ask for them in parts");
        addresses.push_back(*address);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const PathNames names = names_of(rooms, addresses, may_ask);
    Page<AddressOwner> page;
    for (const net::IpAddress& address : addresses)
        page.items.push_back(names.owner_of(address));
    return page;
}

}  // namespace

void add_path_routes(platform::Api& api, const PathRooms& rooms) {
    api.get<PathsQuery, Page<ShownPath>>(
        {.path = "/api/v1/measure/paths",
         .summary = "The ways that packets took from one site to another, the latest first",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure paths FROM TO"},
        [rooms](const Call&, PathsQuery query) -> Task<Result<Page<ShownPath>>> {
            CO_TRY(known_site(rooms.registry, query.from, "from"));
            CO_TRY(known_site(rooms.registry, query.to, "to"));
            co_return co_await platform::off_loop([&] { return list_paths(rooms, query); });
        });
    api.get<WayQuery, ShownWay>({.path = "/api/v1/measure/paths/{id}",
                                 .summary = "One way, and who took it when",
                                 .tag = "measure",
                                 .permission = Permission::see_public},
                                [rooms](const Call&, WayQuery query) -> Task<Result<ShownWay>> {
                                    co_return co_await platform::off_loop([&] { return one_way(rooms, query); });
                                });
    api.get<AddressesQuery, Page<AddressOwner>>(
        {.path = "/api/v1/measure/addresses",
         .summary = "Whose addresses these are: site, organisation, autonomous system, name by DNS",
         .tag = "measure",
         .permission = Permission::see_public},
        [rooms](const Call& call, AddressesQuery query) -> Task<Result<Page<AddressOwner>>> {
            const bool may_ask = call.caller.id != platform::kAnonymous;
            co_return co_await platform::off_loop([&] { return list_owners(rooms, query, may_ask); });
        });
}

}  // namespace quipu::measure
