#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "registry/csv.h"

/// What is read and written again is read the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu::registry;
    const auto rows = parse_csv({reinterpret_cast<const char*>(data), size}, "input");
    if (!rows) return 0;
    std::string text;
    for (const CsvRow& row : *rows)
        append_csv(text, row.cells);
    const auto again = parse_csv(text, "again");
    // A row of one empty cell is an empty line, which is skipped.
    if (!rows->empty() && rows->front().cells.size() == 1) return 0;
    if (!again || again->size() != rows->size()) std::abort();
    for (std::size_t i = 0; i < rows->size(); ++i)
        if ((*again)[i].cells != (*rows)[i].cells) std::abort();
    return 0;
}
