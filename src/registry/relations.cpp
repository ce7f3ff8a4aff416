#include "registry/relations.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "registry/resources.h"

namespace quipu::registry {
namespace {

std::string_view singular(Kind kind) {
    switch (kind) {
        case Kind::organisations: return "organisation";
        case Kind::people: return "person";
        case Kind::sites: return "site";
        case Kind::equipment: return "equipment";
        case Kind::links: return "link";
        case Kind::as_numbers: return "AS number";
        case Kind::prefixes: return "prefix";
        case Kind::domains: return "domain";
        case Kind::realms: return "realm";
        case Kind::telephone_prefixes: return "telephone prefix";
    }
    return "object";
}

const Organisation* organisation(const Overlay& overlay, std::string_view id) {
    const Object* object = overlay.find(Kind::organisations, id);
    return object == nullptr ? nullptr : std::get_if<Organisation>(object);
}

/// Longer than any tree that people make; ends walks around a cycle.
constexpr int kDeepest = 100;

/// Is `lower` connected, directly or not, through `upper`?
bool is_below(const Overlay& overlay, const std::string& lower, const std::string& upper) {
    const Organisation* at = organisation(overlay, lower);
    for (int depth = 0; at != nullptr && at->parent && depth < kDeepest; ++depth) {
        if (*at->parent == upper) return true;
        at = organisation(overlay, *at->parent);
    }
    return false;
}

void check_references(const ChangeSet& set, const Overlay& overlay, Faults& faults) {
    for (const Change& change : set.changes) {
        const Object* object = overlay.find(change.kind, change.id);
        if (object == nullptr) continue;
        for (const Reference& reference : references_of(*object))
            if (overlay.find(reference.kind, reference.id) == nullptr)
                faults.add(ErrorCode::invalid, change, reference.field,
                           fmt::format("there is no {} \"{}\"", singular(reference.kind), reference.id));
    }
}

void check_removals(const ChangeSet& set, const Overlay& overlay, Faults& faults) {
    constexpr std::size_t kNamed = 5;
    struct Users {
        const Change* change;
        std::vector<std::string> names;
        std::size_t more = 0;
    };
    std::map<std::pair<Kind, std::string_view>, Users> removed;
    for (const Change& change : set.changes)
        if (change.object.is_null())
            removed.emplace(std::pair(change.kind, std::string_view(change.id)), Users{&change, {}, 0});
    if (removed.empty()) return;
    for (const Kind kind : kKinds) {
        overlay.for_each(kind, [&](const Object& object) {
            // A changed object that refers to nothing is told so at its own line.
            if (overlay.changes(kind, id_of(object))) return;
            for (const Reference& reference : references_of(object)) {
                const auto at = removed.find({reference.kind, reference.id});
                if (at == removed.end()) continue;
                Users& users = at->second;
                if (users.names.size() < kNamed)
                    users.names.push_back(fmt::format("{} {} ({})", singular(kind), id_of(object), reference.field));
                else
                    ++users.more;
            }
        });
    }
    for (const auto& [key, users] : removed) {
        if (users.names.empty()) continue;
        std::string who = fmt::format("{}", fmt::join(users.names, ", "));
        if (users.more > 0) who += fmt::format(" and {} more", users.more);
        faults.add(ErrorCode::conflict, *users.change, {}, fmt::format("is still referred to by {}", who));
    }
}

void check_tree(const ChangeSet& set, const Overlay& overlay, Faults& faults) {
    for (const Change& change : set.changes) {
        if (change.kind != Kind::organisations) continue;
        const Organisation* at = organisation(overlay, change.id);
        std::string path = change.id;
        for (int depth = 0; at != nullptr && at->parent; ++depth) {
            path += " → " + *at->parent;
            if (*at->parent == change.id) {
                faults.add(ErrorCode::invalid, change, "parent", "goes round in a circle: " + path);
                break;
            }
            if (depth == kDeepest) break;  // the cycle is above this one and is reported there
            at = organisation(overlay, *at->parent);
        }
    }
}

struct Holding {
    std::string key;
    const Resource* resource;
};

std::string owner_name(const Overlay& overlay, const Resource& resource) {
    const Organisation* owner = organisation(overlay, resource.organisation);
    return owner == nullptr ? resource.organisation : owner->name;
}

class Ownership {
  public:
    Ownership(Kind kind, const ChangeSet& set, const Overlay& overlay, Faults& faults)
        : kind_(kind), overlay_(overlay), faults_(faults) {
        for (const Change& change : set.changes) {
            if (change.object.is_null()) continue;
            if (change.kind == kind) changed_.emplace(change.id, &change);
            if (change.kind == Kind::organisations) moved_.emplace(change.id, &change);
        }
    }

    /// Every holding against those that enclose it. Sorted by key, what encloses comes before what it encloses.
    void check() {
        std::vector<Holding> all;
        overlay_.for_each(kind_, [&](const Object& object) {
            const auto& resource = std::get<Resource>(object);
            all.push_back({nesting_key(kind_, resource.value), &resource});
        });
        std::ranges::sort(all, {}, &Holding::key);
        std::vector<const Holding*> enclosing;
        for (const Holding& holding : all) {
            while (!enclosing.empty() && !holding.key.starts_with(enclosing.back()->key))
                enclosing.pop_back();
            for (const Holding* outer : enclosing)
                compare(*outer, holding);
            enclosing.push_back(&holding);
        }
    }

  private:
    void compare(const Holding& outer, const Holding& inner) {
        const Resource& a = *outer.resource;
        const Resource& b = *inner.resource;
        if (!life_of(a).meets(life_of(b))) return;
        if (outer.key == inner.key) {
            report(a, b, fmt::format("{} is recorded already as {}, of {}", a.value, a.id, owner_name(overlay_, a)),
                   fmt::format("{} is recorded already as {}, of {}", b.value, b.id, owner_name(overlay_, b)));
            return;
        }
        if (a.organisation == b.organisation || is_below(overlay_, b.organisation, a.organisation)) return;
        report(a, b,
               fmt::format("{} lies within {} of {}, and {} is not connected through it", b.value, a.value,
                           owner_name(overlay_, a), owner_name(overlay_, b)),
               fmt::format("{} would enclose {} of {}, which is not connected through {}", a.value, b.value,
                           owner_name(overlay_, b), owner_name(overlay_, a)));
    }

    /// At the change that makes the contradiction: the inner, else the outer, else the organisation that moved.
    void report(const Resource& outer, const Resource& inner, std::string at_inner, std::string at_outer) {
        if (const auto at = changed_.find(inner.id); at != changed_.end())
            faults_.add(ErrorCode::conflict, *at->second, "value", std::move(at_inner));
        else if (const auto outer_at = changed_.find(outer.id); outer_at != changed_.end())
            faults_.add(ErrorCode::conflict, *outer_at->second, "value", std::move(at_outer));
        else if (const auto moved = moved_.find(inner.organisation); moved != moved_.end())
            faults_.add(ErrorCode::conflict, *moved->second, "parent", std::move(at_inner));
        else if (!moved_.empty())
            faults_.add(ErrorCode::conflict, *moved_.begin()->second, "parent", std::move(at_inner));
    }

    static Life life_of(const Resource& resource) { return {resource.since, resource.until}; }

    Kind kind_;
    const Overlay& overlay_;
    Faults& faults_;
    std::map<std::string_view, const Change*> changed_;
    std::map<std::string_view, const Change*> moved_;
};

}  // namespace

void check_relations(const ChangeSet& set, const Overlay& overlay, Faults& faults) {
    check_references(set, overlay, faults);
    check_removals(set, overlay, faults);
    check_tree(set, overlay, faults);
    for (const Kind kind : kKinds)
        if (is_resource(kind) && (overlay.changes(kind) || overlay.changes(Kind::organisations)))
            Ownership(kind, set, overlay, faults).check();
}

}  // namespace quipu::registry
