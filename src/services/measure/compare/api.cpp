#include "services/measure/compare/api.h"

#include "base/number.h"
#include "platform/off_loop.h"

namespace quipu::compare {
namespace {

using platform::Call;
using platform::Page;
using platform::PageQuery;
using platform::Permission;
using platform::Reply;

/// Who asked is shown to those who operate.
ShownComparison shown(const Comparison& one, const platform::Caller& caller) {
    return {.id = one.id,
            .from = one.from,
            .host = one.host,
            .to = one.to,
            .target = one.task.target,
            .asked = one.asked,
            .by = caller.may(Permission::operate) ? one.by : std::string(),
            .state = one.state,
            .ended = one.ended,
            .reason = one.reason,
            .outcome = one.outcome};
}

struct ComparisonsQuery : PageQuery {
    std::string from, to;
    ComparisonsQuery() { limit = 50; }
    static constexpr auto describe() {
        using T = ComparisonsQuery;
        return std::tuple_cat(PageQuery::describe(), fields(field<&T::from>("from", "Only by this point"),
                                                            field<&T::to>("to", "Only to this site")));
    }
};
struct ComparisonQuery {
    std::int64_t id = 0;
    static constexpr auto describe() { return fields(field<&ComparisonQuery::id>("id", "Its number").required()); }
};
struct WishQuery {
    Wish body;
    static constexpr auto describe() { return fields(field<&WishQuery::body>("body", "What to compare").required()); }
};
struct PointsQuery : PageQuery {
    static constexpr auto describe() { return PageQuery::describe(); }
};

constexpr std::size_t kMostShown = 500;

Result<Page<ShownComparison>> list_comparisons(const Rooms& rooms, const ComparisonsQuery& query,
                                               const platform::Caller& caller) {
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (!query.cursor.empty()) {
        const auto number = parse_number<std::int64_t>(TRY(platform::read_cursor(query.cursor)));
        if (!number) return fail(ErrorCode::invalid, "is not a cursor of this list", "cursor");
        before = *number;
    }
    const auto limit = std::min(static_cast<std::size_t>(query.limit), kMostShown);
    auto found = TRY(rooms.store.list(query.from, query.to, before, limit + 1));
    Page<ShownComparison> page;
    if (found.size() > limit) {
        found.resize(limit);
        page.next = platform::make_cursor(std::to_string(found.back().id));
    }
    for (const Comparison& one : found)
        page.items.push_back(shown(one, caller));
    return page;
}

}  // namespace

void add_routes(platform::Api& api, const Rooms& rooms) {
    api.post<WishQuery, ShownComparison>(
        {.path = "/api/v1/measure/comparisons",
         .summary = "Compares the research network's way to a host with another provider's",
         .tag = "measure",
         .permission = Permission::operate,
         .command = "quipu compare HOST --from SITE"},
        [rooms](const Call& call, WishQuery query) -> Task<Result<Reply<ShownComparison>>> {
            const Comparison begun =
                CO_TRY(co_await platform::off_loop([&] { return rooms.begin(query.body, call.caller); }));
            co_return Reply<ShownComparison>(shown(begun, call.caller), 201, {},
                                             "/api/v1/measure/comparisons/" + std::to_string(begun.id));
        });
    api.get<ComparisonsQuery, Page<ShownComparison>>(
        {.path = "/api/v1/measure/comparisons",
         .summary = "Comparisons of two ways, the latest first",
         .tag = "measure",
         .permission = Permission::see_public,
         .command = "quipu measure comparisons"},
        [rooms](const Call& call, ComparisonsQuery query) -> Task<Result<Page<ShownComparison>>> {
            co_return co_await platform::off_loop([&] { return list_comparisons(rooms, query, call.caller); });
        });
    api.get<ComparisonQuery, ShownComparison>(
        {.path = "/api/v1/measure/comparisons/{id}",
         .summary = "One comparison: the verdict, the difference in each direction, both ways hop by hop",
         .tag = "measure",
         .permission = Permission::see_public},
        [rooms](const Call& call, ComparisonQuery query) -> Task<Result<ShownComparison>> {
            const auto found = CO_TRY(co_await platform::off_loop([&] { return rooms.store.find(query.id); }));
            if (!found)
                co_return fail(ErrorCode::not_found, "there is no comparison of that number", std::to_string(query.id));
            co_return shown(*found, call.caller);
        });
    api.get<PointsQuery, Page<ComparingPoint>>(
        {.path = "/api/v1/measure/comparison-points",
         .summary = "Points that have an address of two networks and can compare them",
         .tag = "measure",
         .permission = Permission::see_public},
        [rooms](const Call&, const PointsQuery& query) { return platform::page_of(rooms.points(), query); });
}

}  // namespace quipu::compare
