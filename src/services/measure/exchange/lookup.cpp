#include "services/measure/exchange/lookup.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace quipu::exchange {
namespace {

Value list(const std::vector<std::string>& values) {
    Value::Array out;
    for (const std::string& value : values)
        out.emplace_back(value);
    return out;
}

/// What is empty is left out.
void add(Value& record, std::string_view key, const std::vector<std::string>& values) {
    if (!values.empty() && !values.front().empty()) record.set(key, list(values));
}

void add_groups(Value& record, const LookupSettings& settings) {
    add(record, "group-communities", settings.communities);
    add(record, "group-domains", settings.domains);
}

Value service_record(const LookupSettings& settings) {
    Value out;
    add(out, "type", {"service"});
    add(out, "service-name", {settings.network + " Measurement Archive"});
    add(out, "service-type", {"ma"});
    add(out, "service-version", {QUIPU_VERSION});
    add(out, "service-locator", {settings.url + "/services/MA/HADES", settings.url + "/api/v1/measure"});
    add(out, "psservice-eventtypes",
        {"http://ggf.org/ns/nmwg/tools/hades/", "http://ggf.org/ns/nmwg/characteristic/delay/summary/"});
    add_groups(out, settings);
    return out;
}

Value host_record(const LookupSettings& settings, const registry::Site& site) {
    Value out;
    add(out, "type", {"host"});
    add(out, "host-name", {site.id});
    add(out, "location-sitename", {site.name});
    if (site.address) add(out, "location-city", {*site.address});
    if (site.country) add(out, "location-country", {*site.country});
    if (site.latitude && site.longitude) {
        add(out, "location-latitude", {fmt::format("{:.4f}", *site.latitude)});
        add(out, "location-longitude", {fmt::format("{:.4f}", *site.longitude)});
    }
    add_groups(out, settings);
    return out;
}

/// Whoever has the role noc or technical at one of the sites' organisations, with what of them is public.
void add_persons(Value::Array& out, const registry::Picture& picture, const std::set<std::string>& organisations) {
    for (const auto& entry : picture.all<registry::Person>()) {
        const registry::Person& person = entry.object;
        const auto role = std::ranges::find_if(person.roles, [&](const registry::RoleAt& at) {
            return organisations.contains(at.organisation) && (at.role == "noc" || at.role == "technical");
        });
        if (role == person.roles.end()) continue;
        std::vector<std::string> emails, phones;
        for (const registry::ContactDetail& contact : person.contacts) {
            if (contact.visibility != registry::Visibility::public_) continue;
            if (contact.kind == "email") emails.push_back(contact.value);
            if (contact.kind == "phone") phones.push_back(contact.value);
        }
        if (emails.empty() && phones.empty()) continue;
        Value record;
        add(record, "type", {"person"});
        add(record, "person-name", {person.name});
        add(record, "person-emails", emails);
        add(record, "person-phonenumbers", phones);
        const auto* organisation = picture.find<registry::Organisation>(role->organisation);
        add(record, "person-organization", {organisation != nullptr ? organisation->object.name : role->organisation});
        out.push_back(std::move(record));
    }
}

}  // namespace

Value lookup_records(const LookupSettings& settings, const registry::Picture& picture,
                     const std::vector<std::string>& sites) {
    Value::Array out;
    out.push_back(service_record(settings));
    std::set<std::string> organisations;
    for (const std::string& id : sites) {
        const auto* site = picture.find<registry::Site>(id);
        if (site == nullptr) continue;
        out.push_back(host_record(settings, site->object));
        if (site->object.organisation) organisations.insert(*site->object.organisation);
    }
    add_persons(out, picture, organisations);
    return out;
}

}  // namespace quipu::exchange
