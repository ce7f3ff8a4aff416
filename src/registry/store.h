#pragma once
// The registry's tables: one row for each version of each object, numbered through, never changed.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/database.h"
#include "registry/registry.h"

namespace quipu::registry::store {

struct Row {
    std::int64_t seq = 0;
    Kind kind = Kind::sites;
    std::string id;
    std::int64_t version = 0;
    Date effective{};
    Time recorded{};
    std::string who, why;
    std::string action;
    std::optional<std::string> body;  ///< JSON; none for a removal
};

/// Takes the row that every writer takes first, so that writers of all processes queue; answers the last seq.
[[nodiscard]] Result<std::int64_t> lock_head(data::Transaction& transaction);
[[nodiscard]] Result<void> set_head(data::Transaction& transaction, std::int64_t seq);
[[nodiscard]] Result<std::int64_t> head(data::Transaction& transaction);
/// At most `limit` rows above `after`, in order.
[[nodiscard]] Result<std::vector<Row>> rows_after(data::Transaction& transaction, std::int64_t after,
                                                  std::int64_t limit);
[[nodiscard]] Result<void> insert(data::Transaction& transaction, std::span<const Row> rows);
/// All versions of one object, oldest first.
[[nodiscard]] Result<std::vector<Row>> rows_of(data::Transaction& transaction, Kind kind, std::string_view id);

}  // namespace quipu::registry::store
