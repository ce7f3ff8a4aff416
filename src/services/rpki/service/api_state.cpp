// How the validation stands: trust anchors, publication points, what was refused, repositories, VRPs.

#include <algorithm>

#include "services/rpki/service/api.h"

namespace quipu::rpki {
namespace {

using platform::Call;
using platform::Page;
using platform::PageQuery;
using platform::Permission;

struct AnchorsQuery : PageQuery {
    static constexpr auto describe() { return PageQuery::describe(); }
};
struct PointsQuery : PageQuery {
    std::string anchor;
    std::optional<PointState> state;
    std::string q;
    static constexpr auto describe() {
        using T = PointsQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::anchor>("anchor", "Only below this trust anchor"),
                   field<&T::state>("state", "Only valid, stored or failed ones"),
                   field<&T::q>("q", "Only those with this in the manifest's address").at_most_long(400)));
    }
};
struct RefusedQuery : PageQuery {
    std::string anchor, reason, q;
    static constexpr auto describe() {
        using T = RefusedQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&T::anchor>("anchor", "Only below this trust anchor"),
                                     field<&T::reason>("reason", "Only for this reason: \"roa-max-length\""),
                                     field<&T::q>("q", "Only those with this in their address").at_most_long(400)));
    }
};
struct VrpsQuery : PageQuery {
    std::string asn;
    std::optional<net::Prefix> prefix;
    bool covering = false;
    static constexpr auto describe() {
        using T = VrpsQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&T::asn>("asn", "Only of this origin, \"AS64496\" or the number"),
                                     field<&T::prefix>("prefix", "Only of this prefix and inside it"),
                                     field<&T::covering>("covering", "Of the prefix and around it instead")));
    }
};

bool has(const std::string& text, const std::string& part) {
    return part.empty() || text.find(part) != std::string::npos;
}

RpkiStatus status_of(const Rooms& rooms) {
    RpkiStatus out;
    if (rooms.rounds == nullptr) return out;
    const Rounds::Progress progress = rooms.rounds->progress();
    out.enabled = true;
    out.validating = progress.validating;
    out.source = rooms.rounds->offline() ? "offline" : "network";
    out.next = progress.next;
    out.error = progress.error;
    out.slurm = rooms.rounds->slurm();
    const auto state = rooms.rounds->state();
    if (!state) return out;
    const Totals& totals = state->tree->totals;
    const auto number = [](std::size_t size) { return static_cast<std::int64_t>(size); };
    out.validated = state->validated;
    out.seconds = state->seconds;
    out.points = number(totals.points);
    out.points_valid = number(totals.points_valid);
    out.points_stored = number(totals.points_stored);
    out.points_examined = number(state->points_examined);
    out.accepted = number(totals.accepted);
    out.refused = number(totals.refused);
    out.vrps = number(totals.vrps);
    out.aspas = number(totals.aspas);
    out.router_keys = number(totals.router_keys);
    out.served_vrps = number(state->served->vrps.size());
    out.vrps_filtered = number(state->slurm.vrps_filtered);
    out.vrps_added = number(state->slurm.vrps_added);
    out.routes = number(state->routes->routes->size());
    out.routes_valid = state->routes->valid;
    out.routes_invalid = number(state->routes->invalid.size());
    if (state->held) out.held = state->held->id;
    return out;
}

Result<Page<VrpRow>> vrps(const Rooms& rooms, const VrpsQuery& query) {
    const auto state = rooms.state_if_any();
    if (!state) return Page<VrpRow>{};
    std::optional<Asn> as;
    if (!query.asn.empty()) as = TRY(parse_asn(query.asn));
    std::vector<Vrp> found;
    if (query.prefix)
        found = query.covering ? state->validity->covering(*query.prefix) : state->validity->below(*query.prefix);
    const std::vector<Vrp>& all = query.prefix ? found : state->served->vrps;
    return platform::page_where(
        all, query, [&](const Vrp& vrp) { return !as || vrp.as == *as; },
        [&](const Vrp& vrp) { return row_of(*state, vrp); });
}

}  // namespace

Result<std::shared_ptr<const State>> Rooms::state() const {
    if (rounds == nullptr)
        return fail(ErrorCode::unavailable, "no trust anchors are validated here", "rpki.tals",
                    "set tals in [rpki] to a folder of trust anchor locators");
    if (auto now = rounds->state()) return now;
    const auto progress = rounds->progress();
    return fail(ErrorCode::unavailable,
                progress.error.empty() ? std::string("the first validation has not ended yet") : progress.error, "rpki",
                "see /api/v1/rpki/status");
}

void add_state_routes(platform::Api& api, const Rooms& rooms) {
    api.get<platform::NoInput, RpkiStatus>(
        {.path = "/api/v1/rpki/status",
         .summary = "How the validation of the RPKI stands",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu rpki status"},
        [rooms](const Call&, platform::NoInput) -> Result<RpkiStatus> { return status_of(rooms); });
    api.get<AnchorsQuery, Page<AnchorRow>>({.path = "/api/v1/rpki/anchors",
                                            .summary = "Trust anchors, and what stands below each",
                                            .tag = kTag,
                                            .permission = Permission::see_public,
                                            .command = "quipu rpki anchors"},
                                           [rooms](const Call&, const AnchorsQuery& query) -> Result<Page<AnchorRow>> {
                                               const auto state = rooms.state_if_any();
                                               if (!state) return Page<AnchorRow>{};
                                               return platform::page_where(state->tree->anchors, query,
                                                                           [](const AnchorRow&) { return true; });
                                           });
    api.get<PointsQuery, Page<PointRow>>(
        {.path = "/api/v1/rpki/points",
         .summary = "Publication points: valid, on their last valid version, or failed",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu rpki points"},
        [rooms](const Call&, const PointsQuery& query) -> Result<Page<PointRow>> {
            const auto state = rooms.state_if_any();
            if (!state) return Page<PointRow>{};
            return platform::page_where(state->tree->points, query, [&](const PointRow& row) {
                return (query.anchor.empty() || row.anchor == query.anchor) &&
                       (!query.state || row.state == *query.state) && has(row.manifest, query.q);
            });
        });
    api.get<RefusedQuery, Page<RefusedRow>>(
        {.path = "/api/v1/rpki/refused",
         .summary = "Objects that were refused, each with the rule that it breaks",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu rpki refused"},
        [rooms](const Call&, const RefusedQuery& query) -> Result<Page<RefusedRow>> {
            const auto state = rooms.state_if_any();
            if (!state) return Page<RefusedRow>{};
            return platform::page_where(state->tree->refused, query, [&](const RefusedRow& row) {
                return (query.anchor.empty() || row.anchor == query.anchor) &&
                       (query.reason.empty() || row.reason == query.reason) && has(row.object, query.q);
            });
        });
    api.get<AnchorsQuery, Page<RepositoryStatus>>(
        {.path = "/api/v1/rpki/repositories",
         .summary = "Repositories that are fetched from: state, last success, serial, error",
         .tag = kTag,
         .permission = Permission::see_public,
         .command = "quipu rpki repositories"},
        [rooms](const Call&, const AnchorsQuery& query) -> Result<Page<RepositoryStatus>> {
            if (rooms.rounds == nullptr) return Page<RepositoryStatus>{};
            return platform::page_of(rooms.rounds->repositories(), query);
        });
    api.get<VrpsQuery, Page<VrpRow>>({.path = "/api/v1/rpki/vrps",
                                      .summary = "Validated ROA payloads as routers get them",
                                      .tag = kTag,
                                      .permission = Permission::see_public,
                                      .command = "quipu rpki vrps"},
                                     [rooms](const Call&, const VrpsQuery& query) { return vrps(rooms, query); });
}

}  // namespace quipu::rpki
