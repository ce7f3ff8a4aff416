#include "app/people.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "net/ascii.h"

namespace quipu::app {
namespace {

using notify::Recipient;
using registry::Organisation;
using registry::Person;
using registry::Picture;

/// The chain of organisations through which one is connected is short; a cycle is refused by the registry.
constexpr int kHighest = 10;

const std::string* mail_of(const Person& person) {
    const auto found = std::ranges::find(person.contacts, "email", &registry::ContactDetail::kind);
    return found == person.contacts.end() ? nullptr : &found->value;
}

Recipient recipient_of(const Picture& picture, const Person& person) {
    Recipient out{.id = "registry:" + person.id, .mailbox = {person.name, ""}};
    if (const std::string* address = mail_of(person)) out.mailbox.address = *address;
    std::string language;
    std::string country;
    for (const auto& role : person.roles) {
        out.organisations.push_back(role.organisation);
        const auto* entry = picture.find<Organisation>(role.organisation);
        if (entry == nullptr) continue;
        if (language.empty()) language = entry->object.language.value_or("");
        if (country.empty()) country = entry->object.country.value_or("");
    }
    out.language = mail::choose_language(person.language.value_or(""), language, country);
    out.zone = zone_of_country(country);
    return out;
}

bool has_role(const Person& person, std::string_view organisation, std::string_view role) {
    return std::ranges::any_of(person.roles, [&](const auto& each) {
        return each.organisation == organisation && (role.empty() || each.role == role);
    });
}

class People final : public notify::Directory {
  public:
    People(std::function<registry::Registry&()> registry, AccountPeople accounts)
        : registry_(std::move(registry)), accounts_(std::move(accounts)) {}

    std::vector<Recipient> find(const notify::To& to) override {
        const auto picture = registry_().now();
        if (to.kind == notify::To::Kind::role) return with_role(*picture, to.id, to.role);
        std::string_view id = to.id;
        if (to.kind == notify::To::Kind::account) {
            auto found = recipient(id.starts_with("person:") ? std::string(id) : "person:" + std::string(id));
            return found ? std::vector{std::move(*found)} : std::vector<Recipient>();
        }
        const auto* person = picture->find<Person>(id);
        return person == nullptr ? std::vector<Recipient>() : std::vector{recipient_of(*picture, person->object)};
    }

    std::optional<Recipient> recipient(std::string_view id) override {
        if (id.starts_with("person:")) return account(id.substr(7));
        if (!id.starts_with("registry:")) return std::nullopt;
        const auto picture = registry_().now();
        const auto* person = picture->find<Person>(id.substr(9));
        if (person == nullptr) return std::nullopt;
        return recipient_of(*picture, person->object);
    }

    bool may_know(std::string_view id, std::string_view organisation) override {
        if (organisation.empty()) return true;  // the network itself: the journal is public
        if (id.starts_with("person:")) return accounts_.may_know && accounts_.may_know(id.substr(7), organisation);
        const auto picture = registry_().now();
        const auto* person = id.starts_with("registry:") ? picture->find<Person>(id.substr(9)) : nullptr;
        if (person == nullptr) return false;
        // Who works at an organisation knows of those that are connected through it.
        std::string at(organisation);
        for (int i = 0; i < kHighest && !at.empty(); ++i) {
            if (has_role(person->object, at, {})) return true;
            const auto* entry = picture->find<Organisation>(at);
            at = entry == nullptr ? std::string() : entry->object.parent.value_or("");
        }
        return false;
    }

    std::vector<Recipient> managers_of(std::string_view address) override {
        const auto picture = registry_().now();
        std::vector<Recipient> out;
        for (const auto& entry : picture->all<Person>()) {
            const std::string* own = mail_of(entry.object);
            if (own == nullptr || !net::equal_ignoring_case(*own, address)) continue;
            for (const auto& role : entry.object.roles)
                std::ranges::move(managers_at(*picture, role.organisation), std::back_inserter(out));
        }
        return out;
    }

  private:
    /// An account knows no time zone: that of its first organisation's country is taken.
    std::optional<Recipient> account(std::string_view id) {
        auto found = accounts_.find ? accounts_.find(id) : std::nullopt;
        if (!found || found->zone != "UTC" || found->organisations.empty()) return found;
        const auto picture = registry_().now();
        if (const auto* entry = picture->find<Organisation>(found->organisations.front()); entry != nullptr)
            found->zone = zone_of_country(entry->object.country.value_or(""));
        return found;
    }
    static std::vector<Recipient> with_role(const Picture& picture, std::string_view organisation,
                                            std::string_view role) {
        std::vector<Recipient> out;
        for (const auto& entry : picture.all<Person>())
            if (has_role(entry.object, organisation, role)) out.push_back(recipient_of(picture, entry.object));
        return out;
    }
    /// Accounts that manage people there; else the administrative contact, else the technical one; else one floor up.
    std::vector<Recipient> managers_at(const Picture& picture, std::string organisation) const {
        for (int i = 0; i < kHighest && !organisation.empty(); ++i) {
            if (accounts_.managers)
                if (auto found = accounts_.managers(organisation); !found.empty()) return found;
            for (const char* role : {"administrative", "technical", "noc"})
                if (auto found = with_role(picture, organisation, role); !found.empty()) return found;
            const auto* entry = picture.find<Organisation>(organisation);
            organisation = entry == nullptr ? std::string() : entry->object.parent.value_or("");
        }
        return {};
    }

    const std::function<registry::Registry&()> registry_;
    const AccountPeople accounts_;
};

}  // namespace

std::unique_ptr<notify::Directory> make_people(std::function<registry::Registry&()> registry, AccountPeople accounts) {
    return std::make_unique<People>(std::move(registry), std::move(accounts));
}

std::string_view zone_of_country(std::string_view country) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kZones{
        {{"AR", "America/Argentina/Buenos_Aires"},
         {"BO", "America/La_Paz"},
         {"BR", "America/Sao_Paulo"},
         {"CL", "America/Santiago"},
         {"CO", "America/Bogota"},
         {"CR", "America/Costa_Rica"},
         {"CU", "America/Havana"},
         {"DO", "America/Santo_Domingo"},
         {"EC", "America/Guayaquil"},
         {"ES", "Europe/Madrid"},
         {"GT", "America/Guatemala"},
         {"HN", "America/Tegucigalpa"},
         {"MX", "America/Mexico_City"},
         {"NI", "America/Managua"},
         {"PA", "America/Panama"},
         {"PE", "America/Lima"},
         {"PR", "America/Puerto_Rico"},
         {"PT", "Europe/Lisbon"},
         {"PY", "America/Asuncion"},
         {"SV", "America/El_Salvador"},
         {"US", "America/New_York"},
         {"UY", "America/Montevideo"},
         {"VE", "America/Caracas"},
         {"DE", "Europe/Berlin"}}};
    const auto found =
        std::ranges::find_if(kZones, [&](const auto& each) { return net::equal_ignoring_case(each.first, country); });
    return found == kZones.end() ? "UTC" : found->second;
}

}  // namespace quipu::app
