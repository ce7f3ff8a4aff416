#pragma once
// Which links a test crosses: those of the way that packets were traced to take; where nothing was traced, or between
// two routers of which something is known, the shortest way over the registry's links in service, which is the least
// delay, as a network's OSPF goes when its costs follow delay.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/registry.h"
#include "registry/whatif.h"
#include "services/measure/throughput/engine_calendar.h"

namespace quipu::throughput {

/// What traces tell; both are asked from any thread.
struct TracedWays {
    /// The sites of the routers between two points, in order; empty for one whose site nobody knows. Nothing where no
    /// trace was made.
    std::function<std::optional<std::vector<std::string>>(std::string_view from, std::string_view to)> sites;
    std::function<std::uint64_t()> revision;  ///< another one: some of those answers are others
};

class TestPaths {
  public:
    explicit TestPaths(TracedWays traced) : traced_(std::move(traced)) {}

    /// Looks at a picture and at what was traced; true if paths may be others than before.
    bool look_at(const std::shared_ptr<const registry::Picture>& picture);
    /// Nothing when one of the sites is at no link in service, or none leads there. Where several links join two sites
    /// that packets pass one after the other, any of them may carry the test: it takes them all.
    [[nodiscard]] std::optional<KnownPath> path(std::string_view from, std::string_view to) const;

  private:
    [[nodiscard]] std::optional<KnownPath> path_over(std::string_view from, std::string_view to,
                                                     const std::vector<std::string>& between) const;

    const TracedWays traced_;
    std::uint64_t revision_ = 0;
    std::shared_ptr<const registry::Picture> picture_;
    std::unique_ptr<registry::WhatIf> network_;  ///< none beyond its limits: then tests run one by one
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> links_between_;  ///< by ends in order
};

}  // namespace quipu::throughput
