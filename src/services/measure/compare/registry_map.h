#pragma once
// What the registry and the points say of the network, as the verdict's engine asks for it.

#include <memory>

#include "registry/whatif.h"
#include "services/measure/compare/engine_verdict.h"
#include "services/measure/path_names.h"

namespace quipu::compare {

class RegistryMap final : public Map {
  public:
    /// `names` knows what DNS calls the hops.
    RegistryMap(std::shared_ptr<const registry::Picture> picture, measure::PathNames names);

    [[nodiscard]] NamedHop hop(const net::IpAddress& address) const override;
    [[nodiscard]] std::string site_name(const std::string& site) const override;
    [[nodiscard]] std::optional<KnownRoute> link(const std::string& from, const std::string& to) const override;
    [[nodiscard]] std::optional<KnownRoute> shortest(const std::string& from, const std::string& to) const override;
    [[nodiscard]] std::optional<Nanoseconds> light(const std::string& from, const std::string& to) const override;

  private:
    [[nodiscard]] std::optional<Nanoseconds> floor(const registry::Link& link) const;

    const std::shared_ptr<const registry::Picture> picture_;
    const measure::PathNames names_;
    std::unique_ptr<registry::WhatIf> network_;  // none beyond its limits
};

}  // namespace quipu::compare
