// What can be asked of the network as a whole: its timeline, what-if.

#include <algorithm>

#include "platform/off_loop.h"
#include "registry/api.h"
#include "registry/timeline.h"

namespace quipu::registry {
namespace {

using platform::Call;
using platform::Page;
using platform::Permission;

struct TimelineQuery : platform::PageQuery {
    std::optional<Kind> kind;
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&TimelineQuery::kind>("kind", "Only this collection")));
    }
};

struct WhatIfQuery {
    std::int64_t limit = 100;
    std::string cursor;
    std::string sites, links;
    std::int64_t order = 1;
    std::optional<Date> as_of;
    static constexpr auto describe() {
        using T = WhatIfQuery;
        return fields(field<&T::sites>("sites", "Sites that fail together, comma separated").at_most_long(4000),
                      field<&T::links>("links", "Links that fail together, comma separated").at_most_long(4000),
                      field<&T::order>("order", "1: every single failure; 2: every double one").between(1, 2),
                      field<&T::as_of>("as_of", "The network of this day; today's if left out"),
                      field<&T::limit>("limit", "Items a page").between(1, 10000),
                      field<&T::cursor>("cursor", "`next` of the page before"));
    }
};
/// A page of failures, or the one failure that was asked for with its paths.
struct WhatIfAnswer : Failure {
    std::vector<Failure> items;
    std::optional<std::string> next;
    static constexpr auto describe() {
        using T = WhatIfAnswer;
        return fields(
            field<&T::items>("items", "Every failure, the most harmful first; when none was named"),
            field<&T::next>("next", "Cursor of the next page"),
            field<&T::failed>("failed", "What failed; this and the following when a failure was named"),
            field<&T::cut_off>("cut_off", "Sites that are left without the rest of the network"),
            field<&T::organisations_cut_off>("organisations_cut_off", "Organisations that are left without it"),
            field<&T::pairs_cut>("pairs_cut", "Pairs of standing sites without a path"),
            field<&T::pairs_rerouted>("pairs_rerouted", "Pairs whose shortest path is longer"),
            field<&T::worst_stretch>("worst_stretch", "The largest ratio of a path's length now and before"),
            field<&T::paths>("paths", "The paths that changed"));
    }
};

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> out;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (comma > 0) out.emplace_back(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return out;
}

Result<std::shared_ptr<const Failures>> all_failures(Desk& desk, std::shared_ptr<const Picture> picture,
                                                     std::int64_t order) {
    auto known = desk.failures.load();
    if (known != nullptr && known->picture == picture && known->order == order) return known;
    const auto what_if = TRY(WhatIf::create(picture));
    auto made = std::make_shared<Failures>(std::move(picture), order,
                                           TRY(order == 1 ? what_if->singles() : what_if->doubles()));
    desk.failures = made;
    return made;
}

Result<platform::SharedJson> what_if(Desk& desk, const WhatIfQuery& query) {
    const auto picture = query.as_of ? TRY(desk.registry.as_of(*query.as_of)) : desk.registry.now();
    if (!query.sites.empty() || !query.links.empty()) {
        const Failure failure = TRY(TRY(WhatIf::create(picture))->failure(split(query.sites), split(query.links)));
        return platform::SharedJson{std::make_shared<const std::string>(json_text(failure)), {}};
    }
    std::size_t first = TRY(platform::read_position(query.cursor));
    const auto failures = TRY(all_failures(desk, picture, query.order));
    first = std::min(first, failures->list.size());
    const std::size_t last = std::min(first + static_cast<std::size_t>(query.limit), failures->list.size());
    std::string text;
    JsonWriter out(text);
    out.begin_object();
    out.key("items");
    out.begin_array();
    for (std::size_t i = first; i < last; ++i)
        write_json(out, failures->list[i]);
    out.end_array();
    out.key("next");
    if (last < failures->list.size())
        out.string(platform::make_cursor(std::to_string(last)));
    else
        out.null();
    out.end_object();
    return platform::SharedJson{std::make_shared<const std::string>(std::move(text)), {}};
}

Task<Result<platform::SharedJson>> what_if_off_loop(Desk& desk, WhatIfQuery query) {
    co_return co_await platform::off_loop([&] { return what_if(desk, query); });
}

Task<Result<Page<TimelineEntry>>> timeline(const Registry& registry, TimelineQuery query) {
    auto entries = CO_TRY(co_await platform::off_loop(
        [&]() -> Result<std::vector<TimelineEntry>> { return timeline_of(*registry.everything()); }));
    if (query.kind) std::erase_if(entries, [&](const TimelineEntry& entry) { return entry.kind != *query.kind; });
    co_return platform::page_of(std::move(entries), query);
}

}  // namespace

void add_question_routes(platform::Api& api, Desk& desk) {
    api.get<TimelineQuery, Page<TimelineEntry>>(
        {.path = "/api/v1/registry/timeline",
         .summary = "Every date on which the network changed or is to change",
         .tag = "registry",
         .permission = Permission::see_public},
        [&desk](const Call&, TimelineQuery query) { return timeline(desk.registry, std::move(query)); });
    api.get<WhatIfQuery, WhatIfAnswer>(
        {.path = "/api/v1/registry/what-if",
         .summary = "What failures of links and sites would do",
         .tag = "registry",
         .permission = Permission::see_public,
         .command = "quipu registry what-if"},
        [&desk](const Call&, WhatIfQuery query) { return what_if_off_loop(desk, std::move(query)); });
}

}  // namespace quipu::registry
