#pragma once
// Pages of lists: cut at a position, or at a time.

#include <string>

#include "base/number.h"
#include "base/time.h"
#include "platform/api_typed.h"

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

}  // namespace quipu::measure
