#include "desk/operations/network.h"

#include <algorithm>
#include <set>

#include "registry/whatif.h"

namespace quipu::operations {
namespace {

using registry::Link;
using registry::Organisation;
using registry::Person;
using registry::Site;

std::string site_name(const registry::Picture& picture, const std::string& id) {
    const auto* site = picture.find<Site>(id);
    return site == nullptr ? id : site->object.name;
}

void add_owner(const registry::Picture& picture, const std::string& site, std::set<std::string>& out) {
    const auto* entry = picture.find<Site>(site);
    if (entry != nullptr && entry->object.organisation) out.insert(*entry->object.organisation);
}

bool is_among(const std::vector<std::string>& list, const std::string& wanted) {
    return std::ranges::find(list, wanted) != list.end();
}

/// Those of these that the network of the day has.
std::vector<std::string> in_service(const std::vector<std::string>& wanted, const std::vector<std::string>& there) {
    std::vector<std::string> out;
    std::ranges::copy_if(wanted, std::back_inserter(out), [&](const auto& id) { return is_among(there, id); });
    return out;
}

}  // namespace

std::vector<Ends> ends_of(const registry::Picture& picture) {
    std::vector<Ends> out;
    for (const auto& entry : picture.all<Link>())
        out.push_back({entry.object.id, entry.object.a, entry.object.b});
    return out;
}

std::string name_of(const registry::Picture& picture, Part part, const std::string& object) {
    if (part != Part::link) return site_name(picture, object);
    const auto* link = picture.find<Link>(object);
    if (link == nullptr) return object;
    return site_name(picture, link->object.a) + "–" + site_name(picture, link->object.b);
}

Result<ExpectedEffect> effect_of(const Picture& picture, const std::vector<std::string>& links,
                                 const std::vector<std::string>& sites) {
    for (const std::string& link : links)
        if (picture->find<Link>(link) == nullptr)
            return fail(ErrorCode::invalid, "there is no link \"" + link + "\"", "links", "see /api/v1/links");
    for (const std::string& site : sites)
        if (picture->find<Site>(site) == nullptr)
            return fail(ErrorCode::invalid, "there is no site \"" + site + "\"", "sites", "see /api/v1/sites");
    const auto what_if = TRY(registry::WhatIf::create(picture));
    const auto failure =
        TRY(what_if->failure(in_service(sites, what_if->sites()), in_service(links, what_if->links())));
    ExpectedEffect out{.pairs_cut = static_cast<std::int64_t>(failure.pairs_cut),
                       .pairs_rerouted = static_cast<std::int64_t>(failure.pairs_rerouted),
                       .worst_stretch = failure.worst_stretch,
                       .sites_cut_off = failure.cut_off,
                       .organisations_cut_off = failure.organisations_cut_off};
    std::set<std::string> affected;
    if (failure.paths)
        for (const auto& path : *failure.paths) {
            add_owner(*picture, path.from, affected);
            add_owner(*picture, path.to, affected);
        }
    for (const std::string& site : sites)
        add_owner(*picture, site, affected);
    out.affected.assign(affected.begin(), affected.end());
    return out;
}

Result<void> judge(const Picture& picture, Outage& outage) {
    std::set<std::string> concerned;
    for (const AffectedPair& pair : outage.pairs) {
        add_owner(*picture, pair.from, concerned);
        add_owner(*picture, pair.to, concerned);
    }
    outage.severity = Severity::minor;
    if (outage.part == Part::point) {
        // Traffic does not suffer: only the point's own site is concerned.
        concerned.clear();
        add_owner(*picture, outage.object, concerned);
    } else {
        const bool link = outage.part == Part::link;
        const auto effect = TRY(effect_of(picture, link ? std::vector{outage.object} : std::vector<std::string>{},
                                          link ? std::vector<std::string>{} : std::vector{outage.object}));
        outage.pairs_cut = effect.pairs_cut;
        outage.pairs_rerouted = effect.pairs_rerouted;
        outage.organisations_cut_off = effect.organisations_cut_off;
        const bool cut = !effect.organisations_cut_off.empty() || !effect.sites_cut_off.empty() ||
                         effect.pairs_cut > 0 || outage.part == Part::site;
        outage.severity = cut ? Severity::critical : Severity::major;
        if (outage.part == Part::site) add_owner(*picture, outage.object, concerned);
        const auto* entry = link ? picture->find<Link>(outage.object) : nullptr;
        if (entry != nullptr && entry->object.provider) concerned.insert(*entry->object.provider);
    }
    outage.organisations.assign(concerned.begin(), concerned.end());
    return {};
}

std::string role_to_tell(const registry::Picture& picture, std::string_view organisation) {
    std::string out;
    for (const auto& entry : picture.all<Person>())
        for (const auto& at : entry.object.roles) {
            if (at.organisation != organisation) continue;
            if (at.role == "noc") return at.role;
            if (at.role == "technical") out = at.role;
        }
    return out;
}

}  // namespace quipu::operations
