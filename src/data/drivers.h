#pragma once
// The two drivers behind Database::open, for database.cpp alone.

#include <memory>
#include <string>

#include "base/result.h"
#include "data/database.h"

namespace quipu::data {

[[nodiscard]] Result<std::unique_ptr<Database>> open_sqlite(const std::string& path);
[[nodiscard]] Result<std::unique_ptr<Database>> open_postgresql(const std::string& url);

/// `?` becomes $1, $2… and BLOB becomes BYTEA, outside quotes and comments.
[[nodiscard]] std::string postgresql_sql(std::string_view sql);

}  // namespace quipu::data
