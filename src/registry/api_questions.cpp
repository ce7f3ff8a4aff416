// What can be asked of the network as a whole: its timeline, a search, what-if.

#include "platform/off_loop.h"
#include "registry/api.h"
#include "registry/timeline.h"

namespace quipu::registry {
namespace {

using platform::Call;
using platform::Page;
using platform::Permission;

struct TimelineQuery {
    std::optional<Kind> kind;
    static constexpr auto describe() { return fields(field<&TimelineQuery::kind>("kind", "Only this collection")); }
};

struct SearchQuery {
    std::string q;
    std::int64_t limit = 20;
    static constexpr auto describe() {
        using T = SearchQuery;
        return fields(field<&T::q>("q", "Words, an id, a number, an address").required().at_most_long(200),
                      field<&T::limit>("limit", "At most so many").between(1, 1000));
    }
};

Task<Result<Page<TimelineEntry>>> timeline(const Registry& registry, TimelineQuery query) {
    Page<TimelineEntry> page;
    page.items = CO_TRY(co_await platform::off_loop(
        [&]() -> Result<std::vector<TimelineEntry>> { return timeline_of(*registry.everything()); }));
    if (query.kind) std::erase_if(page.items, [&](const TimelineEntry& entry) { return entry.kind != *query.kind; });
    co_return page;
}

Task<Result<Page<Hit>>> search(Desk& desk, SearchQuery query) {
    co_return co_await platform::off_loop([&]() -> Result<Page<Hit>> {
        const auto picture = desk.registry.everything();
        auto index = desk.index.load();
        if (index == nullptr || index->picture() != picture) {
            index = std::make_shared<const SearchIndex>(picture);
            desk.index = index;
        }
        Page<Hit> page;
        page.items = index->find(query.q, static_cast<std::size_t>(query.limit));
        return page;
    });
}

}  // namespace

void add_question_routes(platform::Api& api, Desk& desk) {
    api.get<TimelineQuery, Page<TimelineEntry>>(
        {.path = "/api/v1/registry/timeline",
         .summary = "Every date on which the network changed or is to change",
         .tag = "registry",
         .permission = Permission::see_public},
        [&desk](const Call&, TimelineQuery query) { return timeline(desk.registry, query); });
    api.get<SearchQuery, Page<Hit>>({.path = "/api/v1/registry/search",
                                     .summary = "Find objects of all kinds, best first",
                                     .tag = "registry",
                                     .permission = Permission::see_public,
                                     .command = "quipu registry search TEXT"},
                                    [&desk](const Call&, SearchQuery query) { return search(desk, std::move(query)); });
}

}  // namespace quipu::registry
