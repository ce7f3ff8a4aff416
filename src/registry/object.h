#pragma once
// One object of any kind, and what can be asked of it without knowing which: its id, its life, what it refers to.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/describe.h"
#include "base/value.h"
#include "registry/model.h"

namespace quipu::registry {

using Object = std::variant<Organisation, Person, Site, Equipment, Link, Resource>;

inline constexpr std::array kKinds = {
    Kind::organisations, Kind::people,   Kind::sites,   Kind::equipment, Kind::links,
    Kind::as_numbers,    Kind::prefixes, Kind::domains, Kind::realms,    Kind::telephone_prefixes,
};
inline constexpr std::size_t kKindCount = kKinds.size();
[[nodiscard]] constexpr std::size_t index_of(Kind kind) {
    return static_cast<std::size_t>(kind);
}

[[nodiscard]] constexpr bool is_resource(Kind kind) {
    return kind >= Kind::as_numbers;
}

/// Calls f.operator()<T>() with the struct that the kind's objects are.
template <class F>
decltype(auto) with_type(Kind kind, F&& f) {
    switch (kind) {
        case Kind::organisations: return f.template operator()<Organisation>();
        case Kind::people: return f.template operator()<Person>();
        case Kind::sites: return f.template operator()<Site>();
        case Kind::equipment: return f.template operator()<Equipment>();
        case Kind::links: return f.template operator()<Link>();
        default: return f.template operator()<Resource>();
    }
}

/// Reads an object; faults go to the context. AS numbers may be whole numbers.
[[nodiscard]] Object read_kind(Kind kind, const Value& in, ReadContext& context);
[[nodiscard]] Value value_of(const Object& object);
[[nodiscard]] std::string text_of(const Object& object);
[[nodiscard]] const std::string& id_of(const Object& object);
void set_id(Object& object, std::string id);
/// What a person calls it: its name, a link's ends, a resource's value.
[[nodiscard]] std::string name_of(const Object& object);

/// The days between which something is real: from `first` (or ever) to the day before `end` (or for good).
struct Life {
    std::optional<Date> first, end;
    [[nodiscard]] bool covers(Date day) const { return (!first || *first <= day) && (!end || day < *end); }
    [[nodiscard]] bool meets(const Life& other) const {
        return (!end || !other.first || *other.first < *end) && (!other.end || !first || *first < *other.end);
    }
};
/// `since` to `until`; for a link its earliest milestone to `retired`; people are there always.
[[nodiscard]] Life life_of(const Object& object);

struct Reference {
    std::string field;  ///< "roles[0].organisation"
    Kind kind;
    std::string_view id;  ///< lives as long as the object
};
[[nodiscard]] std::vector<Reference> references_of(const Object& object);

}  // namespace quipu::registry
