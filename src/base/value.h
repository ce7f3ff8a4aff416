#pragma once
// The neutral tree between text formats and described structs: JSON and TOML are parsed into Values that remember their
// line, and written from them. Heavy parser headers stay in json.cpp and toml.cpp.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace quipu {

class Value {
  public:
    using Array = std::vector<Value>;
    using Member = std::pair<std::string, Value>;
    using Object = std::vector<Member>;  ///< in the order of the text; keys are unique after parsing

    Value() = default;
    // Out of line: a tree's copy and end are long to compile, and stand in every handler.
    Value(const Value& other);
    Value(Value&& other) noexcept;
    Value& operator=(const Value& other);
    Value& operator=(Value&& other) noexcept;
    ~Value();
    Value(std::nullptr_t) {}
    Value(bool value) : data_(value) {}
    Value(double value) : data_(value) {}
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    Value(T value) : data_(static_cast<std::int64_t>(value)) {}
    Value(std::string value);
    Value(std::string_view value);
    Value(const char* value);
    Value(Array value);
    Value(Object value);

    [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
    [[nodiscard]] const bool* if_bool() const { return std::get_if<bool>(&data_); }
    [[nodiscard]] const std::int64_t* if_integer() const { return std::get_if<std::int64_t>(&data_); }
    [[nodiscard]] const double* if_double() const { return std::get_if<double>(&data_); }
    [[nodiscard]] const std::string* if_string() const { return std::get_if<std::string>(&data_); }
    [[nodiscard]] const Array* if_array() const { return std::get_if<Array>(&data_); }
    [[nodiscard]] const Object* if_object() const { return std::get_if<Object>(&data_); }
    [[nodiscard]] Array* if_array() { return std::get_if<Array>(&data_); }
    [[nodiscard]] Object* if_object() { return std::get_if<Object>(&data_); }

    /// The member of that name, or nullptr: not an object, or no such member.
    [[nodiscard]] const Value* find(std::string_view key) const;
    /// Adds or replaces a member; a null value becomes an object first.
    Value& set(std::string_view key, Value value);
    /// Appends to an array; a null value becomes an array first.
    Value& push(Value value);

    /// "string", "table"… for messages.
    [[nodiscard]] std::string_view type_name() const;
    /// 1-based line in the source text, 0 when made by code.
    [[nodiscard]] std::uint32_t line() const { return line_; }
    void set_line(std::uint32_t line) { line_ = line; }

    /// Equality of content; lines do not count.
    bool operator==(const Value& other) const { return data_ == other.data_; }

  private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
    std::uint32_t line_ = 0;
};

/// RFC 8259. At most 64 levels deep; duplicate keys and trailing text are errors. Error::where is "NAME:LINE".
[[nodiscard]] Result<Value> parse_json(std::string_view text, std::string_view name = "JSON");
/// TOML 1.0. Dates become strings in RFC 3339 form. Error::where is "NAME:LINE".
[[nodiscard]] Result<Value> parse_toml(std::string_view text, std::string_view name);
/// Compact JSON; `indent` > 0 makes it readable.
[[nodiscard]] std::string to_json(const Value& value, int indent = 0);
/// TOML with tables as [name] and arrays of tables as [[name]].
[[nodiscard]] std::string to_toml(const Value& value);

/// Appends JSON text to a string, commas and escapes included. The fast way out for responses.
class JsonWriter {
  public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    void key(std::string_view name);
    void null();
    void boolean(bool value);
    void integer(std::int64_t value);
    void unsigned_integer(std::uint64_t value);
    void number(double value);  ///< shortest text that reads back the same; NaN and infinity become null
    void string(std::string_view value);
    void value(const Value& value);
    /// Text that is JSON already.
    void raw(std::string_view json);

  private:
    void open(char bracket);
    void close(char bracket);
    void separate();

    std::string& out_;
    bool first_ = true;
    bool after_key_ = false;
};

}  // namespace quipu
