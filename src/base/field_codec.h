#pragma once
// Values of described types, read, written and told of: the machinery behind base/describe.h.

#include <concepts>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include "base/description.h"
#include "base/value.h"

namespace quipu {

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

template <class T>
struct CodecOf<std::optional<T>> : PlainCodec<std::optional<T>> {
    static void read(void* out, const Value& in, ReadContext& context, const FieldRules& rules) {
        if (in.is_null())
            CodecOf::to(out).reset();
        else
            CodecOf<T>::read(&CodecOf::to(out).emplace(), in, context, rules);
    }
    static void write(JsonWriter& out, const void* value) {
        if (CodecOf::of(value))
            CodecOf<T>::write(out, &*CodecOf::of(value));
        else
            out.null();
    }
    static Value to_value(const void* value) {
        return CodecOf::of(value) ? CodecOf<T>::to_value(&*CodecOf::of(value)) : Value();
    }
    static Value schema(const FieldRules& rules) { return CodecOf<T>::schema(rules); }
    static bool absent(const void* value) { return !CodecOf::of(value); }
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

}  // namespace quipu
