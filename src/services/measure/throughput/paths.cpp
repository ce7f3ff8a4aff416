#include "services/measure/throughput/paths.h"

#include <algorithm>

namespace quipu::throughput {

bool RegistryPaths::look_at(const std::shared_ptr<const registry::Picture>& picture) {
    if (picture_ && picture_->revision() == picture->revision() && picture_->day() == picture->day()) return false;
    picture_ = picture;
    // A network beyond the limits has no known paths: its tests run one by one.
    auto network = registry::WhatIf::create(picture);
    network_ = network ? std::move(*network) : nullptr;
    return true;
}

std::optional<std::vector<PathLink>> RegistryPaths::path(std::string_view from, std::string_view to) const {
    if (!network_) return std::nullopt;
    const auto number = [this](std::string_view site) -> std::optional<std::uint32_t> {
        const auto& sites = network_->sites();
        const auto at = std::ranges::lower_bound(sites, site);
        if (at == sites.end() || *at != site) return std::nullopt;
        return static_cast<std::uint32_t>(at - sites.begin());
    };
    const auto first = number(from), last = number(to);
    if (!first || !last || network_->paths().metres(*first, *last) == registry::ShortestPaths::kUnreachable)
        return std::nullopt;
    std::vector<PathLink> out;
    for (const std::uint32_t edge : network_->paths().edges_of(*first, *last)) {
        const std::string& id = network_->links()[edge];
        out.push_back({id, picture_->find<registry::Link>(id)->object.capacity});
    }
    return out;
}

}  // namespace quipu::throughput
