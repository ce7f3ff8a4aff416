// The registry's objects. Everybody may see that they are there; contact details are not looked through.

#include <algorithm>
#include <fmt/format.h>

#include "desk/search/source.h"
#include "events/events.h"
#include "registry/countries.h"
#include "registry/object.h"

namespace quipu::search {
namespace {

using registry::Entry;
using registry::Kind;
using registry::Object;
using registry::Picture;

template <class T>
std::string named_in(const Picture& picture, const std::optional<std::string>& id) {
    if (!id) return {};
    const Entry<T>* entry = picture.find<T>(*id);
    return entry == nullptr ? *id : entry->object.name;
}

std::string with_dots(std::initializer_list<std::string> parts) {
    std::string out;
    for (const std::string& part : parts)
        if (!part.empty()) out += fmt::format("{}{}", out.empty() ? "" : " · ", part);
    return out;
}

std::string country_of(const std::optional<std::string>& code) {
    return code ? std::string(registry::country_name(*code)) : std::string();
}

std::string detail_of(const Picture& p, const registry::Organisation& o) {
    return with_dots({o.full_name.value_or(""), named_in<registry::Organisation>(p, o.parent), country_of(o.country)});
}
std::string detail_of(const Picture& p, const registry::Person& person) {
    std::string out;
    for (const registry::RoleAt& role : person.roles)
        out =
            with_dots({out, fmt::format("{}, {}", role.role, named_in<registry::Organisation>(p, role.organisation))});
    return out;
}
std::string detail_of(const Picture& p, const registry::Site& site) {
    return with_dots({named_in<registry::Organisation>(p, site.organisation), country_of(site.country)});
}
std::string detail_of(const Picture& p, const registry::Equipment& equipment) {
    return with_dots(
        {named_in<registry::Site>(p, equipment.site), equipment.vendor.value_or(""), equipment.model.value_or("")});
}
std::string detail_of(const Picture&, const registry::Link& link) {
    return with_dots({format_bandwidth(link.capacity), link.technology.value_or("")});
}
std::string detail_of(const Picture& p, const registry::Resource& resource) {
    return named_in<registry::Organisation>(p, resource.organisation);
}

std::string name_in(const Picture& p, const Object& object) {
    if (const auto* link = std::get_if<registry::Link>(&object))
        return fmt::format("{} – {}", named_in<registry::Site>(p, link->a), named_in<registry::Site>(p, link->b));
    return registry::name_of(object);
}

template <class F>
void for_each_object(const Picture& picture, F f) {
    for (const Kind kind : registry::kKinds)
        registry::with_type(kind, [&]<class T>() {
            if constexpr (std::same_as<T, registry::Resource>) {
                for (const auto& entry : picture.resources(kind))
                    f(kind, Object(entry.object));
            } else {
                for (const auto& entry : picture.all<T>())
                    f(kind, Object(entry.object));
            }
        });
}

class RegistrySource final : public Source {
  public:
    explicit RegistrySource(std::function<registry::Registry&()> registry) : registry_(std::move(registry)) {}

    [[nodiscard]] std::vector<std::string_view> kinds() const override {
        std::vector<std::string_view> out;
        for (const Kind kind : registry::kKinds)
            out.push_back(enum_name(kind));
        return out;
    }

    void changed(std::span<const data::Event> events, std::set<ObjectId>& out) override {
        std::set<ObjectId> renamed;
        for (const data::Event& event : events) {
            if (event.type != events::ObjectChanged::kType) continue;
            const auto body = read<events::ObjectChanged>(event.body);
            if (!body) continue;
            out.insert({body->kind, body->id});
            // Others show the names of organisations and sites.
            if (body->kind == "organisations" || body->kind == "sites") renamed.insert({body->kind, body->id});
        }
        if (renamed.empty()) return;
        for_each_object(*registry_().everything(), [&](Kind kind, const Object& object) {
            for (const registry::Reference& reference : registry::references_of(object))
                if (renamed.contains({std::string(enum_name(reference.kind)), std::string(reference.id)}))
                    out.insert({std::string(enum_name(kind)), registry::id_of(object)});
        });
    }

    Result<std::vector<Document>> documents(const ObjectId& wanted) override {
        const auto picture = registry_().everything();
        std::vector<Document> out;
        const auto kind = enum_value<Kind>(wanted.kind);
        if (!kind) return out;
        registry::with_type(*kind, [&]<class T>() {
            const Entry<T>* entry = nullptr;
            if constexpr (std::same_as<T, registry::Resource>)
                entry = picture->find_resource(*kind, wanted.id);
            else
                entry = picture->find<T>(wanted.id);
            if (entry == nullptr) return;
            Document document{.name = name_in(*picture, entry->object),
                              .detail = detail_of(*picture, entry->object),
                              .text = {},
                              .keywords = {},
                              .readers = {Rule{}}};
            if constexpr (requires { entry->object.note; }) document.text = entry->object.note.value_or("");
            out.push_back(std::move(document));
        });
        return out;
    }

    Result<void> every(const std::function<Result<void>(ObjectId)>& take) override {
        Result<void> done;
        for_each_object(*registry_().everything(), [&](Kind kind, const Object& object) {
            if (done) done = take({std::string(enum_name(kind)), registry::id_of(object)});
        });
        return done;
    }

    std::vector<ObjectId> named(std::string_view typed) override {
        std::vector<ObjectId> out;
        const auto address = net::IpAddress::parse(typed);
        if (!address) return out;
        for (const auto& entry : registry_().everything()->resources(Kind::prefixes)) {
            const auto prefix = net::Prefix::parse(entry.object.value);
            if (prefix && prefix->contains(*address)) out.push_back({"prefixes", entry.object.id});
        }
        return out;
    }

  private:
    std::function<registry::Registry&()> registry_;
};

}  // namespace

std::unique_ptr<Source> registry_source(std::function<registry::Registry&()> registry) {
    return std::make_unique<RegistrySource>(std::move(registry));
}

}  // namespace quipu::search
