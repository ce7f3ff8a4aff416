#pragma once
// A graph of the Internet Topology Zoo as sites and links.

#include <vector>

#include "registry/graphml.h"
#include "registry/registry.h"

namespace quipu::registry {

/// Nodes become sites (internal ones are PoPs), edges become links. Ids begin with the network's name so that two
/// networks do not meet: "abilene-new-york"; those that occur twice get a number. A link without a speed is given 1
/// Gb/s and says so. Links count as activated on the graph's date, and say so.
[[nodiscard]] std::vector<Change> changes_from_graph(const Graph& graph, std::string_view name);

/// "2.5 Gbps", "OC-192c", "4x1 Gbps + 2x STM-1": the sum of what the text names; nothing if it names no rate.
[[nodiscard]] std::optional<Bandwidth> bandwidth_in(std::string_view label);

}  // namespace quipu::registry
