#include "services/measure/compare/registry_map.h"

#include <algorithm>

#include "registry/light.h"

namespace quipu::compare {

using registry::Link;
using registry::Site;

RegistryMap::RegistryMap(std::shared_ptr<const registry::Picture> picture, measure::PathNames names)
    : picture_(std::move(picture)), names_(std::move(names)) {
    if (auto network = registry::WhatIf::create(picture_)) network_ = std::move(*network);
}

NamedHop RegistryMap::hop(const net::IpAddress& address) const {
    const measure::AddressOwner owner = names_.owner_of(address);
    if (!owner.site.empty()) return {owner.site_name.empty() ? owner.site : owner.site_name, owner.site};
    std::string known = owner.organisation_name;
    if (!owner.dns_name.empty()) known += (known.empty() ? "DNS: " : ", DNS: ") + owner.dns_name;
    return {known.empty() ? address.text() : address.text() + " (" + known + ")", {}};
}

std::string RegistryMap::site_name(const std::string& site) const {
    const auto* known = picture_->find<Site>(site);
    return known == nullptr ? site : known->object.name;
}

std::optional<Nanoseconds> RegistryMap::floor(const Link& link) const {
    const auto *a = picture_->find<Site>(link.a), *b = picture_->find<Site>(link.b);
    if (a == nullptr || b == nullptr) return std::nullopt;
    return registry::light_delay(link, a->object, b->object);
}

std::optional<KnownRoute> RegistryMap::link(const std::string& from, const std::string& to) const {
    const Link* only = nullptr;
    for (const auto* entry : picture_->links_in_service()) {
        const Link& link = entry->object;
        if ((link.a != from || link.b != to) && (link.a != to || link.b != from)) continue;
        if (only != nullptr) return std::nullopt;
        only = &link;
    }
    if (only == nullptr) return std::nullopt;
    const auto light = floor(*only);
    if (!light) return std::nullopt;
    return KnownRoute{{only->id}, *light};
}

std::optional<KnownRoute> RegistryMap::shortest(const std::string& from, const std::string& to) const {
    if (!network_) return std::nullopt;
    auto links = network_->shortest(from, to);
    if (!links) return std::nullopt;
    KnownRoute out{.links = std::move(*links)};
    for (const std::string& id : out.links) {
        const auto light = floor(picture_->find<Link>(id)->object);
        if (!light) return std::nullopt;
        out.floor += *light;
    }
    return out;
}

std::optional<Nanoseconds> RegistryMap::light(const std::string& from, const std::string& to) const {
    const auto *a = picture_->find<Site>(from), *b = picture_->find<Site>(to);
    if (a == nullptr || b == nullptr) return std::nullopt;
    return registry::light_delay(Link{}, a->object, b->object);
}

}  // namespace quipu::compare
