// Are the members' prefixes safe: what is announced of them and by whom, what is invalid and why, what a ROA would
// change, and until when what they have holds.

#include <algorithm>
#include <fmt/format.h>

#include "platform/off_loop.h"
#include "services/rpki/service/api.h"

namespace quipu::rpki {
namespace {

using platform::Call;
using platform::Page;
using platform::PageQuery;
using platform::Permission;

/// A member in the list.
struct MemberRow {
    std::string id, name;
    std::int64_t prefixes = 0, silent = 0;
    std::int64_t announced = 0, covered = 0, valid = 0, invalid = 0, not_found = 0;
    std::int64_t vrps = 0, loose = 0;
    std::optional<Time> expires;
    static constexpr auto describe() {
        using T = MemberRow;
        return fields(field<&T::id>("id", "Organisation").required(), field<&T::name>("name", "Its name").required(),
                      field<&T::prefixes>("prefixes", "Prefixes that it has in the registry").required(),
                      field<&T::silent>("silent", "Of those, with nothing announced in them").required(),
                      field<&T::announced>("announced", "Routes in its prefixes or of its AS numbers").required(),
                      field<&T::covered>("covered", "Of those, that a VRP covers").required(),
                      field<&T::valid>("valid", "Valid ones").required(),
                      field<&T::invalid>("invalid", "Invalid ones").required(),
                      field<&T::not_found>("not_found", "Those that no VRP covers").required(),
                      field<&T::vrps>("vrps", "VRPs in its prefixes").required(),
                      field<&T::loose>("loose", "VRPs that allow more than is announced (RFC 9319)").required(),
                      field<&T::expires>("expires", "The first of its manifests and certificates expires then"));
    }
};

/// A member with everything that its row counts.
struct MemberState {
    MemberRow member;
    std::vector<std::string> prefixes, as_numbers;
    std::vector<JudgedRoute> routes;
    std::vector<VrpRow> vrps;
    std::vector<LooseVrp> loose;
    std::vector<MemberPoint> points;
    static constexpr auto describe() {
        using T = MemberState;
        return fields(
            field<&T::member>("member", "What the list says of it").required(),
            field<&T::prefixes>("prefixes", "Its prefixes in the registry").required(),
            field<&T::as_numbers>("as_numbers", "Its AS numbers in the registry").required(),
            field<&T::routes>("routes", "What is announced, invalid first").required().at_most_long(1'000'000),
            field<&T::vrps>("vrps", "VRPs in its prefixes").required().at_most_long(1'000'000),
            field<&T::loose>("loose", "VRPs that allow more than is announced").required().at_most_long(100'000),
            field<&T::points>("points", "Publication points that it stands on, by first expiry").required());
    }
};

/// An invalid route and what would make it valid.
struct InvalidRow {
    std::string prefix, asn, reason;
    RemedyKind remedy = RemedyKind::none;
    std::optional<VrpRow> needed;
    std::vector<VrpRow> covering;
    std::string member, name;
    static constexpr auto describe() {
        using T = InvalidRow;
        return fields(
            field<&T::prefix>("prefix", "Prefix").required(),
            field<&T::asn>("asn", "Who originates it; empty if the path ends in an AS_SET").required(),
            field<&T::reason>("reason", "as: no VRP for this origin; length: none for so long a prefix").required(),
            field<&T::remedy>("remedy", "authorise, shorten or no-origin").required(),
            field<&T::needed>("needed", "The VRP that would make it valid"),
            field<&T::covering>("covering", "The VRPs that cover it").required(),
            field<&T::member>("member", "The prefix's holder in the registry, empty if it has none").required(),
            field<&T::name>("name", "The holder's name").required());
    }
};

struct MembersQuery : PageQuery {
    std::string q;
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&MembersQuery::q>("q", "Only with this in id or name").at_most_long(400)));
    }
};
struct MemberPath {
    std::string id;
    static constexpr auto describe() {
        return fields(field<&MemberPath::id>("id", "Organisation, \"reuna\"").required());
    }
};
struct InvalidsQuery : PageQuery {
    std::string asn, member;
    std::optional<net::Prefix> prefix;
    static constexpr auto describe() {
        using T = InvalidsQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&T::asn>("asn", "Only of this origin, \"AS64496\" or the number"),
                                     field<&T::prefix>("prefix", "Only of this prefix and inside it"),
                                     field<&T::member>("member",
                                                       "Only in this member's prefixes or of its AS numbers;"
                                                       " \"any\": of any member")));
    }
};
struct RoaPayload {
    std::string asn;
    net::Prefix prefix;
    std::optional<std::int64_t> max_length;
    static constexpr auto describe() {
        using T = RoaPayload;
        return fields(field<&T::asn>("asn", "Origin, \"AS64496\" or the number").required(),
                      field<&T::prefix>("prefix", "Prefix").required(),
                      field<&T::max_length>("max_length",
                                            "Longest prefix that may be announced; the prefix's own if left "
                                            "out")
                          .between(0, 128));
    }
};
struct RoaChangeBody {
    std::vector<RoaPayload> add, remove;
    static constexpr auto describe() {
        using T = RoaChangeBody;
        return fields(field<&T::add>("add", "What ROAs would be made").at_most_long(1000),
                      field<&T::remove>("remove", "What ROAs would be withdrawn").at_most_long(1000));
    }
};
struct RoaWhatIfQuery {
    RoaChangeBody body;
    static constexpr auto describe() { return fields(field<&RoaWhatIfQuery::body>("body", "The change").required()); }
};

MemberRow member_row(const State& state, const MemberRouting& of) {
    MemberRow row{.id = of.member,
                  .name = of.name,
                  .prefixes = of.prefixes,
                  .silent = of.silent,
                  .announced = of.announced,
                  .covered = of.covered,
                  .valid = of.valid,
                  .invalid = of.invalid,
                  .not_found = of.not_found,
                  .loose = static_cast<std::int64_t>(of.loose.size())};
    if (const auto points = state.member_points->find(of.member); points != state.member_points->end())
        for (const MemberPoint& point : points->second) {
            row.vrps += point.vrps;
            if (const auto first = point.first(); first && (!row.expires || *first < *row.expires)) row.expires = first;
        }
    return row;
}

Result<Page<MemberRow>> members(const State& state, const MembersQuery& query) {
    return platform::page_where(
        state.routes->members, query,
        [&](const MemberRouting& of) {
            return query.q.empty() || of.member.find(query.q) != std::string::npos ||
                   of.name.find(query.q) != std::string::npos;
        },
        [&](const MemberRouting& of) { return member_row(state, of); });
}

Result<MemberState> member(const State& state, const std::string& id) {
    const Members::Member* member = state.members->find(id);
    const MemberRouting* routing = state.routes->find(id);
    if (member == nullptr || routing == nullptr)
        return fail(ErrorCode::not_found, "has no prefix and no AS number in the registry", id,
                    "add them to the registry; the next validation looks at them");
    MemberState out{.member = member_row(state, *routing), .routes = routing->routes, .loose = routing->loose};
    std::vector<Vrp> vrps;
    for (const net::Prefix& prefix : member->prefixes) {
        out.prefixes.push_back(prefix.text());
        for (const Vrp& vrp : state.validity->below(prefix))
            vrps.push_back(vrp);
    }
    for (const Asn as : member->as_numbers)
        out.as_numbers.push_back(asn_text(as));
    std::ranges::sort(vrps);
    const auto repeated = std::ranges::unique(vrps);
    vrps.erase(repeated.begin(), repeated.end());
    for (const Vrp& vrp : vrps)
        out.vrps.push_back(row_of(state, vrp));
    if (const auto points = state.member_points->find(id); points != state.member_points->end())
        out.points = points->second;
    std::ranges::sort(out.points, [](const MemberPoint& a, const MemberPoint& b) {
        return a.first().value_or(Time::max()) < b.first().value_or(Time::max());
    });
    return out;
}

InvalidRow invalid_row(const State& state, const JudgedRoute& judged) {
    const Route route{judged.prefix, judged.origin};
    const Explanation explanation = state.validity->explain(route);
    const Remedy remedy = remedy_of(explanation);
    InvalidRow row{.prefix = route.prefix.text(),
                   .asn = route.origin ? asn_text(*route.origin) : std::string(),
                   .reason = std::string(explanation.reason()),
                   .remedy = remedy.kind};
    if (remedy.needed)
        row.needed = VrpRow{.asn = asn_text(remedy.needed->as),
                            .prefix = remedy.needed->prefix().text(),
                            .max_length = remedy.needed->max_length};
    for (const auto* list : {&explanation.unmatched_as, &explanation.unmatched_length})
        for (const Vrp& vrp : *list)
            row.covering.push_back(row_of(state, vrp));
    if (const Members::Member* holder = state.members->holder_of(route.prefix)) {
        row.member = holder->id;
        row.name = holder->name;
    }
    return row;
}

bool concerns(const Members& members, const JudgedRoute& route, const std::string& member) {
    bool found = false;
    members.for_each_concerned(route.prefix, route.origin, [&](const Members::Member& one) {
        found = found || member == "any" || one.id == member;
    });
    return found;
}

Result<Page<InvalidRow>> invalids(const State& state, const InvalidsQuery& query) {
    std::optional<Asn> as;
    if (!query.asn.empty()) as = TRY(parse_asn(query.asn));
    return platform::page_where(
        state.routes->invalid, query,
        [&](const JudgedRoute& route) {
            return (!as || route.origin == *as) && (!query.prefix || query.prefix->contains(route.prefix)) &&
                   (query.member.empty() || concerns(*state.members, route, query.member));
        },
        [&](const JudgedRoute& route) { return invalid_row(state, route); });
}

Result<std::vector<Vrp>> vrps_of(const std::vector<RoaPayload>& payloads, std::string_view name) {
    std::vector<Vrp> out;
    for (const RoaPayload& one : payloads) {
        const int length = one.prefix.length();
        const std::int64_t longest = one.max_length.value_or(length);
        // RFC 9582 §4.3.2
        if (longest < length || longest > (one.prefix.address().is_v6() ? 128 : 32))
            return fail(ErrorCode::invalid, "is from the prefix's length to its family's longest",
                        fmt::format("{}[{}].max_length", name, out.size()));
        out.push_back(vrp_of(one.prefix, TRY(parse_asn(one.asn)), static_cast<int>(longest)));
    }
    return out;
}

}  // namespace

void add_member_routes(platform::Api& api, const Rooms& rooms) {
    api.get<MembersQuery, Page<MemberRow>>({.path = "/api/v1/rpki/members",
                                            .summary = "Organisations with number resources: are their prefixes safe",
                                            .tag = kTag,
                                            .permission = Permission::see_public,
                                            .command = "quipu rpki members"},
                                           [rooms](const Call&, const MembersQuery& query) -> Result<Page<MemberRow>> {
                                               const auto state = rooms.state_if_any();
                                               if (!state) return Page<MemberRow>{};
                                               return members(*state, query);
                                           });
    api.get<MemberPath, MemberState>({.path = "/api/v1/rpki/members/{id}",
                                      .summary = "One organisation: its routes, VRPs, and until when they hold",
                                      .tag = kTag,
                                      .permission = Permission::see_public,
                                      .command = "quipu rpki members ID"},
                                     [rooms](const Call&, const MemberPath& query) -> Result<MemberState> {
                                         return member(*TRY(rooms.state()), query.id);
                                     });
    api.get<InvalidsQuery, Page<InvalidRow>>(
        {.path = "/api/v1/rpki/invalids",
         .summary = "Announced routes that are invalid, and what would make them valid",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu rpki invalids"},
        [rooms](const Call&, const InvalidsQuery& query) -> Result<Page<InvalidRow>> {
            const auto state = rooms.state_if_any();
            if (!state) return Page<InvalidRow>{};
            return invalids(*state, query);
        });
    api.post<RoaWhatIfQuery, RoaWhatIf>(
        {.path = "/api/v1/rpki/what-if",
         .summary = "Which announced routes would change state if these ROAs were made or withdrawn; changes nothing",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu rpki what-if AS PREFIX"},
        [rooms](const Call&, RoaWhatIfQuery query) -> Task<Result<RoaWhatIf>> {
            const auto state = CO_TRY(rooms.state());
            RoaChange change;
            change.add = CO_TRY(vrps_of(query.body.add, "add"));
            change.remove = CO_TRY(vrps_of(query.body.remove, "remove"));
            co_return co_await platform::off_loop(
                [&]() -> Result<RoaWhatIf> { return roa_what_if(*state->routes->routes, *state->validity, change); });
        });
}

}  // namespace quipu::rpki
