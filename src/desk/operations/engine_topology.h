#pragma once
// The network as correlation sees it: sites and links by number, and the ways that pairs take while some of them are
// at fault. Ways are the registry's shortest paths by length, which is what routing by delay chooses. No I/O.

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "desk/operations/model.h"
#include "registry/paths.h"
#include "registry/whatif.h"

namespace quipu::operations {

/// A link or a site by its number, or the measurement point of a site.
struct Fault {
    Part part = Part::link;
    std::uint32_t number = 0;
    auto operator<=>(const Fault&) const = default;
};

/// All ways of one state of the network.
class Ways {
  public:
    Ways(std::size_t sites, const std::vector<registry::Edge>& edges, const std::vector<Fault>& faults);

    [[nodiscard]] bool reach(std::uint32_t from, std::uint32_t to) const {
        return paths_.metres(from, to) != registry::ShortestPaths::kUnreachable;
    }
    [[nodiscard]] std::uint64_t metres(std::uint32_t from, std::uint32_t to) const { return paths_.metres(from, to); }
    /// Sites and links on the way, both ends included; empty if there is none.
    [[nodiscard]] std::vector<std::uint32_t> sites(std::uint32_t from, std::uint32_t to) const {
        return paths_.path(from, to);
    }
    [[nodiscard]] std::vector<std::uint32_t> links(std::uint32_t from, std::uint32_t to) const;
    /// How many links: 0 if there is no way.
    [[nodiscard]] std::int64_t hops(std::uint32_t from, std::uint32_t to) const;
    /// Whether what is at fault lies on the way; a measurement point does at its ends.
    [[nodiscard]] bool leads_over(std::uint32_t from, std::uint32_t to, const Fault& fault) const;

  private:
    std::vector<std::uint32_t> number_;  // of the edges that are left
    registry::ShortestPaths paths_;
};

class Topology {
  public:
    /// Edge i is link i. Both lists of names are sorted.
    Topology(std::vector<std::string> sites, std::vector<std::string> links, std::vector<registry::Edge> edges);
    explicit Topology(const registry::WhatIf& network)
        : Topology(network.sites(), network.links(), network.paths().edges()) {}

    [[nodiscard]] const std::vector<std::string>& sites() const { return sites_; }
    [[nodiscard]] const std::vector<std::string>& links() const { return links_; }
    [[nodiscard]] std::optional<std::uint32_t> find_site(std::string_view id) const;
    [[nodiscard]] std::optional<std::uint32_t> find_link(std::string_view id) const;
    [[nodiscard]] std::optional<Fault> find(Part part, std::string_view id) const;
    /// Whether it is a link that ends at this site.
    [[nodiscard]] bool ends_at(const Fault& fault, std::uint32_t site) const {
        return fault.part == Part::link && (edges_[fault.number].a == site || edges_[fault.number].b == site);
    }
    [[nodiscard]] const std::string& name(const Fault& fault) const;

    /// The ways while these are at fault; kept until many others were asked for.
    [[nodiscard]] std::shared_ptr<const Ways> without(std::vector<Fault> faults) const;

  private:
    std::vector<std::string> sites_, links_;
    std::vector<registry::Edge> edges_;
    mutable std::map<std::vector<Fault>, std::shared_ptr<const Ways>> known_;
};

}  // namespace quipu::operations
