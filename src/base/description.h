#pragma once
// How a struct, an enum or a scalar says what it is: see base/describe.h.

#include <array>
#include <cstdint>
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

namespace quipu {

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

}  // namespace quipu
