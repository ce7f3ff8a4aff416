#pragma once
// Prints any object or list given as a Value: as a table for people, as JSON, or as CSV (RFC 4180). JSON and CSV carry
// the values as they are; tables show quantities with their unit: a name's ending says it (_us, _bps, _m, loss…).

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"

namespace quipu::app {

enum class OutputFormat : unsigned char { table, json, csv };

struct TableOptions {
    std::vector<std::string> columns = {};  ///< only these, in this order; all that occur when empty
    bool colour = false;
};

/// A list of objects, one a row. Nested objects become columns with a dot in their name.
[[nodiscard]] std::string format_list(const Value& items, OutputFormat format, const TableOptions& options = {});
/// One object: a table of names and values; as JSON itself; as CSV a list of one.
[[nodiscard]] std::string format_object(const Value& object, OutputFormat format, const TableOptions& options = {});

/// Writes to standard output, all or an error: a full disk and a closed pipe are told.
[[nodiscard]] Result<void> print(std::string_view text);

/// A field's text for people: "12.3 ms", "622.08 Mb/s", "yes".
[[nodiscard]] std::string shown_value(std::string_view name, const Value& value);

}  // namespace quipu::app
