#pragma once
// The dates on which the network changed or is to change: what the map's slider plays.

#include <string>
#include <vector>

#include "registry/registry.h"

namespace quipu::registry {

struct TimelineEntry {
    Date date{};
    Kind kind = Kind::links;
    std::string id;
    std::string what;  ///< the date's field: since, until, planned, tendered, contracted, installed, activated, retired
    std::string name;
    static constexpr auto describe() {
        using T = TimelineEntry;
        return fields(
            field<&T::date>("date", "The day").required(), field<&T::kind>("kind", "Collection").required(),
            field<&T::id>("id", "Object").required(),
            field<&T::what>("what", "since, until, planned, tendered, contracted, installed, activated, retired")
                .required(),
            field<&T::name>("name", "What it is called").required());
    }
};

/// Every date of every object on record, in order of time.
[[nodiscard]] std::vector<TimelineEntry> timeline_of(const Picture& everything);

}  // namespace quipu::registry
