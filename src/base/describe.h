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
#include <limits>
#include <map>
#include <optional>
#include <span>
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

namespace detail {

struct FieldCodec;

/// How values of one type are read, written and told of, with the type's name taken away: a walk over the fields of a
/// struct is compiled once (describe.cpp), not once a struct, which is what most of a service's object code would be
/// otherwise.
struct Codec {
    void (*read)(void* out, const Value& in, ReadContext& context, const FieldRules& rules);
    void (*write)(JsonWriter& out, const void* value);
    Value (*to_value)(const void* value);
    Value (*schema)(const FieldRules& rules);
    bool (*absent)(const void* value);  ///< an optional without its value; nullptr of every other type
};

struct FieldCodec {
    std::string_view name;
    std::string_view doc;
    FieldRules rules;
    const Codec* codec;
    const void* (*member)(const void* owner);
};
using FieldCodecs = std::span<const FieldCodec>;

void read_object(void* out, FieldCodecs fields, const Value& in, ReadContext& context);
void write_object(JsonWriter& out, FieldCodecs fields, const void* value);
Value object_to_value(FieldCodecs fields, const void* value);
Value object_schema(FieldCodecs fields);

using EnumNames = std::span<const std::string_view>;
/// The place of `in` among the names; a fault that says them all, and nothing, where it is none of them.
std::optional<std::size_t> read_name(const Value& in, EnumNames names, ReadContext& context);
Value names_schema(EnumNames names);

const std::string* expect_text(const Value& in, ReadContext& context);
const Value::Array* expect_list(const Value& in, ReadContext& context, const FieldRules& rules);
const Value::Object* expect_table(const Value& in, ReadContext& context);
std::optional<std::int64_t> read_integer(const Value& in, std::int64_t low, std::int64_t high, ReadContext& context,
                                         const FieldRules& rules);
std::optional<double> read_real(const Value& in, ReadContext& context, const FieldRules& rules);
Value text_schema(const FieldRules& rules);
Value number_schema(std::string_view type, const FieldRules& rules);
Value formatted_schema(std::string_view format);
Value list_schema(Value items);
Value map_schema(Value members);
/// Of a list's rules: the length counts elements, not what an element holds.
FieldRules rules_of_elements(const FieldRules& rules);

template <class T>
struct CodecOf;
template <class T>
inline constexpr Codec kCodec{CodecOf<T>::read, CodecOf<T>::write, CodecOf<T>::to_value, CodecOf<T>::schema,
                              CodecOf<T>::absent};

template <class T, class F>
struct MemberOf;
template <class T, auto Member>
struct MemberOf<T, Field<Member>> {
    static const void* at(const void* owner) { return &(static_cast<const T*>(owner)->*Member); }
};

template <class T>
inline constexpr auto kFields = std::apply(
    []<class... F>(const F&... f) {
        return std::array<FieldCodec, sizeof...(F)>{
            FieldCodec{f.name, f.doc, f.rules, &kCodec<typename F::Type>, MemberOf<T, F>::at}...};
    },
    T::describe());

template <class E>
inline constexpr auto kNames = [] {
    constexpr auto all = describe_enum(E{});
    std::array<std::string_view, all.size()> out{};
    for (std::size_t i = 0; i < all.size(); ++i)
        out[i] = all[i].second;
    return out;
}();

/// What most types share.
template <class T>
struct PlainCodec {
    static constexpr bool (*absent)(const void*) = nullptr;

  protected:
    static T& to(void* out) { return *static_cast<T*>(out); }
    static const T& of(const void* value) { return *static_cast<const T*>(value); }
};

template <Described T>
struct CodecOf<T> : PlainCodec<T> {
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules&) {
        read_object(out, kFields<T>, in, context);
    }
    static void write(JsonWriter& out, const void* value) { write_object(out, kFields<T>, value); }
    static Value to_value(const void* value) { return object_to_value(kFields<T>, value); }
    static Value schema(const FieldRules&) { return object_schema(kFields<T>); }
};

template <>
struct CodecOf<Value> : PlainCodec<Value> {
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules& rules);
    static void write(JsonWriter& out, const void* value);
    static Value to_value(const void* value);
    static Value schema(const FieldRules& rules);
};
template <>
struct CodecOf<bool> : PlainCodec<bool> {
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules& rules);
    static void write(JsonWriter& out, const void* value);
    static Value to_value(const void* value);
    static Value schema(const FieldRules& rules);
};
template <>
struct CodecOf<std::string> : PlainCodec<std::string> {
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules& rules);
    static void write(JsonWriter& out, const void* value);
    static Value to_value(const void* value);
    static Value schema(const FieldRules& rules);
};
/// Text that lives elsewhere is written only.
template <>
struct CodecOf<std::string_view> : PlainCodec<std::string_view> {
    static constexpr void (*read)(void*, const Value&, ReadContext&, const FieldRules&) = nullptr;
    static void write(JsonWriter& out, const void* value);
    static Value to_value(const void* value);
    static Value schema(const FieldRules& rules) { return text_schema(rules); }
};

template <class T>
struct CodecOf<std::optional<T>> {
    static std::optional<T>& to(void* out) { return *static_cast<std::optional<T>*>(out); }
    static const std::optional<T>& of(const void* value) { return *static_cast<const std::optional<T>*>(value); }
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules& rules) {
        if (in.is_null())
            to(out).reset();
        else
            CodecOf<T>::read(&to(out).emplace(), in, context, rules);
    }
    static void write(JsonWriter& out, const void* value) {
        if (of(value))
            CodecOf<T>::write(out, &*of(value));
        else
            out.null();
    }
    static Value to_value(const void* value) { return of(value) ? CodecOf<T>::to_value(&*of(value)) : Value(); }
    static Value schema(const FieldRules& rules) { return CodecOf<T>::schema(rules); }
    static bool absent(const void* value) { return !of(value); }
};

template <class T>
struct CodecOf<std::vector<T>> : PlainCodec<std::vector<T>> {
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules& rules) {
        const auto* array = expect_list(in, context, rules);
        if (array == nullptr) return;
        std::vector<T>& list = CodecOf::to(out);
        list.clear();
        list.reserve(array->size());
        const FieldRules inner = rules_of_elements(rules);
        for (std::size_t i = 0; i < array->size(); ++i) {
            const ReadContext::Step step(context, i);
            CodecOf<T>::read(&list.emplace_back(), (*array)[i], context, inner);
        }
    }
    static void write(JsonWriter& out, const void* value) {
        out.begin_array();
        for (const T& element : CodecOf::of(value))
            CodecOf<T>::write(out, &element);
        out.end_array();
    }
    static Value to_value(const void* value) {
        Value::Array out;
        out.reserve(CodecOf::of(value).size());
        for (const T& element : CodecOf::of(value))
            out.push_back(CodecOf<T>::to_value(&element));
        return out;
    }
    static Value schema(const FieldRules& rules) { return list_schema(CodecOf<T>::schema(rules_of_elements(rules))); }
};

template <class T>
struct CodecOf<std::map<std::string, T>> : PlainCodec<std::map<std::string, T>> {
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules&) {
        const auto* object = expect_table(in, context);
        if (object == nullptr) return;
        CodecOf::to(out).clear();
        for (const auto& [key, member] : *object) {
            const ReadContext::Step step(context, key);
            CodecOf<T>::read(&CodecOf::to(out)[key], member, context, {});
        }
    }
    static void write(JsonWriter& out, const void* value) {
        out.begin_object();
        for (const auto& [key, member] : CodecOf::of(value)) {
            out.key(key);
            CodecOf<T>::write(out, &member);
        }
        out.end_object();
    }
    static Value to_value(const void* value) {
        Value::Object out;
        for (const auto& [key, member] : CodecOf::of(value))
            out.emplace_back(key, CodecOf<T>::to_value(&member));
        return out;
    }
    static Value schema(const FieldRules&) { return map_schema(CodecOf<T>::schema({})); }
};

template <DescribedEnum E>
struct CodecOf<E> : PlainCodec<E> {
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules&) {
        if (const auto place = read_name(in, kNames<E>, context)) CodecOf::to(out) = describe_enum(E{})[*place].first;
    }
    static void write(JsonWriter& out, const void* value) { out.string(enum_name(CodecOf::of(value))); }
    static Value to_value(const void* value) { return enum_name(CodecOf::of(value)); }
    static Value schema(const FieldRules&) { return names_schema(kNames<E>); }
};

template <HasTextForm T>
struct CodecOf<T> : PlainCodec<T> {
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules&) {
        const auto* text = expect_text(in, context);
        if (text == nullptr) return;
        auto parsed = TextForm<T>::parse(*text);
        if (parsed)
            CodecOf::to(out) = std::move(*parsed);
        else
            context.fault(in, parsed.error().what);
    }
    static void write(JsonWriter& out, const void* value) { out.string(TextForm<T>::format(CodecOf::of(value))); }
    static Value to_value(const void* value) { return TextForm<T>::format(CodecOf::of(value)); }
    static Value schema(const FieldRules&) { return formatted_schema(TextForm<T>::schema_format); }
};

template <class T>
    requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>)
struct CodecOf<T> : PlainCodec<T> {
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules& rules) {
        if constexpr (std::integral<T>) {
            constexpr auto low = static_cast<std::int64_t>(std::numeric_limits<T>::min());
            constexpr auto high = std::in_range<std::int64_t>(std::numeric_limits<T>::max())
                                      ? static_cast<std::int64_t>(std::numeric_limits<T>::max())
                                      : std::numeric_limits<std::int64_t>::max();
            if (const auto number = read_integer(in, low, high, context, rules))
                CodecOf::to(out) = static_cast<T>(*number);
        } else if (const auto number = read_real(in, context, rules)) {
            CodecOf::to(out) = static_cast<T>(*number);
        }
    }
    static void write(JsonWriter& out, const void* value) {
        if constexpr (std::floating_point<T>)
            out.number(static_cast<double>(CodecOf::of(value)));
        else if constexpr (std::unsigned_integral<T>)
            out.unsigned_integer(CodecOf::of(value));
        else
            out.integer(CodecOf::of(value));
    }
    static Value to_value(const void* value) { return CodecOf::of(value); }
    static Value schema(const FieldRules& rules) {
        return number_schema(std::integral<T> ? "integer" : "number", rules);
    }
};

template <HasNumberForm T>
struct CodecOf<T> : PlainCodec<T> {
    using Number = typename NumberForm<T>::Number;
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules& rules) {
        if (const auto* text = in.if_string()) {
            auto parsed = NumberForm<T>::parse(*text);
            if (!parsed) return context.fault(in, parsed.error().what);
            CodecOf::to(out) = *parsed;
            context.check_number(in, static_cast<double>(NumberForm<T>::number(*parsed)), rules);
        } else {
            Number number{};
            CodecOf<Number>::read(&number, in, context, rules);
            CodecOf::to(out) = NumberForm<T>::make(number);
        }
    }
    static void write(JsonWriter& out, const void* value) {
        const Number number = NumberForm<T>::number(CodecOf::of(value));
        CodecOf<Number>::write(out, &number);
    }
    static Value to_value(const void* value) { return NumberForm<T>::number(CodecOf::of(value)); }
    static Value schema(const FieldRules& rules) {
        Value out = CodecOf<Number>::schema(rules);
        out.set("x-unit", NumberForm<T>::unit);
        return out;
    }
};

}  // namespace detail

/// The fields of a struct without their types.
template <Described T>
[[nodiscard]] constexpr detail::FieldCodecs fields_of() {
    return detail::kFields<T>;
}

template <class T>
void read_into(T& out, const Value& in, ReadContext& context, const FieldRules& rules = {}) {
    detail::CodecOf<T>::read(&out, in, context, rules);
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
    detail::CodecOf<T>::write(out, &value);
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
    return detail::CodecOf<T>::to_value(&value);
}

// ---- schemas
// ---------------------------------------------------------------------------------------------------------

/// JSON Schema 2020-12 (as OpenAPI 3.1 uses it) of a type, nested objects in place.
template <class T>
[[nodiscard]] Value schema_of(const FieldRules& rules = {}) {
    return detail::CodecOf<T>::schema(rules);
}

}  // namespace quipu
