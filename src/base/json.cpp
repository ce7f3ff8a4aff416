// Reads JSON with Boost.JSON's push parser. A JSON string cannot hold a raw line break, so feeding the text line by
// line tells each value its line at no cost.

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <optional>
#include <set>

#include "base/json_careless.h"
#include "base/value.h"

namespace quipu {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 64;

/// Builds a Value from the parser's events.
class Builder {
  public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    explicit Builder(bool careless) : careless_(careless) {}

    void set_line(std::uint32_t line) { line_ = line; }
    [[nodiscard]] Value take() { return std::move(root_); }
    /// The fault that the builder itself found, with its line.
    [[nodiscard]] const std::optional<std::pair<std::uint32_t, std::string>>& fault() const { return fault_; }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return open(Value(Value::Object{})); }
    bool on_object_end(std::size_t, json::error_code& ec) {
        Frame& frame = open_.back();
        if (careless_) {
            keep_first_of_each(*frame.value.if_object());
        } else if (!keys_are_unique(*frame.value.if_object())) {
            ec = json::error::syntax;
            return false;
        }
        return close();
    }
    bool on_array_begin(json::error_code&) { return open(Value(Value::Array{})); }
    bool on_array_end(std::size_t, json::error_code&) { return close(); }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return collect(part); }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        collect(part);
        open_.back().key = std::exchange(text_, {});
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return collect(part); }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        collect(part);
        return add(Value(std::exchange(text_, {})));
    }
    bool on_number_part(json::string_view part, json::error_code&) { return collect(part); }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
        text_.clear();
        return add(Value(value));
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
        text_.clear();
        return add(Value(static_cast<double>(value)));
    }
    bool on_double(double rough, json::string_view part, json::error_code& ec) {
        collect(part);
        // Boost.JSON 1.81 may be off by a few units in the last place; from_chars is exact.
        double value = 0;
        const std::string digits = std::exchange(text_, {});
        const auto error = std::from_chars(digits.data(), digits.data() + digits.size(), value).ec;
        if (error == std::errc{}) return add(Value(value));
        if (std::abs(rough) < 1) return add(Value(0.0));  // too small for a double
        fault_.emplace(line_, "a number is too large");
        ec = json::error::exponent_overflow;
        return false;
    }
    bool on_bool(bool value, json::error_code&) { return add(Value(value)); }
    bool on_null(json::error_code&) { return add(Value()); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

  private:
    struct Frame {
        Value value;
        std::string key;  // of the member that is being read
    };

    bool collect(json::string_view part) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool open(Value value) {
        value.set_line(line_);
        open_.push_back({std::move(value), {}});
        return true;
    }
    bool close() {
        Value value = std::move(open_.back().value);
        open_.pop_back();
        return place(std::move(value));
    }
    bool add(Value value) {
        value.set_line(line_);
        return place(std::move(value));
    }
    bool place(Value value) {
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (auto* array = open_.back().value.if_array()) {
            array->push_back(std::move(value));
        } else {
            open_.back().value.if_object()->emplace_back(std::move(open_.back().key), std::move(value));
        }
        return true;
    }
    /// Checked once an object is whole, by sorting: an object of many keys must not cost their square.
    bool keys_are_unique(const Value::Object& object) {
        std::vector<const Value::Member*> members(object.size());
        std::ranges::transform(object, members.begin(), [](const auto& member) { return &member; });
        std::ranges::sort(members, [](auto* a, auto* b) { return a->first != b->first ? a->first < b->first : a < b; });
        const auto twice = std::ranges::adjacent_find(members, [](auto* a, auto* b) { return a->first == b->first; });
        if (twice == members.end()) return true;
        const Value::Member& second = **std::next(twice);
        fault_.emplace(second.second.line(), fmt::format("the key \"{}\" stands twice in one object", second.first));
        return false;
    }

    static void keep_first_of_each(Value::Object& object) {
        std::set<std::string> seen;
        std::erase_if(object, [&](const auto& member) { return !seen.insert(member.first).second; });
    }

    const bool careless_;
    Value root_;
    std::vector<Frame> open_;
    std::string text_;
    std::uint32_t line_ = 1;
    std::optional<std::pair<std::uint32_t, std::string>> fault_;
};

std::string describe(const json::error_code& error) {
    if (error == json::error::incomplete) return "the JSON text ends too early";
    if (error == json::error::extra_data) return "text follows after the end of the JSON value";
    if (error == json::error::too_deep) return fmt::format("nested deeper than {} levels", kMaxDepth);
    if (error == json::error::exponent_overflow) return "a number is too large";
    if (error == json::error::illegal_leading_surrogate || error == json::error::illegal_trailing_surrogate ||
        error == json::error::expected_utf16_escape)
        return "a \\u escape is half of a surrogate pair";
    if (error == json::error::expected_hex_digit) return "a \\u escape needs four hexadecimal digits";
    return "this is not JSON";
}

/// The line as far as a message can show it: printable and short.
std::string excerpt(std::string_view line) {
    constexpr std::size_t kShown = 40;
    std::string out;
    for (const char c : line.substr(std::min(line.find_first_not_of(" \t"), line.size()))) {
        if (c == '\n' || c == '\r') break;
        if (out.size() == kShown) return out + "…";
        out += c >= ' ' && c < 0x7f ? c : '?';
    }
    return out;
}

Result<Value> parse(std::string_view text, std::string_view name, bool careless) {
    json::parse_options options;
    options.max_depth = kMaxDepth;
    json::basic_parser<Builder> parser(options, careless);
    std::uint32_t line = 1;
    for (std::size_t at = 0;; ++line) {
        const std::size_t end = text.find('\n', at);
        const bool last = end == std::string_view::npos;
        const std::string_view chunk = text.substr(at, last ? std::string_view::npos : end + 1 - at);
        parser.handler().set_line(line);
        json::error_code error;
        const std::size_t used = parser.write_some(!last, chunk.data(), chunk.size(), error);
        // write_some stops at the end of the value; what is left on the line must not be there.
        if (!error && used < chunk.size()) error = json::error::extra_data;
        if (error) {
            if (const auto& fault = parser.handler().fault())
                return fail(ErrorCode::invalid, fault->second, fmt::format("{}:{}", name, fault->first));
            std::string what = describe(error);
            if (const std::string shown = excerpt(chunk); !shown.empty() && error != json::error::incomplete)
                what += fmt::format(", at \"{}\"", shown);
            return fail(ErrorCode::invalid, std::move(what), fmt::format("{}:{}", name, line));
        }
        if (last) return parser.handler().take();
        at = end + 1;
    }
}

}  // namespace

Result<Value> parse_json(std::string_view text, std::string_view name) {
    return parse(text, name, false);
}

Result<Value> parse_careless_json(std::string_view text, std::string_view name) {
    return parse(text, name, true);
}

}  // namespace quipu
