#include "app/output.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <unordered_set>

#include "base/units.h"

namespace quipu::app {
namespace {

using Cells = std::vector<std::pair<std::string, Value>>;

/// An object's fields in one row: nested objects with dotted names.
void flatten(Cells& out, const std::string& prefix, const Value& value) {
    const auto* members = value.if_object();
    if (members == nullptr) {
        out.emplace_back(prefix.empty() ? "value" : prefix, value);
        return;
    }
    for (const auto& [key, member] : *members)
        flatten(out, prefix.empty() ? key : prefix + "." + key, member);
}

std::size_t width(std::string_view utf8) {
    return static_cast<std::size_t>(
        std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

bool is_number(const Value& value) {
    return value.if_integer() != nullptr || value.if_double() != nullptr;
}

double number_of(const Value& value) {
    if (const auto* whole = value.if_integer()) return static_cast<double>(*whole);
    if (const auto* real = value.if_double()) return *real;
    return 0;
}

std::string plain(const Value& value) {
    if (value.is_null()) return {};
    if (const auto* text = value.if_string()) return *text;
    if (const auto* list = value.if_array()) {
        std::string out;
        for (const Value& element : *list)
            out += (out.empty() ? "" : " ") + plain(element);
        return out;
    }
    return to_json(value);
}

enum class Tone : unsigned char { none, good, watch, bad };

Tone tone_of(std::string_view text) {
    constexpr std::array<std::string_view, 6> kGood = {"up", "good", "running", "ok", "created", "connected"};
    constexpr std::array<std::string_view, 7> kWatch = {"degraded", "slow",    "lossy",  "starting",
                                                        "draining", "changed", "unknown"};
    constexpr std::array<std::string_view, 5> kBad = {"down", "failed", "removed", "revoked", "stopped"};
    if (std::ranges::find(kGood, text) != kGood.end()) return Tone::good;
    if (std::ranges::find(kWatch, text) != kWatch.end()) return Tone::watch;
    if (std::ranges::find(kBad, text) != kBad.end()) return Tone::bad;
    return Tone::none;
}

std::string coloured(std::string text, std::string_view word) {
    switch (tone_of(word)) {
        case Tone::good: return "\x1b[32m" + text + "\x1b[0m";
        case Tone::watch: return "\x1b[33m" + text + "\x1b[0m";
        case Tone::bad: return "\x1b[31m" + text + "\x1b[0m";
        case Tone::none: return text;
    }
    return text;
}

/// Control characters of other people's text would move the terminal's cursor.
std::string one_line(std::string text) {
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return text;
}

/// Microseconds: "delay_min_us", "delay_us.forward". Where the unit stands in the name, or nowhere.
std::size_t microseconds_at(std::string_view name) {
    return name.ends_with("_us") ? name.size() - 3 : name.find("_us.");
}

std::string heading(std::string_view name) {
    std::string out(name);
    if (const std::size_t unit = microseconds_at(name); unit != std::string_view::npos) out.erase(unit, 3);
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    std::ranges::replace(out, '_', ' ');
    return out;
}

struct Column {
    std::string name;
    bool right = true;  ///< numbers only
    std::size_t wide = 0;
};

void append_padded(std::string& out, std::string_view text, const std::string& styled, const Column& column,
                   bool last) {
    const std::string space(column.wide - std::min(column.wide, width(text)), ' ');
    if (column.right)
        out += space + styled;
    else
        out += last ? styled : styled + space;
    out += last ? "\n" : "  ";
}

std::vector<Column> columns_of(const std::vector<Cells>& rows, const std::vector<std::string>& wanted) {
    std::vector<Column> columns;
    for (const std::string& name : wanted)
        columns.push_back({name});
    if (!wanted.empty()) return columns;
    std::unordered_set<std::string> seen;
    for (const Cells& row : rows)
        for (const auto& [name, unused] : row)
            if (seen.insert(name).second) columns.push_back({name});
    return columns;
}

const Value& cell(const Cells& row, std::string_view name) {
    static const Value kNothing;
    const auto found = std::ranges::find(row, name, &Cells::value_type::first);
    return found != row.end() ? found->second : kNothing;
}

std::vector<Cells> rows_of(const Value& items) {
    std::vector<Cells> rows;
    if (const auto* list = items.if_array()) {
        for (const Value& item : *list)
            flatten(rows.emplace_back(), {}, item);
    } else {
        flatten(rows.emplace_back(), {}, items);
    }
    return rows;
}

std::string table(const Value& items, const TableOptions& options) {
    const std::vector<Cells> rows = rows_of(items);
    if (rows.empty()) return "Nothing to show.\n";
    std::vector<Column> columns = columns_of(rows, options.columns);
    std::vector<std::vector<std::string>> texts(rows.size());
    for (Column& column : columns) {
        column.wide = width(heading(column.name));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const Value& value = cell(rows[i], column.name);
            column.right = column.right && (value.is_null() || is_number(value));
            texts[i].push_back(one_line(shown_value(column.name, value)));
            column.wide = std::max(column.wide, width(texts[i].back()));
        }
    }
    std::string out;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        const std::string name = heading(columns[c].name);
        append_padded(out, name, options.colour ? "\x1b[1m" + name + "\x1b[0m" : name, columns[c],
                      c + 1 == columns.size());
    }
    for (const auto& row : texts)
        for (std::size_t c = 0; c < columns.size(); ++c)
            append_padded(out, row[c], options.colour ? coloured(row[c], row[c]) : row[c], columns[c],
                          c + 1 == columns.size());
    return out;
}

/// RFC 4180: CRLF, quotes where they are needed, doubled inside.
std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

std::string csv(const Value& items, const TableOptions& options) {
    const std::vector<Cells> rows = rows_of(items);
    const std::vector<Column> columns = columns_of(rows, options.columns);
    std::string out;
    const auto line = [&](const auto& text_of) {
        for (std::size_t c = 0; c < columns.size(); ++c) {
            if (c > 0) out += ',';
            out += csv_field(text_of(columns[c].name));
        }
        out += "\r\n";
    };
    line([](const std::string& name) { return name; });
    for (const Cells& row : rows)
        line([&](const std::string& name) { return plain(cell(row, name)); });
    return out;
}

}  // namespace

std::string shown_value(std::string_view name, const Value& value) {
    if (const auto* truth = value.if_bool()) return *truth ? "yes" : "no";
    if (!is_number(value)) return plain(value);
    const double number = number_of(value);
    if (microseconds_at(name) != std::string_view::npos) return fmt::format("{:.3f} ms", number / 1000);
    if (name == "capacity" || name.ends_with("_bps")) return format_bandwidth({static_cast<std::int64_t>(number)});
    if (name == "length" || name.ends_with("_m")) return format_distance({number});
    if (name.ends_with("_km")) return fmt::format("{:.0f} km", number);
    if (name.ends_with("_octets")) return format_bytes({static_cast<std::int64_t>(number)});
    if (name == "loss" || name.ends_with(".loss")) return fmt::format("{:.2f} %", number * 100);
    return plain(value);
}

std::string format_list(const Value& items, OutputFormat format, const TableOptions& options) {
    switch (format) {
        case OutputFormat::json: return to_json(items, 2) + "\n";
        case OutputFormat::csv: return csv(items, options);
        case OutputFormat::table: return table(items, options);
    }
    return {};
}

std::string format_object(const Value& object, OutputFormat format, const TableOptions& options) {
    if (format != OutputFormat::table) return format_list(object, format, options);
    Cells cells;
    flatten(cells, {}, object);
    std::size_t wide = 0;
    for (const auto& [name, unused] : cells)
        wide = std::max(wide, width(heading(name)));
    std::string out;
    for (const auto& [name, value] : cells) {
        if (value.is_null()) continue;
        const std::string title = heading(name);
        const std::string text = one_line(shown_value(name, value));
        out += options.colour ? "\x1b[1m" + title + "\x1b[0m" : title;
        out += std::string(wide - width(title) + 2, ' ');
        out += (options.colour ? coloured(text, text) : text) + "\n";
    }
    return out;
}

Result<void> print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        return fail_errno(errno, "the output can't be written");
    return {};
}

}  // namespace quipu::app
