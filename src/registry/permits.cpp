#include "registry/permits.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::registry {
namespace {

using platform::Caller;
using platform::kEverywhere;
using platform::Permission;

constexpr std::string_view kTag = "registry";

std::string text_at(const Value& object, std::string_view key) {
    const Value* found = object.find(key);
    return found != nullptr && found->if_string() != nullptr ? *found->if_string() : std::string();
}

/// Places at which the change must be allowed: at each of `all`, and at one of `one` when it is not empty. An empty
/// name is the house.
struct Places {
    std::vector<std::string> all, one;
};

class Reckoner {
  public:
    Reckoner(const std::vector<Difference>& differences, const Picture& everything)
        : differences_(differences), everything_(everything) {}

    [[nodiscard]] Places places_of(const Difference& difference) const {
        Places places;
        switch (difference.kind) {
            case Kind::organisations: add_organisation(places, difference); break;
            case Kind::people: add_person(places, difference); break;
            case Kind::equipment:
                for_each_state(difference, [&](const Value& state, bool after) {
                    places.all.push_back(organisation_of_site(text_at(state, "site"), after));
                });
                break;
            case Kind::links:
                for_each_state(difference, [&](const Value& state, bool after) {
                    for (const char* end : {"a", "b"})
                        places.all.push_back(organisation_of_site(text_at(state, end), after));
                });
                break;
            default:
                for_each_state(difference,
                               [&](const Value& state, bool) { places.all.push_back(text_at(state, "organisation")); });
        }
        return places;
    }

  private:
    template <class F>
    static void for_each_state(const Difference& difference, F&& f) {
        if (!difference.before.is_null()) f(difference.before, false);
        if (!difference.after.is_null()) f(difference.after, true);
    }

    static void add_organisation(Places& places, const Difference& difference) {
        const std::string before = text_at(difference.before, "parent"), after = text_at(difference.after, "parent");
        if (difference.action != "created") places.all.push_back(difference.id);
        if (difference.action == "changed" && before == after) return;
        if (!difference.before.is_null()) places.all.push_back(before);
        if (!difference.after.is_null()) places.all.push_back(after);
    }

    static std::vector<std::string> organisations_in(const Value& person) {
        std::vector<std::string> out;
        const Value* roles = person.find("roles");
        if (roles == nullptr || roles->if_array() == nullptr) return out;
        for (const Value& role : *roles->if_array())
            out.push_back(text_at(role, "organisation"));
        return out;
    }

    static void add_person(Places& places, const Difference& difference) {
        const auto before = organisations_in(difference.before), after = organisations_in(difference.after);
        const auto lacks = [](const std::vector<std::string>& list, const std::string& each) {
            return std::ranges::find(list, each) == list.end();
        };
        for (const std::string& each : before)
            if (lacks(after, each)) places.all.push_back(each);
        for (const std::string& each : after)
            if (lacks(before, each)) places.all.push_back(each);
        places.one = before.empty() ? after : before;
        if (places.one.empty()) places.all.emplace_back();
    }

    /// Of a site as it is, or as the same change makes it.
    [[nodiscard]] std::string organisation_of_site(std::string_view site, bool after) const {
        if (after)
            for (const Difference& difference : differences_)
                if (difference.kind == Kind::sites && difference.id == site && !difference.after.is_null())
                    return text_at(difference.after, "organisation");
        const Entry<Site>* entry = everything_.find<Site>(site);
        return entry != nullptr ? entry->object.organisation.value_or("") : std::string();
    }

    const std::vector<Difference>& differences_;
    const Picture& everything_;
};

bool may_edit_at(const Caller& caller, const std::string& organisation) {
    return caller.may(Permission::edit_registry, organisation.empty() ? kEverywhere : std::string_view(organisation),
                      kTag);
}

}  // namespace

Result<void> may_change(const Caller& caller, const std::vector<Difference>& differences, const Picture& everything) {
    const Reckoner reckoner(differences, everything);
    Error refused{ErrorCode::forbidden, {}, {}, "ask who manages the registry there", {}};
    for (const Difference& difference : differences) {
        if (difference.action == "unchanged") continue;
        const Places places = reckoner.places_of(difference);
        const auto edits = [&](const std::string& place) { return may_edit_at(caller, place); };
        const auto missing = std::ranges::find_if_not(places.all, edits);
        const bool one = places.one.empty() || std::ranges::any_of(places.one, edits);
        if (missing == places.all.end() && one) continue;
        const std::string place = missing != places.all.end() ? *missing : places.one.front();
        refused.faults.push_back({fmt::format("{}/{}", enum_name(difference.kind), difference.id),
                                  place.empty() ? "belongs to the house itself: your roles are at organisations"
                                                : fmt::format("needs edit-registry at {}", place)});
    }
    if (refused.faults.empty()) return {};
    refused.what = refused.faults.size() == 1
                       ? refused.faults.front().what
                       : fmt::format("{} objects are not yours to change", refused.faults.size());
    return std::unexpected(std::move(refused));
}

Sight sight_of(const Caller& caller, const Person& person, const Accredited& accredited) {
    const auto may_there = [&](Permission permission) {
        if (person.roles.empty()) return caller.may(permission, kEverywhere, kTag);
        return std::ranges::any_of(person.roles,
                                   [&](const RoleAt& at) { return caller.may(permission, at.organisation, kTag); });
    };
    Sight sight;
    // Whoever changes a person sees all of them: what is not seen would be lost by the change.
    const bool edits = may_there(Permission::edit_registry);
    sight.members = edits || caller.may(Permission::see_members, {}, kTag);
    sight.private_ = edits || may_there(Permission::see_private);
    sight.pert = edits || (accredited && accredited(caller));
    return sight;
}

std::string shown_actor(const Caller& caller, const std::string& who) {
    const bool is_person = who.starts_with("person:") || who.starts_with("token:");
    return is_person && !caller.may(Permission::see_members, {}, kTag) ? "person" : who;
}

std::vector<std::string> organisations_of_link(const Picture& everything, std::string_view link) {
    const Entry<Link>* entry = everything.find<Link>(link);
    if (entry == nullptr) return {};
    std::vector<std::string> out;
    for (const std::string& end : {entry->object.a, entry->object.b}) {
        const Entry<Site>* site = everything.find<Site>(end);
        if (site == nullptr || !site->object.organisation) return {};
        if (std::ranges::find(out, *site->object.organisation) == out.end()) out.push_back(*site->object.organisation);
    }
    return out;
}

}  // namespace quipu::registry
