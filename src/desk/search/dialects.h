#pragma once
// The two indexes behind Index::open, and the one clause that they write differently.

#include <memory>

#include "desk/search/index.h"

namespace quipu::search {

[[nodiscard]] std::unique_ptr<Index> sqlite_index(data::Database& database);
[[nodiscard]] std::unique_ptr<Index> postgresql_index(data::Database& database);

/// "id IN (…)" for a parameter that is a list of numbers, comma separated: one prepared statement for any length.
[[nodiscard]] constexpr std::string_view ids_in(data::Dialect dialect) {
    return dialect == data::Dialect::sqlite ? "SELECT value FROM json_each('[' || ? || ']')"
                                            : "SELECT unnest(string_to_array(?, ',')::bigint[])";
}

/// Rows of words for a parameter that joins them by blanks; they are letters and digits alone.
[[nodiscard]] constexpr std::string_view words_of(data::Dialect dialect) {
    return dialect == data::Dialect::sqlite ? R"(SELECT value FROM json_each('["' || replace(?, ' ', '","') || '"]'))"
                                            : "SELECT unnest(string_to_array(?, ' '))";
}

}  // namespace quipu::search
