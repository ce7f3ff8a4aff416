#pragma once
// Which links a test crosses, as far as the registry knows: the shortest way over the links in service, which is the
// least delay, as a network's OSPF goes when its costs follow delay.

#include <memory>
#include <mutex>

#include "registry/registry.h"
#include "registry/whatif.h"
#include "services/measure/throughput/engine_calendar.h"

namespace quipu::throughput {

class RegistryPaths {
  public:
    /// Looks at a picture; true if paths may be others than before.
    bool look_at(const std::shared_ptr<const registry::Picture>& picture);
    /// Nothing when one of the sites is at no link in service, or none leads there.
    [[nodiscard]] std::optional<std::vector<PathLink>> path(std::string_view from, std::string_view to) const;

  private:
    std::shared_ptr<const registry::Picture> picture_;
    std::unique_ptr<registry::WhatIf> network_;
};

}  // namespace quipu::throughput
