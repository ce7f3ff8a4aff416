#include "services/measure/engine_floor.h"

#include <queue>

#include "registry/light.h"
#include "services/measure/figures.h"

namespace quipu::measure {
namespace {

using registry::Link;
using registry::Site;

struct Fibre {
    std::string to;
    std::int64_t us;
};
using Fibres = std::map<std::string, std::vector<Fibre>, std::less<>>;
using Reach = std::pair<std::int64_t, std::string>;

Fibres fibres_of(const registry::Picture& picture) {
    Fibres out;
    for (const auto* entry : picture.links_in_service()) {
        const auto us = floor_us(picture, entry->object);
        if (!us) continue;
        out[entry->object.a].push_back({entry->object.b, *us});
        out[entry->object.b].push_back({entry->object.a, *us});
    }
    return out;
}

/// Dijkstra's algorithm from one site.
std::map<std::string, std::int64_t, std::less<>> reach(const Fibres& fibres, const std::string& from) {
    std::map<std::string, std::int64_t, std::less<>> done;
    std::priority_queue<Reach, std::vector<Reach>, std::greater<>> open;
    open.emplace(0, from);
    while (!open.empty()) {
        const auto [us, site] = open.top();
        open.pop();
        if (!done.emplace(site, us).second) continue;
        const auto at = fibres.find(site);
        if (at == fibres.end()) continue;
        for (const Fibre& fibre : at->second)
            if (!done.contains(fibre.to)) open.emplace(us + fibre.us, fibre.to);
    }
    return done;
}

}  // namespace

std::optional<std::int64_t> floor_us(const registry::Picture& picture, const Link& link) {
    const auto* a = picture.find<Site>(link.a);
    const auto* b = picture.find<Site>(link.b);
    if (a == nullptr || b == nullptr) return std::nullopt;
    const auto light = registry::light_delay(link, a->object, b->object);
    if (!light) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::microseconds>(*light).count();
}

Floors floors_of(const registry::Picture& picture, const std::vector<std::string>& sites) {
    const Fibres fibres = fibres_of(picture);
    Floors out;
    for (const std::string& from : sites) {
        const auto reached = reach(fibres, from);
        for (const std::string& to : sites)
            if (const auto at = reached.find(to); to != from && at != reached.end())
                out.emplace(pair_key(from, to), at->second);
    }
    return out;
}

}  // namespace quipu::measure
