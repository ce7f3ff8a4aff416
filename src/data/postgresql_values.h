#pragma once
// Cells as libpq wants and gives them.

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/database.h"

struct pg_result;

namespace quipu::data {

/// Parameters in libpq's parallel arrays: numbers as text (the server knows the wanted type and reads it), octets as
/// they are. Points into the cells, which outlive it.
class PostgresqlParameters {
  public:
    [[nodiscard]] Result<void> set(std::span<const Cell> cells);
    [[nodiscard]] int size() const { return static_cast<int>(values_.size()); }
    [[nodiscard]] const char* const* values() const { return values_.data(); }
    [[nodiscard]] const int* lengths() const { return lengths_.data(); }
    [[nodiscard]] const int* formats() const { return formats_.data(); }

  private:
    std::vector<std::string> numbers_;
    std::vector<const char*> values_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
};

/// The rows of a result in binary format.
[[nodiscard]] Result<Rows> postgresql_rows(const pg_result* result);

/// Appends one row in COPY's text format.
[[nodiscard]] Result<void> append_copy_row(std::string& out, std::span<const Cell> cells);

/// "COPY t (a, b) FROM STDIN" for "INSERT INTO t (a, b) VALUES (?, ?)"; empty for any other statement.
[[nodiscard]] std::string copy_command(std::string_view sql);

}  // namespace quipu::data
