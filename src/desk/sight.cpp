#include "desk/sight.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::desk {

using platform::Permission;

namespace {

std::string number_of(auto value) {
    return fmt::to_string(static_cast<int>(value));
}

}  // namespace

bool Sight::Reach::includes(const std::vector<std::string>& concerned) const {
    return everywhere || std::ranges::any_of(concerned, [&](const std::string& organisation) {
               return std::ranges::binary_search(organisations, organisation);
           });
}

Sight::Reach Sight::reach(const platform::Caller& caller, const registry::Picture& picture, Permission permission,
                          std::string_view tag) {
    Reach out;
    out.everywhere = caller.may(permission, kEverywhere, tag);
    if (out.everywhere || !caller.may(permission, {}, tag)) return out;
    for (const auto& entry : picture.all<registry::Organisation>())  // sorted by id
        if (caller.may(permission, entry.object.id, tag)) out.organisations.push_back(entry.object.id);
    return out;
}

Sight::Sight(const platform::Caller& caller, const registry::Picture& picture)
    : self_(caller.id),
      signed_in_(caller.may(Permission::own, {}, kDeskTag)),
      team_(reach(caller, picture, Permission::work_cases, kDeskTag)),
      security_(reach(caller, picture, Permission::work_cases, kSecurityTag)),
      member_(reach(caller, picture, Permission::see_members, kDeskTag)) {}

Relation Sight::relation(const Case& what, bool watching) const {
    if (what.queue == Queue::security) return security_.includes(what.organisations) ? Relation::team : Relation::none;
    if (team_.includes(what.organisations)) return Relation::team;
    if (what.visibility == Visibility::private_) return Relation::none;
    if (member_.includes(what.organisations)) return Relation::member;
    if (signed_in_ && watching) return Relation::watcher;
    return what.visibility == Visibility::public_ ? Relation::reader : Relation::none;
}

store::Condition Sight::condition(data::Dialect dialect) const {
    std::string shown;
    std::vector<data::Cell> cells;
    const auto either = [&](std::string_view sql) { shown += fmt::format("{}{}", shown.empty() ? "" : " OR ", sql); };
    const std::string concerned =
        fmt::format("number IN (SELECT m.number FROM desk_marks m WHERE m.facet = 'organisation' AND {})",
                    store::in_list(dialect, "m.mark"));
    const std::string not_security = "queue <> " + number_of(Queue::security);
    const std::string members = fmt::format("visibility <= {}", number_of(Visibility::members));

    if (team_.everywhere) {
        either(not_security);
    } else {
        either(fmt::format("({} AND visibility = {})", not_security, number_of(Visibility::public_)));
        if (!team_.nowhere()) {
            either(fmt::format("({} AND {})", not_security, concerned));
            cells.push_back(store::list_cell(team_.organisations));
        }
        if (member_.everywhere) {
            either(fmt::format("({} AND {})", not_security, members));
        } else if (!member_.nowhere()) {
            either(fmt::format("({} AND {} AND {})", not_security, members, concerned));
            cells.push_back(store::list_cell(member_.organisations));
        }
        if (signed_in_) {
            either(fmt::format("({} AND {} AND number IN (SELECT w.number FROM desk_watchers w WHERE w.watcher = ?))",
                               not_security, members));
            cells.emplace_back(self_);
        }
    }
    const std::string security = "queue = " + number_of(Queue::security);
    if (security_.everywhere) {
        either(security);
    } else if (!security_.nowhere()) {
        either(fmt::format("({} AND {})", security, concerned));
        cells.push_back(store::list_cell(security_.organisations));
    }
    store::Condition out;
    if (!team_.everywhere || !security_.everywhere) out.add(shown, std::move(cells));
    return out;
}

bool Sight::may_work(Queue queue) const {
    return !(queue == Queue::security ? security_ : team_).nowhere();
}

bool Sight::works_at(Queue queue, const std::vector<std::string>& organisations) const {
    return (queue == Queue::security ? security_ : team_).includes(organisations);
}

bool Sight::is_member_of_all(const std::vector<std::string>& organisations) const {
    return std::ranges::all_of(organisations, [&](const std::string& organisation) {
        return member_.everywhere || std::ranges::binary_search(member_.organisations, organisation);
    });
}

Visibility Sight::reads_up_to(Relation relation) {
    switch (relation) {
        case Relation::team: return Visibility::private_;
        case Relation::member: return Visibility::members;
        case Relation::none:
        case Relation::reader:
        case Relation::watcher: break;
    }
    return Visibility::public_;
}

}  // namespace quipu::desk
