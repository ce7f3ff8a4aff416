#pragma once
// What routes of lists have in common: pages cut at a position, or at a time; sites that are asked for.

#include <string>
#include <string_view>

#include "base/number.h"
#include "base/time.h"
#include "platform/api_typed.h"
#include "registry/registry.h"

namespace quipu::measure {

/// Leaves `limit` items and sets the cursor to the last one's position.
template <class T, class P>
void cut_page(platform::Page<T>& page, std::int64_t limit, P position) {
    if (page.items.size() <= static_cast<std::size_t>(limit)) return;
    page.items.resize(static_cast<std::size_t>(limit));
    page.next = platform::make_cursor(position(page.items.back()));
}

/// The next page begins at this time.
inline std::string cursor_at(Time time) {
    return platform::make_cursor(std::to_string(time.time_since_epoch().count()));
}
inline Result<Time> time_of_cursor(const std::string& cursor) {
    const auto at = parse_number<std::int64_t>(TRY(platform::read_cursor(cursor)));
    if (!at) return fail(ErrorCode::invalid, "is not a cursor of this list", "cursor");
    return Time(Nanoseconds(*at));
}

/// Not found unless the registry has or had such a site; `where` is the parameter that names it.
[[nodiscard]] inline Result<void> known_site(const registry::Registry& registry, const std::string& id,
                                             std::string_view where) {
    if (registry.everything()->find<registry::Site>(id) != nullptr) return {};
    return fail(ErrorCode::not_found, "there is no site " + id, std::string(where), "see /api/v1/sites");
}

}  // namespace quipu::measure
