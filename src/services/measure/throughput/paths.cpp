#include "services/measure/throughput/paths.h"

#include <algorithm>

namespace quipu::throughput {
namespace {

std::pair<std::string, std::string> ends_in_order(std::string_view a, std::string_view b) {
    return {std::string(std::min(a, b)), std::string(std::max(a, b))};
}

}  // namespace

bool TestPaths::look_at(const std::shared_ptr<const registry::Picture>& picture) {
    const std::uint64_t revision = traced_.revision ? traced_.revision() : 0;
    const bool traced = std::exchange(revision_, revision) != revision;
    if (picture_ && picture_->revision() == picture->revision() && picture_->day() == picture->day()) return traced;
    picture_ = picture;
    auto network = registry::WhatIf::create(picture);
    network_ = network ? std::move(*network) : nullptr;
    links_between_.clear();
    for (const auto* entry : picture->links_in_service())
        links_between_[ends_in_order(entry->object.a, entry->object.b)].push_back(entry->object.id);
    return true;
}

std::optional<KnownPath> TestPaths::path(std::string_view from, std::string_view to) const {
    if (!network_) return std::nullopt;
    if (const auto between = traced_.sites ? traced_.sites(from, to) : std::nullopt)
        if (auto traced = path_over(from, to, *between)) return traced;
    return path_over(from, to, {""});
}

std::optional<KnownPath> TestPaths::path_over(std::string_view from, std::string_view to,
                                              const std::vector<std::string>& between) const {
    // Routers of which nobody knows where they stand tell no more than the registry does.
    KnownPath out{.links = {}, .traced = std::ranges::any_of(between, [](const auto& site) { return !site.empty(); })};
    const auto cross = [&](const std::vector<std::string>& links) {
        for (const std::string& id : links)
            if (std::ranges::find(out.links, id, &PathLink::id) == out.links.end())
                out.links.push_back({id, picture_->find<registry::Link>(id)->object.capacity});
    };
    std::string_view at = from;
    bool unknown = false;  // somebody stands between, who knows where
    const auto go_to = [&](std::string_view site) {
        if (site == at) return true;
        const auto joined = unknown ? links_between_.end() : links_between_.find(ends_in_order(at, site));
        if (joined != links_between_.end()) {
            cross(joined->second);
            out.traced = true;
        } else {
            const auto way = network_->shortest(at, site);
            if (!way) return false;
            cross(*way);
        }
        at = site;
        unknown = false;
        return true;
    };
    for (const std::string& site : between) {
        if (site.empty())
            unknown = true;
        else if (!go_to(site))
            return std::nullopt;
    }
    if (!go_to(to)) return std::nullopt;
    return out;
}

}  // namespace quipu::throughput
