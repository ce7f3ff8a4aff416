#pragma once
// Whose the hops of a path are: sites by what their measurement points say of their own addresses, organisations and AS
// numbers by the registry, links between neighbouring sites.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/registry.h"
#include "services/measure/path/record.h"

namespace quipu::measure {

/// What is known of an address.
struct AddressOwner {
    net::IpAddress address;
    std::string site, site_name;                  ///< empty: not known
    std::string organisation, organisation_name;  ///< empty: nobody's on record
    std::string as;                               ///< "AS27678"
    static constexpr auto describe() {
        using T = AddressOwner;
        return fields(field<&T::address>("address", "The address").required(),
                      field<&T::site>("site", "Where it is").references("sites"),
                      field<&T::site_name>("site_name", "That site's name"),
                      field<&T::organisation>("organisation", "Whose it is").references("organisations"),
                      field<&T::organisation_name>("organisation_name", "Its name"),
                      field<&T::as>("as", "Its autonomous system, if it has one only"));
    }
};

/// A hop with what the registry knows of it.
struct NamedHop : path::Hop {
    std::string site, site_name, organisation, organisation_name, as;
    std::string link;  ///< from the hop before, if the registry has one only between the two sites
    static constexpr auto describe() {
        using T = NamedHop;
        return std::tuple_cat(path::Hop::describe(),
                              fields(field<&T::site>("site", "Where it is").references("sites"),
                                     field<&T::site_name>("site_name", "That site's name"),
                                     field<&T::organisation>("organisation", "Whose it is").references("organisations"),
                                     field<&T::organisation_name>("organisation_name", "Its name"),
                                     field<&T::as>("as", "Its autonomous system, if it has one only"),
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

    [[nodiscard]] AddressOwner owner_of(const net::IpAddress& address) const;
    [[nodiscard]] std::vector<NamedHop> named(const std::vector<path::Hop>& hops, std::string_view from) const;

  private:
    std::shared_ptr<const registry::Picture> picture_;
    std::shared_ptr<const SitesByAddress> sites_;
    std::map<std::string, std::string, std::less<>> as_of_;                          // by organisation; empty: several
    std::map<std::pair<std::string, std::string>, std::string, std::less<>> links_;  // by ends in order; empty: several
};

}  // namespace quipu::measure
