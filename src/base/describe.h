#pragma once
// One description, many uses. A struct says its fields once and from that come JSON, TOML, OpenAPI schemas, SQL columns
// and forms:
//
//     struct Site {
//         std::string id;
//         std::optional<double> latitude;
//         static constexpr auto describe() {
//             return fields(field<&Site::id>("id", "Short stable name").required().pattern(kSlug),
//                           field<&Site::latitude>("latitude", "Degrees north").between(-90, 90));
//         }
//     };
//
// An enum says its names by a function found beside it:
//
//     constexpr auto describe_enum(Medium) { return names<Medium>({{Medium::fibre, "fibre"}, …}); }
//
// A scalar with a text form (Time, Date, Bandwidth, IP prefix…) specialises TextForm.

#include <array>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/units.h"
#include "base/value.h"

namespace quipu {

// ---- descriptions
// ----------------------------------------------------------------------------------------------------

/// Lower-case letters, digits and inner hyphens, 1 to 63: names that stand in addresses.
inline constexpr std::string_view kSlug = "slug";

/// What is demanded of a field beyond its type, and what is said of it.
struct FieldRules {
    bool required = false;
    bool read_only = false;  ///< set by the system: accepted on input only if unchanged, not in forms
    double minimum = -1e308;
    double maximum = 1e308;
    std::size_t max_length = 4096;    ///< characters of a string, elements of a list
    std::string_view pattern = {};    ///< name of a known pattern: kSlug; checked on input
    std::string_view format = {};     ///< OpenAPI format or unit: "date", "email", "us"
    std::string_view reference = {};  ///< collection that the value names an object of: "sites"
};

template <auto Member>
struct Field;

template <class T, class M, M T::* Member>
struct Field<Member> {
    using Owner = T;
    using Type = M;
    static constexpr M T::* member = Member;

    std::string_view name;
    std::string_view doc;
    FieldRules rules;

    [[nodiscard]] constexpr Field required() const {
        return with([](FieldRules& r) { r.required = true; });
    }
    [[nodiscard]] constexpr Field read_only() const {
        return with([](FieldRules& r) { r.read_only = true; });
    }
    [[nodiscard]] constexpr Field between(double low, double high) const {
        return with([=](FieldRules& r) { r.minimum = low, r.maximum = high; });
    }
    [[nodiscard]] constexpr Field at_least(double low) const {
        return with([=](FieldRules& r) { r.minimum = low; });
    }
    [[nodiscard]] constexpr Field at_most_long(std::size_t n) const {
        return with([=](FieldRules& r) { r.max_length = n; });
    }
    [[nodiscard]] constexpr Field pattern(std::string_view p) const {
        return with([=](FieldRules& r) { r.pattern = p; });
    }
    [[nodiscard]] constexpr Field format(std::string_view f) const {
        return with([=](FieldRules& r) { r.format = f; });
    }
    [[nodiscard]] constexpr Field references(std::string_view c) const {
        return with([=](FieldRules& r) { r.reference = c; });
    }

  private:
    template <class F>
    constexpr Field with(F change) const {
        Field copy = *this;
        change(copy.rules);
        return copy;
    }
    template <auto M2>
    friend constexpr auto field(std::string_view name, std::string_view doc);
};

template <auto Member>
constexpr auto field(std::string_view name, std::string_view doc) {
    return Field<Member>{name, doc, {}};
}

template <class... F>
constexpr auto fields(F... list) {
    return std::tuple<F...>(list...);
}

template <class E, std::size_t N>
constexpr std::array<std::pair<E, std::string_view>, N> names(const std::pair<E, std::string_view> (&list)[N]) {
    return std::to_array(list);
}

template <class T>
concept Described = requires { T::describe(); };

template <class T>
concept DescribedEnum = std::is_enum_v<T> && requires(T value) { describe_enum(value); };

/// Calls f(field) for each described field in order.
template <Described T, class F>
constexpr void for_each_field(F&& f) {
    std::apply([&](const auto&... list) { (f(list), ...); }, T::describe());
}

template <DescribedEnum E>
constexpr std::string_view enum_name(E value) {
    for (const auto& [candidate, name] : describe_enum(E{}))
        if (candidate == value) return name;
    return "unknown";
}

template <DescribedEnum E>
constexpr std::optional<E> enum_value(std::string_view text) {
    for (const auto& [value, name] : describe_enum(E{}))
        if (name == text) return value;
    return std::nullopt;
}

/// Specialise for a scalar that travels as text: `static std::string format(const T&)`,
/// `static Result<T> parse(std::string_view)`, `static constexpr std::string_view schema_format`.
template <class T>
struct TextForm;

template <>
struct TextForm<Time> {
    static constexpr std::string_view schema_format = "date-time";
    static std::string format(const Time& value) { return format_time(value); }
    static Result<Time> parse(std::string_view text) { return parse_time(text); }
};
template <>
struct TextForm<Date> {
    static constexpr std::string_view schema_format = "date";
    static std::string format(const Date& value) { return format_date(value); }
    static Result<Date> parse(std::string_view text) { return parse_date(text); }
};
template <>
struct TextForm<Nanoseconds> {
    static constexpr std::string_view schema_format = "duration";
    static std::string format(const Nanoseconds& value);
    static Result<Nanoseconds> parse(std::string_view text) { return parse_duration(text); }
};

/// Specialise for a quantity that travels as a number and is also read from text with its unit ("622 Mb/s").
template <class T>
struct NumberForm;

template <>
struct NumberForm<Bandwidth> {
    using Number = std::int64_t;
    static constexpr std::string_view unit = "b/s";
    static Number number(const Bandwidth& value) { return value.bits_per_second; }
    static Bandwidth make(Number value) { return {value}; }
    static Result<Bandwidth> parse(std::string_view text) { return parse_bandwidth(text); }
};
template <>
struct NumberForm<ByteCount> {
    using Number = std::int64_t;
    static constexpr std::string_view unit = "octets";
    static Number number(const ByteCount& value) { return value.octets; }
    static ByteCount make(Number value) { return {value}; }
    static Result<ByteCount> parse(std::string_view text) { return parse_bytes(text); }
};
template <>
struct NumberForm<Distance> {
    using Number = double;
    static constexpr std::string_view unit = "m";
    static Number number(const Distance& value) { return value.metres; }
    static Distance make(Number value) { return {value}; }
    static Result<Distance> parse(std::string_view text) { return parse_distance(text); }
};

template <class T>
concept HasTextForm = requires(const T& value) { TextForm<T>::format(value); };
template <class T>
concept HasNumberForm = requires(const T& value) { NumberForm<T>::number(value); };

namespace detail {
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsStringMap : std::false_type {};
template <class T>
struct IsStringMap<std::map<std::string, T>> : std::true_type {};
template <class>
inline constexpr bool kAlwaysFalse = false;
}  // namespace detail

// ---- reading
// ---------------------------------------------------------------------------------------------------------

/// Where a value stands, for messages: "sites[3].latitude", and the file it came from. Collects every fault.
class ReadContext {
  public:
    /// `name` is the file or input; may be empty for API bodies.
    explicit ReadContext(std::string name) : name_(std::move(name)) {}

    void fault(const Value& at, std::string what);
    [[nodiscard]] bool ok() const { return faults_.empty(); }
    /// The collected faults as one `invalid` error.
    [[nodiscard]] Error error() const;

    /// A step of the path for as long as it lives.
    class Step {
      public:
        Step(ReadContext& context, std::string_view key);
        Step(ReadContext& context, std::size_t index);
        ~Step();
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;

      private:
        ReadContext& context_;
        std::size_t length_;
    };

    /// Checks text against a rule's pattern, length and a number against its bounds.
    void check_text(const Value& at, std::string_view text, const FieldRules& rules);
    void check_number(const Value& at, double number, const FieldRules& rules);

  private:
    std::string name_;
    std::string path_;
    std::vector<Fault> faults_;
    std::size_t more_ = 0;
};

template <class T>
void read_into(T& out, const Value& in, ReadContext& context, const FieldRules& rules = {});

template <Described T>
void read_object(T& out, const Value& in, ReadContext& context) {
    const auto* object = in.if_object();
    if (object == nullptr) return context.fault(in, "expected a table, found " + std::string(in.type_name()));
    for (const auto& [key, member] : *object) {
        bool known = false;
        for_each_field<T>([&](const auto& f) { known = known || f.name == key; });
        if (!known) {
            const ReadContext::Step step(context, key);
            context.fault(member, "unknown key");
        }
    }
    for_each_field<T>([&](const auto& f) {
        const ReadContext::Step step(context, f.name);
        const Value* member = in.find(f.name);
        if (member != nullptr && !member->is_null())
            read_into(out.*(f.member), *member, context, f.rules);
        else if (f.rules.required)
            context.fault(in, "is required");
    });
}

template <class T>
void read_number(T& out, const Value& in, ReadContext& context, const FieldRules& rules) {
    if (const auto* integer = in.if_integer()) {
        if constexpr (std::integral<T>) {
            if (!std::in_range<T>(*integer)) return context.fault(in, "is outside the range of this field");
        }
        out = static_cast<T>(*integer);
    } else if (const auto* real = in.if_double()) {
        if constexpr (std::integral<T>)
            return context.fault(in, "expected a whole number");
        else
            out = static_cast<T>(*real);
    } else {
        return context.fault(in, "expected a number, found " + std::string(in.type_name()));
    }
    context.check_number(in, static_cast<double>(out), rules);
}

template <class T>
void read_into(T& out, const Value& in, ReadContext& context, const FieldRules& rules) {
    if constexpr (std::same_as<T, Value>) {
        out = in;
    } else if constexpr (detail::IsOptional<T>::value) {
        if (in.is_null())
            out.reset();
        else
            read_into(out.emplace(), in, context, rules);
    } else if constexpr (detail::IsVector<T>::value) {
        const auto* array = in.if_array();
        if (array == nullptr) return context.fault(in, "expected a list, found " + std::string(in.type_name()));
        if (array->size() > rules.max_length) return context.fault(in, "has too many elements");
        out.clear();
        out.reserve(array->size());
        FieldRules inner = rules;
        inner.max_length = FieldRules{}.max_length;
        for (std::size_t i = 0; i < array->size(); ++i) {
            const ReadContext::Step step(context, i);
            read_into(out.emplace_back(), (*array)[i], context, inner);
        }
    } else if constexpr (detail::IsStringMap<T>::value) {
        const auto* object = in.if_object();
        if (object == nullptr) return context.fault(in, "expected a table, found " + std::string(in.type_name()));
        out.clear();
        for (const auto& [key, member] : *object) {
            const ReadContext::Step step(context, key);
            read_into(out[key], member, context);
        }
    } else if constexpr (Described<T>) {
        read_object(out, in, context);
    } else if constexpr (std::same_as<T, bool>) {
        if (const auto* value = in.if_bool())
            out = *value;
        else
            context.fault(in, "expected true or false, found " + std::string(in.type_name()));
    } else if constexpr (DescribedEnum<T>) {
        const auto* text = in.if_string();
        const auto value = text != nullptr ? enum_value<T>(*text) : std::nullopt;
        if (value) {
            out = *value;
        } else {
            std::string expected;
            for (const auto& [unused, name] : describe_enum(T{}))
                expected += (expected.empty() ? "" : ", ") + std::string(name);
            context.fault(in, "expected one of " + expected);
        }
    } else if constexpr (HasTextForm<T>) {
        const auto* text = in.if_string();
        if (text == nullptr) return context.fault(in, "expected text, found " + std::string(in.type_name()));
        auto parsed = TextForm<T>::parse(*text);
        if (parsed)
            out = std::move(*parsed);
        else
            context.fault(in, parsed.error().what);
    } else if constexpr (HasNumberForm<T>) {
        if (const auto* text = in.if_string()) {
            auto parsed = NumberForm<T>::parse(*text);
            if (!parsed) return context.fault(in, parsed.error().what);
            out = *parsed;
            context.check_number(in, static_cast<double>(NumberForm<T>::number(out)), rules);
        } else {
            typename NumberForm<T>::Number number{};
            read_number(number, in, context, rules);
            out = NumberForm<T>::make(number);
        }
    } else if constexpr (std::same_as<T, std::string>) {
        const auto* text = in.if_string();
        if (text == nullptr) return context.fault(in, "expected text, found " + std::string(in.type_name()));
        out = *text;
        context.check_text(in, out, rules);
    } else if constexpr (std::is_arithmetic_v<T>) {
        read_number(out, in, context, rules);
    } else {
        static_assert(detail::kAlwaysFalse<T>, "this type has no description");
    }
}

/// Reads a whole value; every fault is in Error::faults with its field path and line.
template <class T>
[[nodiscard]] Result<T> read(const Value& in, std::string name = {}) {
    ReadContext context(std::move(name));
    T out{};
    read_into(out, in, context);
    if (!context.ok()) return std::unexpected(context.error());
    return out;
}

// ---- writing
// ---------------------------------------------------------------------------------------------------------

template <class T>
void write_json(JsonWriter& out, const T& value) {
    if constexpr (std::same_as<T, Value>) {
        out.value(value);
    } else if constexpr (detail::IsOptional<T>::value) {
        if (value)
            write_json(out, *value);
        else
            out.null();
    } else if constexpr (detail::IsVector<T>::value) {
        out.begin_array();
        for (const auto& element : value)
            write_json(out, element);
        out.end_array();
    } else if constexpr (detail::IsStringMap<T>::value) {
        out.begin_object();
        for (const auto& [key, member] : value) {
            out.key(key);
            write_json(out, member);
        }
        out.end_object();
    } else if constexpr (Described<T>) {
        out.begin_object();
        for_each_field<T>([&](const auto& f) {
            const auto& member = value.*(f.member);
            // An absent optional is left out: the schema says which fields are always there.
            if constexpr (detail::IsOptional<std::remove_cvref_t<decltype(member)>>::value) {
                if (!member) return;
            }
            out.key(f.name);
            write_json(out, member);
        });
        out.end_object();
    } else if constexpr (std::same_as<T, bool>) {
        out.boolean(value);
    } else if constexpr (DescribedEnum<T>) {
        out.string(enum_name(value));
    } else if constexpr (HasTextForm<T>) {
        out.string(TextForm<T>::format(value));
    } else if constexpr (HasNumberForm<T>) {
        write_json(out, NumberForm<T>::number(value));
    } else if constexpr (std::same_as<T, std::string> || std::same_as<T, std::string_view>) {
        out.string(value);
    } else if constexpr (std::floating_point<T>) {
        out.number(static_cast<double>(value));
    } else if constexpr (std::unsigned_integral<T>) {
        out.unsigned_integer(value);
    } else if constexpr (std::integral<T>) {
        out.integer(value);
    } else {
        static_assert(detail::kAlwaysFalse<T>, "this type has no description");
    }
}

template <class T>
[[nodiscard]] std::string json_text(const T& value) {
    std::string out;
    JsonWriter writer(out);
    write_json(writer, value);
    return out;
}

template <class T>
[[nodiscard]] Value to_value(const T& value) {
    if constexpr (std::same_as<T, Value>) {
        return value;
    } else if constexpr (detail::IsOptional<T>::value) {
        return value ? to_value(*value) : Value();
    } else if constexpr (detail::IsVector<T>::value) {
        Value::Array out;
        out.reserve(value.size());
        for (const auto& element : value)
            out.push_back(to_value(element));
        return out;
    } else if constexpr (detail::IsStringMap<T>::value) {
        Value::Object out;
        for (const auto& [key, member] : value)
            out.emplace_back(key, to_value(member));
        return out;
    } else if constexpr (Described<T>) {
        Value::Object out;
        for_each_field<T>([&](const auto& f) {
            Value member = to_value(value.*(f.member));
            if (!member.is_null()) out.emplace_back(std::string(f.name), std::move(member));
        });
        return out;
    } else if constexpr (DescribedEnum<T>) {
        return Value(enum_name(value));
    } else if constexpr (HasTextForm<T>) {
        return Value(TextForm<T>::format(value));
    } else if constexpr (HasNumberForm<T>) {
        return Value(NumberForm<T>::number(value));
    } else {
        return Value(value);
    }
}

// ---- schemas
// ---------------------------------------------------------------------------------------------------------

/// JSON Schema 2020-12 (as OpenAPI 3.1 uses it) of a type, nested objects in place.
template <class T>
[[nodiscard]] Value schema_of(const FieldRules& rules = {}) {
    Value out;
    if constexpr (std::same_as<T, Value>) {
        out.set("description", "Any JSON value");
    } else if constexpr (detail::IsOptional<T>::value) {
        return schema_of<typename T::value_type>(rules);
    } else if constexpr (detail::IsVector<T>::value) {
        FieldRules inner = rules;
        inner.max_length = FieldRules{}.max_length;
        out.set("type", "array");
        out.set("items", schema_of<typename T::value_type>(inner));
        return out;
    } else if constexpr (detail::IsStringMap<T>::value) {
        out.set("type", "object");
        out.set("additionalProperties", schema_of<typename T::mapped_type>());
    } else if constexpr (Described<T>) {
        Value properties{Value::Object{}};
        Value required;
        for_each_field<T>([&](const auto& f) {
            using Member = typename std::remove_cvref_t<decltype(f)>::Type;
            Value property = schema_of<Member>(f.rules);
            property.set("description", f.doc);
            if (f.rules.read_only) property.set("readOnly", true);
            properties.set(f.name, std::move(property));
            if (f.rules.required) required.push(Value(f.name));
        });
        out.set("type", "object");
        out.set("properties", std::move(properties));
        if (!required.is_null()) out.set("required", std::move(required));
        out.set("additionalProperties", false);
    } else if constexpr (std::same_as<T, bool>) {
        out.set("type", "boolean");
    } else if constexpr (DescribedEnum<T>) {
        Value list;
        for (const auto& [unused, name] : describe_enum(T{}))
            list.push(Value(name));
        out.set("type", "string");
        out.set("enum", std::move(list));
    } else if constexpr (HasTextForm<T>) {
        out.set("type", "string");
        out.set("format", TextForm<T>::schema_format);
    } else if constexpr (HasNumberForm<T>) {
        out = schema_of<typename NumberForm<T>::Number>(rules);
        out.set("x-unit", NumberForm<T>::unit);
    } else if constexpr (std::same_as<T, std::string>) {
        out.set("type", "string");
        out.set("maxLength", rules.max_length);
        if (rules.pattern == kSlug) out.set("pattern", "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
        if (!rules.format.empty()) out.set("format", rules.format);
        if (!rules.reference.empty()) out.set("x-reference", rules.reference);
    } else if constexpr (std::is_arithmetic_v<T>) {
        out.set("type", std::integral<T> ? "integer" : "number");
        if (rules.minimum > -1e308) out.set("minimum", rules.minimum);
        if (rules.maximum < 1e308) out.set("maximum", rules.maximum);
        if (!rules.format.empty()) out.set("x-unit", rules.format);
    } else {
        static_assert(detail::kAlwaysFalse<T>, "this type has no description");
    }
    return out;
}

}  // namespace quipu
