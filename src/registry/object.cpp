#include "registry/object.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::registry {
namespace {

template <class T>
void collect(const T& value, const FieldRules& rules, const std::string& path, std::vector<Reference>& out) {
    if constexpr (detail::IsOptional<T>::value) {
        if (value) collect(*value, rules, path, out);
    } else if constexpr (detail::IsVector<T>::value) {
        for (std::size_t i = 0; i < value.size(); ++i)
            collect(value[i], rules, fmt::format("{}[{}]", path, i), out);
    } else if constexpr (Described<T>) {
        for_each_field<T>([&](const auto& f) {
            collect(value.*(f.member), f.rules, path.empty() ? std::string(f.name) : fmt::format("{}.{}", path, f.name),
                    out);
        });
    } else if constexpr (std::same_as<T, std::string>) {
        if (rules.reference.empty() || value.empty()) return;
        if (const auto kind = enum_value<Kind>(rules.reference)) out.push_back({path, *kind, value});
    }
}

std::optional<Date> earliest(std::initializer_list<std::optional<Date>> dates) {
    std::optional<Date> first;
    for (const auto& date : dates)
        if (date && (!first || *date < *first)) first = date;
    return first;
}

}  // namespace

Object read_kind(Kind kind, const Value& in, ReadContext& context) {
    if (kind == Kind::as_numbers) {
        const Value* number = in.find("value");
        if (number != nullptr && number->if_integer() != nullptr) {
            Value text(fmt::to_string(*number->if_integer()));
            text.set_line(number->line());
            Value copy = in;
            copy.set("value", std::move(text));
            return read_kind(kind, copy, context);
        }
    }
    return with_type(kind, [&]<class T>() -> Object {
        T object{};
        read_into(object, in, context);
        for_each_field<T>([&](const auto& f) {
            auto& member = object.*(f.member);
            // An emptied field of a form, an empty cell: nothing is said.
            if constexpr (std::same_as<std::remove_cvref_t<decltype(member)>, std::optional<std::string>>)
                if (member && member->empty()) member.reset();
        });
        return object;
    });
}

Value value_of(const Object& object) {
    return std::visit([](const auto& o) { return to_value(o); }, object);
}

std::string text_of(const Object& object) {
    return std::visit([](const auto& o) { return json_text(o); }, object);
}

const std::string& id_of(const Object& object) {
    return std::visit([](const auto& o) -> const std::string& { return o.id; }, object);
}

void set_id(Object& object, std::string id) {
    std::visit([&](auto& o) { o.id = std::move(id); }, object);
}

std::string name_of(const Object& object) {
    return std::visit(
        []<class T>(const T& o) -> std::string {
            if constexpr (requires { o.name; })
                return o.name;
            else if constexpr (std::same_as<T, Link>)
                return fmt::format("{} – {}", o.a, o.b);
            else if constexpr (std::same_as<T, Equipment>)
                return fmt::format("{}, {}", o.type, o.site);
            else
                return o.value;
        },
        object);
}

Life life_of(const Object& object) {
    return std::visit(
        []<class T>(const T& o) -> Life {
            if constexpr (std::same_as<T, Link>)
                return {earliest({o.planned, o.tendered, o.contracted, o.installed, o.activated}), o.retired};
            else if constexpr (requires { o.since; })
                return {o.since, o.until};
            else
                return {};
        },
        object);
}

std::vector<Reference> references_of(const Object& object) {
    std::vector<Reference> out;
    std::visit([&](const auto& o) { collect(o, FieldRules{}, {}, out); }, object);
    return out;
}

}  // namespace quipu::registry
