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

#include "base/description.h"
#include "base/field_codec.h"

namespace quipu {

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

/// JSON Schema 2020-12 (as OpenAPI 3.1 uses it) of a type, nested objects in place.
template <class T>
[[nodiscard]] Value schema_of(const FieldRules& rules = {}) {
    return detail::CodecOf<T>::schema(rules);
}

}  // namespace quipu
