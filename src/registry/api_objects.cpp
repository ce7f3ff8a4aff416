// The ten collections: list, read, make, change, remove, history.

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/fold.h"
#include "platform/off_loop.h"
#include "registry/api.h"
#include "registry/exchange.h"
#include "registry/listed.h"

namespace quipu::registry {
namespace {

using platform::Call;
using platform::Page;
using platform::Permission;
using platform::Reply;

// ---- what a list can be asked for

struct ListQuery : platform::PageQuery {
    std::optional<Date> as_of;
    bool all = false;
    std::string q;
    static constexpr auto describe() {
        using T = ListQuery;
        return std::tuple_cat(
            platform::PageQuery::describe(),
            fields(field<&T::as_of>("as_of", "As it was, or is to be, on this day; today if left out"),
                   field<&T::all>("all", "Also what is over or yet to come"),
                   field<&T::q>("q", "Only those whose id or name holds this text, accents aside").at_most_long(200)));
    }
};

struct OrganisationsQuery : ListQuery {
    std::optional<std::string> country, parent;
    std::optional<OrganisationType> type;
    static constexpr auto describe() {
        using T = OrganisationsQuery;
        return std::tuple_cat(ListQuery::describe(), fields(field<&T::country>("country", "ISO 3166-1 code"),
                                                            field<&T::type>("type", "What it is"),
                                                            field<&T::parent>("parent", "Connected through")));
    }
    [[nodiscard]] bool wants(const Organisation& o) const {
        return (!country || o.country == country) && (!type || o.type == *type) && (!parent || o.parent == parent);
    }
};
struct PeopleQuery : ListQuery {
    std::optional<std::string> organisation, role;
    static constexpr auto describe() {
        using T = PeopleQuery;
        return std::tuple_cat(ListQuery::describe(),
                              fields(field<&T::organisation>("organisation", "With a role there"),
                                     field<&T::role>("role", "With this role")));
    }
    [[nodiscard]] bool wants(const Person& person) const {
        if (!organisation && !role) return true;
        return std::ranges::any_of(person.roles, [&](const RoleAt& at) {
            return (!organisation || at.organisation == *organisation) && (!role || at.role == *role);
        });
    }
};
struct SitesQuery : ListQuery {
    std::optional<std::string> country, organisation;
    std::optional<bool> pop;
    static constexpr auto describe() {
        using T = SitesQuery;
        return std::tuple_cat(ListQuery::describe(),
                              fields(field<&T::country>("country", "ISO 3166-1 code"),
                                     field<&T::organisation>("organisation", "Whose it is"),
                                     field<&T::pop>("pop", "Only points of presence, or only others")));
    }
    [[nodiscard]] bool wants(const Site& site) const {
        return (!country || site.country == country) && (!organisation || site.organisation == organisation) &&
               (!pop || site.pop == *pop);
    }
};
struct EquipmentQuery : ListQuery {
    std::optional<std::string> site, type;
    static constexpr auto describe() {
        using T = EquipmentQuery;
        return std::tuple_cat(ListQuery::describe(), fields(field<&T::site>("site", "Where it stands"),
                                                            field<&T::type>("type", "What it is")));
    }
    [[nodiscard]] bool wants(const Equipment& e) const {
        return (!site || e.site == *site) && (!type || e.type == *type);
    }
};
struct LinksQuery : ListQuery {
    std::optional<std::string> site, provider;
    std::optional<Medium> medium;
    static constexpr auto describe() {
        using T = LinksQuery;
        return std::tuple_cat(ListQuery::describe(), fields(field<&T::site>("site", "With an end there"),
                                                            field<&T::provider>("provider", "Who provides it"),
                                                            field<&T::medium>("medium", "What carries it")));
    }
    [[nodiscard]] bool wants(const Link& link) const {
        return (!site || link.a == *site || link.b == *site) && (!provider || link.provider == provider) &&
               (!medium || link.medium == medium);
    }
};
struct ResourcesQuery : ListQuery {
    std::optional<std::string> organisation;
    static constexpr auto describe() {
        using T = ResourcesQuery;
        return std::tuple_cat(ListQuery::describe(), fields(field<&T::organisation>("organisation", "Its owner")));
    }
    [[nodiscard]] bool wants(const Resource& r) const { return !organisation || r.organisation == *organisation; }
};

/// What belongs to each kind's struct.
template <class T>
struct Shape;
template <>
struct Shape<Organisation> {
    using Record = OrganisationRecord;
    using Query = OrganisationsQuery;
};
template <>
struct Shape<Person> {
    using Record = PersonRecord;
    using Query = PeopleQuery;
};
template <>
struct Shape<Site> {
    using Record = SiteRecord;
    using Query = SitesQuery;
};
template <>
struct Shape<Equipment> {
    using Record = EquipmentRecord;
    using Query = EquipmentQuery;
};
template <>
struct Shape<Link> {
    using Record = LinkRecord;
    using Query = LinksQuery;
};
template <>
struct Shape<Resource> {
    using Record = ResourceRecord;
    using Query = ResourcesQuery;
};

// ---- requests about one object

struct OneQuery {
    std::string id;
    std::optional<Date> as_of;
    static constexpr auto describe() {
        using T = OneQuery;
        return fields(field<&T::id>("id", "The object").required(),
                      field<&T::as_of>("as_of", "As it was, or is to be, on this day"));
    }
};
struct HistoryQuery : platform::PageQuery {
    std::string id;
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(), fields(field<&HistoryQuery::id>("id", "The object").required()));
    }
};
template <class Record>
struct NewObject {
    Record body;
    std::string why;
    std::optional<Date> effective;
    static constexpr auto describe() {
        using T = NewObject;
        return fields(field<&T::body>("body", "The object").required(),
                      field<&T::why>("why", "The reason, kept with the change").at_most_long(1000),
                      field<&T::effective>("effective", "The day from which it is true; today if left out"));
    }
};
template <class Record>
struct ChangedObject {
    std::string id;
    Record body;
    std::string why;
    std::optional<Date> effective;
    static constexpr auto describe() {
        using T = ChangedObject;
        return fields(field<&T::id>("id", "The object").required(),
                      field<&T::body>("body", "The whole object, as it is to be").required(),
                      field<&T::why>("why", "The reason, kept with the change").at_most_long(1000),
                      field<&T::effective>("effective", "The day from which it is true; today if left out"));
    }
};
struct RemovedObject {
    std::string id;
    std::string why;
    std::optional<Date> effective;
    static constexpr auto describe() {
        using T = RemovedObject;
        return fields(field<&T::id>("id", "The object").required(),
                      field<&T::why>("why", "The reason, kept with the change").at_most_long(1000),
                      field<&T::effective>("effective", "The day from which it is gone; today if left out"));
    }
};

std::unexpected<Error> not_there(Kind kind, std::string_view id) {
    return fail(ErrorCode::not_found, fmt::format("there is no \"{}\" in {}", id, enum_name(kind)), "id");
}

/// Everything for one kind whose objects are T.
template <class T>
class Collection {
  public:
    using Record = typename Shape<T>::Record;
    using Query = typename Shape<T>::Query;

    Collection(Kind kind, Desk& desk)
        : kind_(kind), desk_(&desk), name_(enum_name(kind)), path_(fmt::format("/api/v1/{}", name_)) {}

    void add_routes(platform::Api& api) const {
        const std::string object_path = path_ + "/{id}";
        const auto route = [&](const std::string& path, const std::string& summary, Permission permission,
                               const std::string& command, auto add) {
            add(platform::RouteInfo{
                .path = path, .summary = summary, .tag = "registry", .permission = permission, .command = command});
        };
        route(path_, fmt::format("List {}", name_), Permission::see_public,
              fmt::format("quipu registry list {}", name_), [&](platform::RouteInfo info) {
                  api.get<Query, Page<Record>>(info, [c = *this](const Call& call, Query query) {
                      return c.list(call.caller, std::move(query));
                  });
              });
        route(object_path, fmt::format("One of {}", name_), Permission::see_public,
              fmt::format("quipu registry show {} ID", name_), [&](platform::RouteInfo info) {
                  api.get<OneQuery, Record>(info, [c = *this](const Call& call, OneQuery query) {
                      return c.one(call.caller, std::move(query));
                  });
              });
        route(path_, fmt::format("Add to {}", name_), Permission::edit_registry,
              fmt::format("quipu registry set {} ID --create FIELD=VALUE", name_), [&](platform::RouteInfo info) {
                  info.success = 201;
                  api.post<NewObject<Record>, Record>(info, [c = *this](const Call& call, NewObject<Record> wanted) {
                      return c.create(call.caller, std::move(wanted));
                  });
              });
        route(object_path, fmt::format("Change one of {}", name_), Permission::edit_registry,
              fmt::format("quipu registry set {} ID FIELD=VALUE", name_), [&](platform::RouteInfo info) {
                  info.needs_if_match = true;
                  api.put<ChangedObject<Record>, Record>(
                      info, [c = *this](const Call& call, ChangedObject<Record> wanted) {
                          return c.change(call.caller, call.if_match, std::move(wanted));
                      });
              });
        route(object_path, fmt::format("Remove one of {}", name_), Permission::edit_registry,
              fmt::format("quipu registry remove {} ID", name_), [&](platform::RouteInfo info) {
                  info.needs_if_match = true;
                  api.remove<RemovedObject, platform::Nothing>(
                      info, [c = *this](const Call& call, RemovedObject wanted) {
                          return c.remove(call.caller, call.if_match, std::move(wanted));
                      });
              });
        route(object_path + "/history", fmt::format("Every change of one of {}", name_), Permission::see_public,
              fmt::format("quipu registry history {} ID", name_), [&](platform::RouteInfo info) {
                  api.get<HistoryQuery, Page<Revision>>(info, [c = *this](const Call& call, HistoryQuery query) {
                      return c.history(call.caller, std::move(query));
                  });
              });
    }

  private:
    const std::vector<Entry<T>>& table(const Picture& picture) const {
        if constexpr (std::same_as<T, Resource>)
            return picture.resources(kind_);
        else
            return picture.all<T>();
    }

    const Entry<T>* find(const Picture& picture, std::string_view id) const {
        if constexpr (std::same_as<T, Resource>)
            return picture.find_resource(kind_, id);
        else
            return picture.find<T>(id);
    }

    Record shown(const Entry<T>& entry, const platform::Caller& caller) const {
        Record record = record_of<Record>(entry);
        if constexpr (std::same_as<T, Person>)
            static_cast<Person&>(record) = visible_part(Person(record), desk_->sight(caller, entry.object));
        record.changed_by = shown_actor(caller, record.changed_by);
        return record;
    }

    Task<Result<Page<Record>>> list(const platform::Caller& caller, Query query) const {
        const Registry& registry = desk_->registry;
        std::shared_ptr<const Picture> picture = query.all ? registry.everything() : registry.now();
        if (query.as_of) picture = CO_TRY(co_await platform::off_loop([&] { return registry.as_of(*query.as_of); }));
        const std::string after = query.cursor.empty() ? std::string() : CO_TRY(platform::read_cursor(query.cursor));
        const std::string text = folded(query.q);
        const auto matches = [&](const T& object) {
            return query.wants(object) && (text.empty() || object.id.find(text) != std::string::npos ||
                                           folded(name_of(object)).find(text) != std::string::npos);
        };
        const auto& all = table(*picture);
        Page<Record> page;
        for (auto at = std::ranges::upper_bound(all, after, {},
                                                [](const Entry<T>& e) -> const std::string& { return e.object.id; });
             at != all.end(); ++at) {
            if (!matches(at->object)) continue;
            if (page.items.size() == static_cast<std::size_t>(query.limit)) {
                page.next = platform::make_cursor(page.items.back().id);
                break;
            }
            page.items.push_back(shown(*at, caller));
        }
        co_return page;
    }

    Task<Result<platform::SharedJson>> one(const platform::Caller& caller, OneQuery query) const {
        const Registry& registry = desk_->registry;
        std::shared_ptr<const Picture> picture = registry.everything();
        if (query.as_of) picture = CO_TRY(co_await platform::off_loop([&] { return registry.as_of(*query.as_of); }));
        const Entry<T>* entry = find(*picture, query.id);
        if (entry == nullptr) co_return not_there(kind_, query.id);
        const auto make = [&] { return json_text(shown(*entry, caller)); };
        const std::string etag = fmt::to_string(entry->version);
        // What depends on the caller or on a day is made for the one who asks.
        if (query.as_of || std::same_as<T, Person>)
            co_return platform::SharedJson{std::make_shared<const std::string>(make()), etag};
        const auto& all = table(*picture);
        JsonCache& texts = caller.may(Permission::see_members, {}, "registry") ? desk_->texts : desk_->public_texts;
        co_return platform::SharedJson{
            texts.get(picture, kind_, static_cast<std::size_t>(entry - all.data()), all.size(), make), etag};
    }

    static ChangeSet set_of(Change change, const platform::Caller& caller, std::string why,
                            std::optional<Date> effective) {
        ChangeSet set;
        set.changes.push_back(std::move(change));
        set.who = caller.id;
        set.permit = permit_of(caller);
        set.why = std::move(why);
        set.effective = effective;
        return set;
    }

    static Value object_in(const Record& body) {
        Value object = to_value(static_cast<const T&>(body));
        if (body.id.empty())
            std::erase_if(*object.if_object(), [](const Value::Member& member) { return member.first == "id"; });
        return object;
    }

    /// The version that If-Match names; of "*" whichever is there.
    Result<std::int64_t> expected(std::string_view if_match, std::string_view id) const {
        const auto picture = desk_->registry.everything();
        const Entry<T>* entry = find(*picture, id);
        if (entry == nullptr) return not_there(kind_, id);
        if (if_match == "*") return entry->version;
        std::int64_t version = 0;
        const auto [end, error] = std::from_chars(if_match.data(), if_match.data() + if_match.size(), version);
        if (error != std::errc{} || end != if_match.data() + if_match.size() || version < 1)
            return fail(ErrorCode::precondition_failed, fmt::format("\"{}\" is no version of this object", if_match),
                        "If-Match", "send the ETag that came with the object");
        return version;
    }

    /// Applies one change and answers the object as it is then.
    Task<Result<Reply<Record>>> apply(ChangeSet set, int status) const {
        Registry& registry = desk_->registry;
        const auto differences = CO_TRY(co_await platform::off_loop([&] { return registry.apply(set); }));
        const std::string& id = differences.front().id;
        const auto picture = registry.everything();
        const Entry<T>* entry = find(*picture, id);
        if (entry == nullptr) co_return not_there(kind_, id);  // somebody removed it at once
        co_return Reply<Record>(record_of<Record>(*entry), status, fmt::to_string(entry->version),
                                status == 201 ? fmt::format("{}/{}", path_, id) : std::string());
    }

    Task<Result<Reply<Record>>> create(const platform::Caller& caller, NewObject<Record> wanted) const {
        co_return co_await apply(set_of({kind_, wanted.body.id, object_in(wanted.body), 0, 0}, caller,
                                        std::move(wanted.why), wanted.effective),
                                 201);
    }

    Task<Result<Reply<Record>>> change(const platform::Caller& caller, std::string if_match,
                                       ChangedObject<Record> wanted) const {
        const std::int64_t version = CO_TRY(expected(if_match, wanted.id));
        co_return co_await apply(set_of({kind_, wanted.id, object_in(wanted.body), version, 0}, caller,
                                        std::move(wanted.why), wanted.effective),
                                 200);
    }

    Task<Result<platform::Nothing>> remove(const platform::Caller& caller, std::string if_match,
                                           RemovedObject wanted) const {
        const std::int64_t version = CO_TRY(expected(if_match, wanted.id));
        const ChangeSet set =
            set_of({kind_, wanted.id, Value(), version, 0}, caller, std::move(wanted.why), wanted.effective);
        Registry& registry = desk_->registry;
        CO_TRY(co_await platform::off_loop([&] { return registry.apply(set); }));
        co_return platform::Nothing{};
    }

    Task<Result<Page<Revision>>> history(const platform::Caller& caller, HistoryQuery query) const {
        const Registry& registry = desk_->registry;
        auto revisions = CO_TRY(co_await platform::off_loop([&] { return registry.history(kind_, query.id); }));
        for (Revision& revision : revisions)
            revision.who = shown_actor(caller, revision.who);
        if constexpr (std::same_as<T, Person>)
            for (Revision& revision : revisions)
                for (Value* state : {&revision.before, &revision.after}) {
                    if (state->is_null()) continue;
                    Person person = CO_TRY(read<Person>(*state));
                    const Sight sight = desk_->sight(caller, person);
                    *state = to_value(visible_part(std::move(person), sight));
                }
        co_return platform::page_of(std::move(revisions), query);
    }

    Kind kind_;
    Desk* desk_;
    std::string name_;
    std::string path_;
};

}  // namespace

Sight Desk::sight(const platform::Caller& caller, const Person& person) const {
    const auto known = accredited.load();
    return sight_of(caller, person, known != nullptr ? *known : Accredited());
}

Result<std::shared_ptr<const Picture>> picture_of(const Registry& registry, const std::optional<Date>& day) {
    if (day) return registry.as_of(*day);
    return registry.everything();
}

void add_object_routes(platform::Api& api, Desk& desk) {
    for (const Kind kind : kKinds)
        with_type(kind, [&]<class T>() { Collection<T>(kind, desk).add_routes(api); });
}

}  // namespace quipu::registry
