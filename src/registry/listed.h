#pragma once
// Objects as the API gives them: their own fields, and what the registry knows of the record. What is read can be sent
// back: the record's fields are accepted and not looked at (the version that counts is If-Match's).

#include <string>
#include <tuple>

#include "registry/registry.h"

namespace quipu::registry {

template <Described T>
struct Listed : T {
    using Object = T;
    std::int64_t version = 0;
    Time changed{};
    std::string changed_by;

    static constexpr auto describe() {
        using L = Listed;
        return std::tuple_cat(
            T::describe(), fields(field<&L::version>("version", "Rises by one with each change; the ETag").read_only(),
                                  field<&L::changed>("changed", "When the change was recorded").read_only(),
                                  field<&L::changed_by>("changed_by", "Who made it").read_only()));
    }
};

// With names of their own, by which the API's document calls them.
struct OrganisationRecord : Listed<Organisation> {};
struct PersonRecord : Listed<Person> {};
struct SiteRecord : Listed<Site> {};
struct EquipmentRecord : Listed<Equipment> {};
struct LinkRecord : Listed<Link> {};
struct ResourceRecord : Listed<Resource> {};

template <class Record>
Record record_of(const Entry<typename Record::Object>& entry) {
    Record record;
    static_cast<typename Record::Object&>(record) = entry.object;
    record.version = entry.version;
    record.changed = entry.changed;
    record.changed_by = entry.changed_by;
    return record;
}

}  // namespace quipu::registry
