#pragma once
// CSV as RFC 4180 defines it, read strictly: a quote in the wrong place or a row of another length is an error with its
// line, never a guess. Debian's CSV libraries (libcsv) are lenient and do not tell lines; hence this small one.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quipu::registry {

struct CsvRow {
    std::uint32_t line = 0;  ///< 1-based, of the row's first character
    std::vector<std::string> cells;
};

inline constexpr std::size_t kMaxCsvRows = 1'000'000;
inline constexpr std::size_t kMaxCsvColumns = 100;

/// All rows, the header among them. Rows end in CRLF or LF; a byte order mark is skipped; empty lines are skipped.
/// Every row has as many cells as the first. Error::where is "NAME:LINE".
[[nodiscard]] Result<std::vector<CsvRow>> parse_csv(std::string_view text, std::string_view name);
/// One row with its CRLF; cells are quoted where they must be.
void append_csv(std::string& out, const std::vector<std::string>& cells);

}  // namespace quipu::registry
