#include "desk/search/api.h"

#include <algorithm>
#include <fmt/format.h>

#include "desk/search/service.h"
#include "platform/off_loop.h"

namespace quipu::search {
namespace {

using namespace std::chrono_literals;
using platform::Call;
using platform::Page;
using platform::Permission;

/// How long a search waits for what has just been changed.
constexpr auto kPatience = 250ms;

struct SearchQuery : platform::PageQuery {
    std::string q;
    std::vector<std::string> kinds;
    std::string language;
    SearchQuery() { limit = 20; }
    static constexpr auto describe() {
        using T = SearchQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(
                field<&T::q>("q", "Words, each as a beginning; \"words side by side\"; -unwanted; an address, a number")
                    .required()
                    .at_most_long(200),
                field<&T::kinds>("kinds", "Only these collections; all but the journal if left out").at_most_long(20),
                field<&T::language>("language", "Preferred: es, pt, en; the caller's if left out").at_most_long(8)));
    }
};

Result<Page<Found>> search(const Rooms& rooms, const SearchQuery& query, const platform::Caller& caller) {
    for (const std::string& kind : query.kinds)
        if (std::ranges::find(kAllKinds, kind) == std::end(kAllKinds))
            return fail(ErrorCode::invalid, fmt::format("there is no kind \"{}\"", kind), "kinds",
                        "such as sites, links, articles, cases");
    rooms.follower.catch_up(kPatience);
    Request request{query.q, query.kinds, query.language.empty() ? caller.language : query.language, {}};
    for (Source* source : rooms.sources)
        std::ranges::move(source->named(query.q), std::back_inserter(request.named));
    Page<Found> page = TRY(platform::page_of(TRY(rooms.index.find(request, caller)), query));
    TRY(rooms.index.show(page.items, query.q));
    return page;
}

}  // namespace

void add_routes(platform::Api& api, const Rooms& rooms) {
    api.get<SearchQuery, Page<Found>>(
        {.path = "/api/v1/search",
         .summary = "Find anything that the caller may see, best first",
         .tag = "search",
         .permission = Permission::see_public,
         .command = "quipu search TEXT"},
        [rooms](const Call& call, SearchQuery query) -> Task<Result<Page<Found>>> {
            co_return co_await platform::off_loop([&] { return search(rooms, query, call.caller); });
        });
    api.post<platform::NoInput, platform::Nothing>(
        {.path = "/api/v1/search/rebuild",
         .summary = "Makes the search's index again from its sources",
         .tag = "search",
         .permission = Permission::administer,
         .command = "quipu search --rebuild"},
        [rooms](const Call&, platform::NoInput) -> Task<Result<platform::Nothing>> {
            CO_TRY(co_await platform::off_loop([&] { return rooms.follower.rebuild(); }));
            co_return platform::Nothing{};
        });
}

}  // namespace quipu::search
