#pragma once
// Whose the hops of a path are: sites by what their measurement points say of their own addresses, organisations and AS
// numbers by the registry, links between neighbouring sites. What DNS calls the others is shown beside, never instead:
// whoever holds an address writes that name.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/dns_names.h"
#include "registry/registry.h"
#include "services/measure/path/record.h"

namespace quipu::measure {

inline constexpr std::string_view kDnsNameMeaning =
    "What DNS calls it (PTR), where the registry knows no site: written by whoever holds the address, and not checked";

/// What is known of an address.
struct AddressOwner {
    net::IpAddress address;
    std::string site, site_name;                  ///< empty: not known
    std::string organisation, organisation_name;  ///< empty: nobody's on record
    std::string as;                               ///< "AS27678"
    std::string dns_name;                         ///< a host name, as DNS says; empty at a site
    static constexpr auto describe() {
        using T = AddressOwner;
        return fields(field<&T::address>("address", "The address").required(),
                      field<&T::site>("site", "Where it is").references("sites"),
                      field<&T::site_name>("site_name", "That site's name"),
                      field<&T::organisation>("organisation", "Whose it is").references("organisations"),
                      field<&T::organisation_name>("organisation_name", "Its name"),
                      field<&T::as>("as", "Its autonomous system, if it has one only"),
                      field<&T::dns_name>("dns_name", kDnsNameMeaning));
    }
};

/// A hop with what the registry knows of it.
struct NamedHop : path::Hop {
    std::string site, site_name, organisation, organisation_name, as, dns_name;
    std::string link;  ///< from the hop before, if the registry has one only between the two sites
    static constexpr auto describe() {
        using T = NamedHop;
        return std::tuple_cat(path::Hop::describe(),
                              fields(field<&T::site>("site", "Where it is").references("sites"),
                                     field<&T::site_name>("site_name", "That site's name"),
                                     field<&T::organisation>("organisation", "Whose it is").references("organisations"),
                                     field<&T::organisation_name>("organisation_name", "Its name"),
                                     field<&T::as>("as", "Its autonomous system, if it has one only"),
                                     field<&T::dns_name>("dns_name", kDnsNameMeaning),
                                     field<&T::link>("link", "The link that leads to it").references("links")));
    }
};

/// Addresses of measurement points' machines, by site; one that two sites have is nobody's.
using SitesByAddress = std::map<net::IpAddress, std::string>;
[[nodiscard]] SitesByAddress sites_by_address(
    const std::vector<std::pair<std::string, std::vector<net::IpAddress>>>& addresses_of_sites);

/// The sites of the routers on a traced way, without its ends; empty for one that was silent or stands nobody knows
/// where, and at the end of a way that did not reach its target.
[[nodiscard]] std::vector<std::string> sites_between(const path::PathRecord& way, const SitesByAddress& sites);

/// For one request.
class PathNames {
  public:
    PathNames(std::shared_ptr<const registry::Picture> picture, std::shared_ptr<const SitesByAddress> sites);

    /// Asks DNS for those that are of no site, all at once, and blocks while it waits (net/dns_names.h); null: asks
    /// nobody. `ask` false: what it has answered before.
    void take_dns_names(net::DnsNames* dns, const std::vector<net::IpAddress>& addresses, bool ask = true);

    [[nodiscard]] AddressOwner owner_of(const net::IpAddress& address) const;
    [[nodiscard]] std::vector<NamedHop> named(const std::vector<path::Hop>& hops, std::string_view from) const;

  private:
    std::shared_ptr<const registry::Picture> picture_;
    std::shared_ptr<const SitesByAddress> sites_;
    net::DnsNames::Names dns_names_;
    std::map<std::string, std::string, std::less<>> as_of_;                          // by organisation; empty: several
    std::map<std::pair<std::string, std::string>, std::string, std::less<>> links_;  // by ends in order; empty: several
};

}  // namespace quipu::measure
