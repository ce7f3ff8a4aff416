#include "services/measure/path_names.h"

#include <algorithm>

namespace quipu::measure {
namespace {

std::pair<std::string, std::string> ends_in_order(std::string a, std::string b) {
    return a < b ? std::pair(std::move(a), std::move(b)) : std::pair(std::move(b), std::move(a));
}

/// The first takes the place; a second one leaves it empty.
template <class Map, class Key>
void put_only(Map& map, Key key, const std::string& value) {
    const auto [at, fresh] = map.emplace(std::move(key), value);
    if (!fresh && at->second != value) at->second.clear();
}

}  // namespace

SitesByAddress sites_by_address(
    const std::vector<std::pair<std::string, std::vector<net::IpAddress>>>& addresses_of_sites) {
    SitesByAddress out;
    for (const auto& [site, addresses] : addresses_of_sites)
        for (const net::IpAddress& address : addresses)
            put_only(out, address, site);
    std::erase_if(out, [](const auto& entry) { return entry.second.empty(); });
    return out;
}

std::vector<std::string> sites_between(const path::PathRecord& way, const SitesByAddress& sites) {
    std::vector<std::string> out;
    for (const path::Hop& hop : way.hops) {
        const auto at = hop.silent() ? sites.end() : sites.find(hop.addresses.front());
        out.push_back(at == sites.end() ? std::string() : at->second);
    }
    if (!way.reached)
        out.emplace_back();
    else if (!out.empty())
        out.pop_back();  // the target itself
    return out;
}

PathNames::PathNames(std::shared_ptr<const registry::Picture> picture, std::shared_ptr<const SitesByAddress> sites)
    : picture_(std::move(picture)), sites_(std::move(sites)) {
    for (const auto& entry : picture_->resources(registry::Kind::as_numbers))
        put_only(as_of_, entry.object.organisation, "AS" + entry.object.value);
    for (const auto* entry : picture_->links_in_service())
        put_only(links_, ends_in_order(entry->object.a, entry->object.b), entry->object.id);
}

void PathNames::take_dns_names(net::DnsNames* dns, const std::vector<net::IpAddress>& addresses, bool ask) {
    if (dns == nullptr) return;
    std::vector<net::IpAddress> unknown;
    for (const net::IpAddress& address : addresses)
        if (!sites_->contains(address)) unknown.push_back(address);
    dns_names_ = ask ? dns->of(unknown) : dns->known(unknown);
}

AddressOwner PathNames::owner_of(const net::IpAddress& address) const {
    AddressOwner out{.address = address};
    if (const auto at = sites_->find(address); at != sites_->end()) {
        out.site = at->second;
        if (const auto* site = picture_->find<registry::Site>(out.site)) {
            out.site_name = site->object.name;
            out.organisation = site->object.organisation.value_or("");
        }
    }
    if (const auto* owner = picture_->owner_of(address)) out.organisation = owner->object.id;
    if (const auto* organisation = picture_->find<registry::Organisation>(out.organisation))
        out.organisation_name = organisation->object.name;
    if (const auto at = as_of_.find(out.organisation); at != as_of_.end()) out.as = at->second;
    if (const auto at = dns_names_.find(address); at != dns_names_.end()) out.dns_name = at->second;
    return out;
}

std::vector<NamedHop> PathNames::named(const std::vector<path::Hop>& hops, std::string_view from) const {
    std::vector<NamedHop> out;
    std::string before(from);
    for (const path::Hop& hop : hops) {
        NamedHop named;
        static_cast<path::Hop&>(named) = hop;
        if (!hop.silent()) {
            AddressOwner owner = owner_of(hop.addresses.front());
            const auto link = links_.find(ends_in_order(before, owner.site));
            if (!before.empty() && !owner.site.empty() && link != links_.end()) named.link = link->second;
            named.site = std::move(owner.site);
            named.site_name = std::move(owner.site_name);
            named.organisation = std::move(owner.organisation);
            named.organisation_name = std::move(owner.organisation_name);
            named.as = std::move(owner.as);
            named.dns_name = std::move(owner.dns_name);
        }
        before = named.site;
        out.push_back(std::move(named));
    }
    return out;
}

}  // namespace quipu::measure
