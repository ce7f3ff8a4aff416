#pragma once
// From cases to what a report shows. Values in, values out.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "desk/store.h"

namespace quipu::desk {

/// A row for each month and queue, all organisations together; by organisation one more for each (for `only` alone when
/// it is not empty). In the order of month, queue, organisation.
[[nodiscard]] std::vector<Statistic> statistics_of(std::span<const store::Figure> figures, bool by_organisation,
                                                   std::string_view only = {});
/// RFC 4180, with a line of names.
[[nodiscard]] std::string statistics_csv(std::span<const Statistic> statistics);

}  // namespace quipu::desk
