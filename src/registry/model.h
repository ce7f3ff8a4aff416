#pragma once
// The registry's kinds as described structs: who is connected, where, by what, and whom to call. Every object has an
// `id` that is a slug, unique in its kind, and stands in the portal's addresses. Dates of an object's own life
// (`since`, `until`; a link's milestones) say when it is real; the history (history.h) says when we came to know.

#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"
#include "base/units.h"

namespace quipu::registry {

enum class Visibility : std::uint8_t {
    public_,
    members,   ///< people of connected organisations
    private_,  ///< operators of an organisation at which the person has a role
    pert,      ///< members of accredited performance response teams
};
constexpr auto describe_enum(Visibility) {
    return names<Visibility>({{Visibility::public_, "public"},
                              {Visibility::members, "members"},
                              {Visibility::private_, "private"},
                              {Visibility::pert, "pert"}});
}

enum class OrganisationType : std::uint8_t { regional, nren, institution, provider };
constexpr auto describe_enum(OrganisationType) {
    return names<OrganisationType>({{OrganisationType::regional, "regional"},
                                    {OrganisationType::nren, "nren"},
                                    {OrganisationType::institution, "institution"},
                                    {OrganisationType::provider, "provider"}});
}

struct Organisation {
    std::string id;
    std::string name;
    std::optional<std::string> full_name;
    OrganisationType type = OrganisationType::institution;
    std::optional<std::string> parent;
    std::optional<std::string> country;   ///< ISO 3166-1 alpha-2
    std::optional<std::string> language;  ///< es, pt, en
    std::optional<std::string> website;
    std::optional<Date> since, until;
    std::optional<std::string> source;  ///< where the facts come from
    static constexpr auto describe() {
        using T = Organisation;
        return fields(
            field<&T::id>("id", "Short stable name").required().pattern(kSlug),
            field<&T::name>("name", "Name in use").required().at_most_long(200),
            field<&T::full_name>("full_name", "Full legal name").at_most_long(400),
            field<&T::type>("type", "What it is").required(),
            field<&T::parent>("parent", "Organisation that it is connected through").references("organisations"),
            field<&T::country>("country", "ISO 3166-1 alpha-2 code").at_most_long(2),
            field<&T::language>("language", "Language of its people: es, pt, en").at_most_long(8),
            field<&T::website>("website", "Address of its site").format("uri"),
            field<&T::since>("since", "Connected since"), field<&T::until>("until", "Connected until"),
            field<&T::source>("source", "Where the facts come from"));
    }
};

struct ContactDetail {
    std::string kind;  ///< email, phone, sip, chat, pgp
    std::string value;
    Visibility visibility = Visibility::members;
    static constexpr auto describe() {
        using T = ContactDetail;
        return fields(field<&T::kind>("kind", "email, phone, sip, chat, pgp").required().at_most_long(20),
                      field<&T::value>("value", "The address or number").required().at_most_long(400),
                      field<&T::visibility>("visibility", "Who may see it"));
    }
};
struct RoleAt {
    std::string organisation;
    std::string role;  ///< technical, security, pert, roaming, voice, television, administrative, noc
    static constexpr auto describe() {
        using T = RoleAt;
        return fields(field<&T::organisation>("organisation", "Where").required().references("organisations"),
                      field<&T::role>("role", "technical, security, pert, roaming, voice, television, noc…")
                          .required()
                          .at_most_long(40));
    }
};
struct Person {
    std::string id;
    std::string name;
    std::optional<std::string> language;
    std::vector<RoleAt> roles;
    std::vector<ContactDetail> contacts;
    std::optional<std::string> source;
    static constexpr auto describe() {
        using T = Person;
        return fields(field<&T::id>("id", "Short stable name").required().pattern(kSlug),
                      field<&T::name>("name", "Full name, or a role's ('NOC of RNP')").required().at_most_long(200),
                      field<&T::language>("language", "es, pt, en").at_most_long(8),
                      field<&T::roles>("roles", "What they do, and where"),
                      field<&T::contacts>("contacts", "How to reach them"),
                      field<&T::source>("source", "Where the facts come from"));
    }
};

struct Site {
    std::string id;
    std::string name;
    std::optional<std::string> organisation;
    std::optional<std::string> country;
    std::optional<double> latitude, longitude;
    bool pop = false;  ///< a point of presence of the backbone: has a router, and a measurement point
    std::optional<std::string> address;
    std::optional<Date> since, until;
    std::optional<std::string> source;
    static constexpr auto describe() {
        using T = Site;
        return fields(field<&T::id>("id", "Short stable name").required().pattern(kSlug),
                      field<&T::name>("name", "Name in use").required().at_most_long(200),
                      field<&T::organisation>("organisation", "Whose it is").references("organisations"),
                      field<&T::country>("country", "ISO 3166-1 alpha-2 code").at_most_long(2),
                      field<&T::latitude>("latitude", "Degrees north").between(-90, 90),
                      field<&T::longitude>("longitude", "Degrees east").between(-180, 180),
                      field<&T::pop>("pop", "A point of presence: has a router and a measurement point"),
                      field<&T::address>("address", "Street and town").at_most_long(400),
                      field<&T::since>("since", "In use since"), field<&T::until>("until", "In use until"),
                      field<&T::source>("source", "Where the facts come from"));
    }
};

struct Equipment {
    std::string id;
    std::string site;
    std::string type;  ///< router, switch, transponder, server, measurement-point
    std::optional<std::string> vendor, model, serial_number;
    std::optional<std::string> note;
    std::optional<Date> since, until;
    static constexpr auto describe() {
        using T = Equipment;
        return fields(field<&T::id>("id", "Short stable name").required().pattern(kSlug),
                      field<&T::site>("site", "Where it stands").required().references("sites"),
                      field<&T::type>("type", "router, switch, transponder, server, measurement-point")
                          .required()
                          .at_most_long(40),
                      field<&T::vendor>("vendor", "Maker").at_most_long(100),
                      field<&T::model>("model", "Model").at_most_long(100),
                      field<&T::serial_number>("serial_number", "Serial number").at_most_long(100),
                      field<&T::note>("note", "What else is to be known"), field<&T::since>("since", "Installed"),
                      field<&T::until>("until", "Removed"));
    }
};

enum class Medium : std::uint8_t { fibre, submarine, radio, satellite, copper, leased };
constexpr auto describe_enum(Medium) {
    return names<Medium>({{Medium::fibre, "fibre"},
                          {Medium::submarine, "submarine"},
                          {Medium::radio, "radio"},
                          {Medium::satellite, "satellite"},
                          {Medium::copper, "copper"},
                          {Medium::leased, "leased"}});
}

struct Link {
    std::string id;
    std::string a, b;  ///< sites
    Bandwidth capacity;
    std::optional<std::string> technology;  ///< "STM-4", "Gigabit Ethernet"
    std::optional<Medium> medium;
    std::optional<std::string> provider;
    std::optional<Distance> length;  ///< of the cable; delay follows from it
    std::optional<double> cost_per_month;
    std::optional<std::string> currency;
    std::optional<Date> planned, tendered, contracted, installed, activated, retired;
    std::optional<std::string> source;
    std::optional<std::string> note;
    static constexpr auto describe() {
        using T = Link;
        return fields(
            field<&T::id>("id", "Short stable name").required().pattern(kSlug),
            field<&T::a>("a", "One end").required().references("sites"),
            field<&T::b>("b", "Other end").required().references("sites"),
            field<&T::capacity>("capacity", "Bits per second each way; text such as '622 Mb/s' or 'STM-4' is read too")
                .required()
                .at_least(1),
            field<&T::technology>("technology", "STM-4, Gigabit Ethernet…").at_most_long(60),
            field<&T::medium>("medium", "What carries it"),
            field<&T::provider>("provider", "Who provides it").references("organisations"),
            field<&T::length>("length", "Length of the cable in metres; '3450 km' is read too").between(0, 1e8),
            field<&T::cost_per_month>("cost_per_month", "Recurring cost").at_least(0),
            field<&T::currency>("currency", "ISO 4217 code").at_most_long(3),
            field<&T::planned>("planned", "Date planned"), field<&T::tendered>("tendered", "Date of the tender"),
            field<&T::contracted>("contracted", "Date of the contract"),
            field<&T::installed>("installed", "Date installed"), field<&T::activated>("activated", "In service since"),
            field<&T::retired>("retired", "Out of service since"),
            field<&T::source>("source", "Where the facts come from"),
            field<&T::note>("note", "What else is to be known"));
    }
};

/// A number resource or name with its owner: AS number, prefix, DNS domain, realm, telephone prefix. The five kinds
/// share this shape; `value` is checked and made canonical by its kind.
struct Resource {
    std::string id;     ///< made from the value if left out: "as27750", "2001-db8--32"
    std::string value;  ///< "27750", "200.0.204.0/22", "reuna.cl", "+56"
    std::string organisation;
    std::optional<std::string> note;
    std::optional<Date> since, until;
    static constexpr auto describe() {
        using T = Resource;
        return fields(field<&T::id>("id", "Short stable name; made from the value if left out").pattern(kSlug),
                      field<&T::value>("value", "The number, prefix or name itself").required().at_most_long(253),
                      field<&T::organisation>("organisation", "Its owner").required().references("organisations"),
                      field<&T::note>("note", "What else is to be known"), field<&T::since>("since", "Held since"),
                      field<&T::until>("until", "Held until"));
    }
};

/// The collections' names, in the order in which an import resolves them.
enum class Kind : std::uint8_t {
    organisations,
    people,
    sites,
    equipment,
    links,
    as_numbers,
    prefixes,
    domains,
    realms,
    telephone_prefixes
};
constexpr auto describe_enum(Kind) {
    return names<Kind>({{Kind::organisations, "organisations"},
                        {Kind::people, "people"},
                        {Kind::sites, "sites"},
                        {Kind::equipment, "equipment"},
                        {Kind::links, "links"},
                        {Kind::as_numbers, "as_numbers"},
                        {Kind::prefixes, "prefixes"},
                        {Kind::domains, "domains"},
                        {Kind::realms, "realms"},
                        {Kind::telephone_prefixes, "telephone_prefixes"}});
}

}  // namespace quipu::registry
