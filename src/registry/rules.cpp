#include "registry/rules.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "registry/countries.h"
#include "registry/resources.h"

namespace quipu::registry {
namespace {

constexpr std::size_t kLongestSlug = 63;

bool is_lower(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

bool is_upper(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool has_space_or_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
}

void check_country(std::optional<std::string>& country, const Report& report) {
    if (!country) return;
    for (char& c : *country)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!is_country_code(*country))
        report("country", fmt::format("\"{}\" is not an ISO 3166-1 code of two letters, such as CL", *country));
}

void check_language(const std::optional<std::string>& language, const Report& report) {
    if (language && (language->size() < 2 || language->size() > 3 || !is_lower(*language)))
        report("language", fmt::format("\"{}\" is not a language code of two or three letters, such as es", *language));
}

void check_life(const std::optional<Date>& since, const std::optional<Date>& until, const Report& report) {
    if (since && until && *until < *since)
        report("until", fmt::format("{} is before since, {}", format_date(*until), format_date(*since)));
}

void check(Organisation& o, const Report& report) {
    check_country(o.country, report);
    check_language(o.language, report);
    check_life(o.since, o.until, report);
    if (o.website && (!(o.website->starts_with("https://") || o.website->starts_with("http://")) ||
                      o.website->size() < 10 || has_space_or_control(*o.website)))
        report("website", fmt::format("\"{}\" is not an address such as https://www.reuna.cl", *o.website));
}

void check(Person& person, const Report& report) {
    check_language(person.language, report);
    for (std::size_t i = 0; i < person.contacts.size(); ++i) {
        const ContactDetail& contact = person.contacts[i];
        const std::string field = fmt::format("contacts[{}]", i);
        constexpr std::array<std::string_view, 5> kinds = {"email", "phone", "sip", "chat", "pgp"};
        if (std::ranges::find(kinds, contact.kind) == kinds.end())
            report(field + ".kind", fmt::format("expected one of {}", fmt::join(kinds, ", ")));
        const auto at = contact.value.find('@');
        if (contact.kind == "email" && (at == 0 || at == std::string::npos || at + 1 == contact.value.size() ||
                                        has_space_or_control(contact.value)))
            report(field + ".value", fmt::format("\"{}\" is not an e-mail address", contact.value));
        if (contact.kind == "phone" && contact.value.find_first_not_of("+0123456789 ()-./x") != std::string::npos)
            report(field + ".value", fmt::format("\"{}\" is not a telephone number", contact.value));
    }
    for (std::size_t i = 0; i < person.roles.size(); ++i)
        if (!person.roles[i].role.empty() && !is_lower(person.roles[i].role))
            report(fmt::format("roles[{}].role", i),
                   fmt::format("\"{}\" must be one word in lower-case letters", person.roles[i].role));
}

void check(Site& site, const Report& report) {
    check_country(site.country, report);
    check_life(site.since, site.until, report);
    if (site.latitude.has_value() != site.longitude.has_value())
        report(site.latitude ? "longitude" : "latitude", "is missing: a place has both or neither");
}

void check(Equipment& equipment, const Report& report) {
    check_life(equipment.since, equipment.until, report);
}

void check(Link& link, const Report& report) {
    if (link.a == link.b) report("b", fmt::format("both ends are {}", link.a));
    if (link.currency && (link.currency->size() != 3 || !is_upper(*link.currency)))
        report("currency", fmt::format("\"{}\" is not an ISO 4217 code, such as USD", *link.currency));
    struct Milestone {
        std::string_view name;
        const std::optional<Date>& date;
    };
    const std::array milestones = {Milestone{"planned", link.planned},       Milestone{"tendered", link.tendered},
                                   Milestone{"contracted", link.contracted}, Milestone{"installed", link.installed},
                                   Milestone{"activated", link.activated},   Milestone{"retired", link.retired}};
    const Milestone* before = nullptr;
    for (const Milestone& milestone : milestones) {
        if (!milestone.date) continue;
        if (before != nullptr && *milestone.date < *before->date)
            report(milestone.name, fmt::format("{} is before {}, {}", format_date(*milestone.date), before->name,
                                               format_date(*before->date)));
        before = &milestone;
    }
}

void check_resource(Kind kind, Resource& resource, const Report& report) {
    check_life(resource.since, resource.until, report);
    auto canonical = canonical_value(kind, resource.value);
    if (!canonical) {
        const Error& error = canonical.error();
        report("value", error.hint.empty() ? error.what : fmt::format("{} ({})", error.what, error.hint));
        return;
    }
    resource.value = std::move(*canonical);
    if (!resource.id.empty()) return;
    resource.id = id_from(kind, resource.value);
    if (resource.id.size() > kLongestSlug) report("id", "is required: the value is too long to be its own name");
}

}  // namespace

void check_object(Kind kind, Object& object, const Report& report) {
    std::visit(
        [&]<class T>(T& o) {
            if constexpr (std::same_as<T, Resource>)
                check_resource(kind, o, report);
            else
                check(o, report);
        },
        object);
}

}  // namespace quipu::registry
