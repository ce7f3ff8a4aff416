// TOML by toml++, behind this wall: it becomes Values that know their line, in the order of the text.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <sstream>
#include <tuple>

// toml++ 3.3 trusts its input in three places, and input must never end the program:
// - it asserts on some malformed headers ("[=") instead of reporting them: here an assertion is an exception;
namespace {
struct ParserAsserted {};
}  // namespace
#define TOML_EXCEPTIONS 1
#define TOML_ASSERT(expr) ((expr) ? void() : throw ParserAsserted())
#undef NDEBUG  // with it toml++ drops its assertions and reads on
// - its character classes hold unreachable paths that "ñ" reaches after a line-ending backslash: here they answer no;
// - it bounds nested values but not dotted keys: see DottedKeys.
#define TOML_MAX_NESTED_VALUES 64
#include <toml++/impl/forward_declarations.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/unicode.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE __builtin_unreachable()
#include <toml++/toml.h>

#include "base/value.h"

namespace quipu {
namespace {

constexpr std::size_t kMaxKeyParts = 64;

/// toml++ bounds nested arrays and inline tables but not dotted keys, and walks its tables recursively: "a.a.a.a…"
/// could use up the stack. Finds the line of a key with more than kMaxKeyParts parts, or 0.
class DottedKeys {
  public:
    static std::uint32_t too_deep(std::string_view text) {
        std::uint32_t line = 1;
        std::size_t dots = 0;
        for (std::size_t i = 0; i < text.size();) {
            const char c = text[i];
            if (c == '#') {
                i = std::min(text.find('\n', i), text.size());
                continue;
            }
            if (c == '"' || c == '\'') {
                const std::size_t end = after_string(text, i);
                line += static_cast<std::uint32_t>(std::ranges::count(text.substr(i, end - i), '\n'));
                i = end;
                continue;
            }
            if (c == '.' && ++dots >= kMaxKeyParts) return line;
            if (c == '\n' || c == '=' || c == ',' || c == '{') dots = 0;
            if (c == '\n') ++line;
            ++i;
        }
        return 0;
    }

  private:
    static std::size_t after_string(std::string_view text, std::size_t at) {
        const char quote = text[at];
        const bool multi_line = text.substr(at).starts_with(std::string(3, quote));
        const std::string_view closing = text.substr(at, multi_line ? 3 : 1);
        for (std::size_t i = at + closing.size(); i < text.size(); ++i) {
            if (quote == '"' && text[i] == '\\')
                ++i;
            else if (text.substr(i).starts_with(closing)) {
                i += closing.size();
                // Up to two quotes may stand before the closing three.
                for (int extra = 0; multi_line && extra < 2 && i < text.size() && text[i] == quote; ++extra)
                    ++i;
                return i;
            } else if (text[i] == '\n' && !multi_line)
                return i;  // malformed: the parser says so
        }
        return text.size();
    }
};

template <class T>
std::string printed(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

Value convert(const toml::node& node);

Value convert_table(const toml::table& table) {
    struct Entry {
        toml::source_position at;
        const toml::key* key;
        const toml::node* node;
    };
    std::vector<Entry> entries;
    entries.reserve(table.size());
    for (auto&& [key, node] : table)
        entries.push_back({key.source().begin, &key, &node});
    // toml++ keeps its keys sorted; the text's order is what a person wrote.
    std::ranges::sort(entries, {}, [](const Entry& e) { return std::tuple(e.at.line, e.at.column, e.key->str()); });
    Value::Object out;
    out.reserve(entries.size());
    for (const Entry& entry : entries)
        out.emplace_back(std::string(entry.key->str()), convert(*entry.node));
    return out;
}

Value convert_array(const toml::array& array) {
    Value::Array out;
    out.reserve(array.size());
    for (const toml::node& element : array)
        out.push_back(convert(element));
    return out;
}

Value convert(const toml::node& node) {
    Value out;
    if (const auto* table = node.as_table())
        out = convert_table(*table);
    else if (const auto* array = node.as_array())
        out = convert_array(*array);
    else if (const auto* text = node.as_string())
        out = Value(text->get());
    else if (const auto* whole = node.as_integer())
        out = Value(whole->get());
    else if (const auto* real = node.as_floating_point())
        out = Value(real->get());
    else if (const auto* truth = node.as_boolean())
        out = Value(truth->get());
    else if (const auto* date = node.as_date())
        out = Value(printed(date->get()));
    else if (const auto* time = node.as_time())
        out = Value(printed(time->get()));
    else if (const auto* instant = node.as_date_time())
        out = Value(printed(instant->get()));
    out.set_line(node.source().begin.line);
    return out;
}

/// The first line at which the parser asserts: it reads in order, so that every longer beginning of the text asserts
/// too.
std::uint32_t line_of_assertion(std::string_view text) {
    std::vector<std::size_t> ends;
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
        ends.push_back(at + 1);
    const auto asserts = [&](std::size_t end) {
        try {
            static_cast<void>(toml::parse(text.substr(0, end)));
        } catch (const toml::parse_error&) {
            return false;
        } catch (const ParserAsserted&) {
            return true;
        }
        return false;
    };
    const auto first = std::ranges::partition_point(ends, [&](std::size_t end) { return !asserts(end); });
    return static_cast<std::uint32_t>(first - ends.begin()) + 1;
}

// ---- writing
// ---------------------------------------------------------------------------------------------------------

bool is_table(const Value& value) {
    return value.if_object() != nullptr;
}

bool is_list_of_tables(const Value& value) {
    const auto* array = value.if_array();
    return array != nullptr && !array->empty() && std::ranges::all_of(*array, is_table);
}

class Writer {
  public:
    std::string take() { return std::move(out_); }

    /// Own keys first, then the tables: TOML has no way back from a table to its parent.
    void table(const Value::Object& object, const std::string& path) {
        for (const auto& [key, value] : object) {
            if (value.is_null() || is_table(value) || is_list_of_tables(value)) continue;
            append_key(out_, key);
            out_ += " = ";
            inline_value(value);
            out_ += '\n';
        }
        for (const auto& [key, value] : object) {
            std::string inner = path;
            if (!inner.empty()) inner += '.';
            append_key(inner, key);
            if (const auto* nested = value.if_object()) {
                header("[" + inner + "]");
                table(*nested, inner);
            } else if (is_list_of_tables(value)) {
                for (const Value& element : *value.if_array()) {
                    header("[[" + inner + "]]");
                    table(*element.if_object(), inner);
                }
            }
        }
    }

  private:
    void header(std::string_view text) {
        if (!out_.empty()) out_ += '\n';
        out_ += text;
        out_ += '\n';
    }

    void inline_value(const Value& value) {
        if (const auto* text = value.if_string()) {
            append_string(out_, *text);
        } else if (const auto* whole = value.if_integer()) {
            out_ += fmt::to_string(*whole);
        } else if (const auto* real = value.if_double()) {
            floating_point(*real);
        } else if (const auto* truth = value.if_bool()) {
            out_ += *truth ? "true" : "false";
        } else if (const auto* array = value.if_array()) {
            out_ += '[';
            bool first = true;
            for (const Value& element : *array) {
                if (element.is_null()) continue;  // TOML has no null
                if (!first) out_ += ", ";
                first = false;
                inline_value(element);
            }
            out_ += ']';
        } else if (const auto* object = value.if_object()) {
            out_ += '{';
            bool first = true;
            for (const auto& [key, member] : *object) {
                if (member.is_null()) continue;
                out_ += first ? " " : ", ";
                first = false;
                append_key(out_, key);
                out_ += " = ";
                inline_value(member);
            }
            out_ += first ? "}" : " }";
        }
    }

    void floating_point(double value) {
        if (std::isnan(value)) {
            out_ += "nan";
        } else if (std::isinf(value)) {
            out_ += value > 0 ? "inf" : "-inf";
        } else {
            std::array<char, 32> digits;
            const std::string_view text(digits.data(),
                                        std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
            out_ += text;
            if (text.find_first_of(".e") == std::string_view::npos) out_ += ".0";
        }
    }

    static void append_key(std::string& out, std::string_view key) {
        const bool bare = !key.empty() && key.find_first_not_of(
                                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "0123456789_-") == std::string_view::npos;
        if (bare)
            out += key;
        else
            append_string(out, key);
    }

    static void append_string(std::string& out, std::string_view text) {
        // JSON's escapes are a subset of TOML's basic strings.
        JsonWriter(out).string(text);
    }

    std::string out_;
};

}  // namespace

Result<Value> parse_toml(std::string_view text, std::string_view name) {
    const auto at_line = [&](std::uint32_t line) { return fmt::format("{}:{}", name, line); };
    if (const std::uint32_t line = DottedKeys::too_deep(text); line != 0)
        return fail(ErrorCode::invalid, fmt::format("a key has more than {} parts", kMaxKeyParts), at_line(line));
    try {
        return convert(toml::parse(text));
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::invalid, std::string(error.description()), at_line(error.source().begin.line));
    } catch (const ParserAsserted&) {
        return fail(ErrorCode::invalid, "this is not TOML", at_line(line_of_assertion(text)));
    }
}

std::string to_toml(const Value& value) {
    Writer writer;
    if (const auto* object = value.if_object()) writer.table(*object, {});
    return writer.take();
}

}  // namespace quipu
