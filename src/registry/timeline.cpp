#include "registry/timeline.h"

#include <algorithm>
#include <tuple>

#include "registry/object.h"

namespace quipu::registry {

std::vector<TimelineEntry> timeline_of(const Picture& everything) {
    std::vector<TimelineEntry> out;
    const auto add = [&]<class T>(Kind kind, const std::vector<Entry<T>>& table) {
        for (const Entry<T>& entry : table)
            for_each_field<T>([&](const auto& f) {
                const auto& member = entry.object.*(f.member);
                if constexpr (std::same_as<std::remove_cvref_t<decltype(member)>, std::optional<Date>>)
                    if (member)
                        out.push_back({*member, kind, entry.object.id, std::string(f.name), name_of(entry.object)});
            });
    };
    for (const Kind kind : kKinds)
        with_type(kind, [&]<class T>() {
            if constexpr (std::same_as<T, Resource>)
                add(kind, everything.resources(kind));
            else
                add(kind, everything.all<T>());
        });
    std::ranges::sort(out, {}, [](const TimelineEntry& e) { return std::tie(e.date, e.kind, e.id, e.what); });
    return out;
}

}  // namespace quipu::registry
