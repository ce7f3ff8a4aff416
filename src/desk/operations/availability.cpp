#include "desk/operations/availability.h"

#include <algorithm>
#include <map>
#include <set>

#include "desk/operations/engine_windows.h"
#include "desk/operations/network.h"
#include "registry/whatif.h"

namespace quipu::operations {
namespace {

using registry::Link;
using registry::Organisation;
using registry::Site;

Time start_of(const Date& day) {
    return Time(std::chrono::sys_days(day));
}
Interval life(const std::optional<Date>& since, const std::optional<Date>& until, const Interval& period) {
    return {since ? std::max(period.begin, start_of(*since)) : period.begin,
            until ? std::min(period.end, start_of(*until)) : period.end};
}

/// What was down, and of that what a window announced.
struct Story {
    Part part = Part::link;
    std::string object;
    Intervals down, planned;
};

/// What of the network was out of reach in each stretch of time.
class Reach {
  public:
    explicit Reach(const registry::Registry& registry) : registry_(registry) {}

    struct Gone {
        std::set<std::string> sites, organisations;
    };
    [[nodiscard]] Result<const Gone*> without(const std::set<std::string>& links, const std::set<std::string>& sites,
                                              Time time) {
        const Date day = date_of(time);
        const auto key = std::tuple(std::chrono::sys_days(day), links, sites);
        const auto known = known_.find(key);
        if (known != known_.end()) return &known->second;
        auto& what_if = networks_[std::chrono::sys_days(day)];
        if (what_if == nullptr) what_if = TRY(registry::WhatIf::create(TRY(registry_.as_of(day))));
        const auto there = [](const std::set<std::string>& wanted, const std::vector<std::string>& all) {
            std::vector<std::string> out;
            std::ranges::set_intersection(wanted, all, std::back_inserter(out));
            return out;
        };
        const auto failure = TRY(what_if->failure(there(sites, what_if->sites()), there(links, what_if->links())));
        Gone gone;
        gone.sites.insert(failure.cut_off.begin(), failure.cut_off.end());
        gone.sites.insert(sites.begin(), sites.end());
        gone.organisations.insert(failure.organisations_cut_off.begin(), failure.organisations_cut_off.end());
        return &known_.emplace(key, std::move(gone)).first->second;
    }

  private:
    const registry::Registry& registry_;
    std::map<std::chrono::sys_days, std::unique_ptr<registry::WhatIf>> networks_;
    std::map<std::tuple<std::chrono::sys_days, std::set<std::string>, std::set<std::string>>, Gone> known_;
};

Result<std::vector<Story>> stories(const Rooms& rooms, const Interval& period, Time now) {
    std::map<std::pair<Part, std::string>, std::vector<Interval>> down;
    for (const Down& one : TRY(rooms.store.downs(period, now)))
        if (one.part != Part::point) down[{one.part, one.object}].push_back(one.time);
    const auto windows = TRY(rooms.store.windows(period));
    const auto ends = ends_of(*rooms.registry.everything());
    std::vector<Story> out;
    for (auto& [what, times] : down) {
        Intervals seen = both(normal(std::move(times)), {period});
        Intervals planned = both(seen, planned_for(windows, what.first, what.second, ends));
        out.push_back({what.first, what.second, std::move(seen), std::move(planned)});
    }
    return out;
}

/// Between two turns the same things are down.
std::vector<Time> turns_of(const std::vector<Story>& list) {
    std::set<Time> out;
    for (const Story& story : list)
        for (const auto* intervals : {&story.down, &story.planned})
            for (const Interval& one : *intervals)
                out.insert({one.begin, one.end});
    return {out.begin(), out.end()};
}

struct Fate {
    std::vector<Interval> down, planned;
};
struct Fates {
    std::map<std::string, Fate> sites, organisations;
};

Result<Fates> fates_of(const Rooms& rooms, const std::vector<Story>& list) {
    Fates out;
    Reach reach(rooms.registry);
    const auto turns = turns_of(list);
    for (std::size_t i = 0; i + 1 < turns.size(); ++i) {
        const Interval stretch{turns[i], turns[i + 1]};
        std::set<std::string> links, sites, links_unplanned, sites_unplanned;
        for (const Story& story : list) {
            if (both(story.down, {stretch}).empty()) continue;
            const bool planned = !both(story.planned, {stretch}).empty();
            (story.part == Part::link ? links : sites).insert(story.object);
            if (!planned) (story.part == Part::link ? links_unplanned : sites_unplanned).insert(story.object);
        }
        if (links.empty() && sites.empty()) continue;
        const auto* all = TRY(reach.without(links, sites, stretch.begin));
        const auto* unplanned = TRY(reach.without(links_unplanned, sites_unplanned, stretch.begin));
        const auto note = [&](std::map<std::string, Fate>& fates, const std::set<std::string>& gone,
                              const std::set<std::string>& gone_anyway) {
            for (const std::string& id : gone) {
                fates[id].down.push_back(stretch);
                if (!gone_anyway.contains(id)) fates[id].planned.push_back(stretch);
            }
        };
        note(out.sites, all->sites, unplanned->sites);
        note(out.organisations, all->organisations, unplanned->organisations);
    }
    return out;
}

Availability figure(const Interval& service, const Fate& fate) {
    return availability_of(normal({service}), normal(fate.down), normal(fate.planned));
}

}  // namespace

Result<std::vector<Availability>> availability(const Rooms& rooms, By by, Interval period, Time now) {
    period.end = std::min(period.end, now);
    std::vector<Availability> out;
    const auto list = TRY(stories(rooms, period, now));
    const auto add = [&](Availability figure, const std::string& id, const std::string& name) {
        if (figure.in_service_s == 0) return;
        figure.id = id;
        figure.name = name;
        out.push_back(std::move(figure));
    };
    const auto picture = rooms.registry.everything();
    if (by == By::link) {
        for (const auto& entry : picture->all<Link>()) {
            const Link& link = entry.object;
            if (!link.activated) continue;
            Fate fate;
            for (const Story& story : list)
                if (story.part == Part::link && story.object == link.id) fate = {story.down, story.planned};
            add(figure(life(link.activated, link.retired, period), fate), link.id, link.id);
        }
        return out;
    }
    const auto fates = TRY(fates_of(rooms, list));
    const auto fate_of = [](const std::map<std::string, Fate>& all, const std::string& id) {
        const auto at = all.find(id);
        return at == all.end() ? Fate{} : at->second;
    };
    if (by == By::site) {
        for (const auto& entry : picture->all<Site>())
            add(figure(life(entry.object.since, entry.object.until, period), fate_of(fates.sites, entry.object.id)),
                entry.object.id, entry.object.name);
        return out;
    }
    for (const auto& entry : picture->all<Organisation>())
        if (entry.object.type != registry::OrganisationType::provider)
            add(figure(life(entry.object.since, entry.object.until, period),
                       fate_of(fates.organisations, entry.object.id)),
                entry.object.id, entry.object.name);
    return out;
}

}  // namespace quipu::operations
