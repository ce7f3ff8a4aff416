#pragma once
// GraphML as the Internet Topology Zoo writes it: nodes and edges with named attributes. Read by libxml2's streaming
// reader: no network, no document type (so no entities), bounded.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quipu::registry {

using GraphAttributes = std::map<std::string, std::string, std::less<>>;

struct GraphNode {
    std::string id;
    std::uint32_t line = 0;
    GraphAttributes attributes;
};
struct GraphEdge {
    std::string source, target;  ///< ids of nodes that are there
    std::uint32_t line = 0;
    GraphAttributes attributes;
};
struct Graph {
    GraphAttributes attributes;
    std::vector<GraphNode> nodes;
    std::vector<GraphEdge> edges;
};

inline constexpr std::size_t kMaxGraphNodes = 100'000;
inline constexpr std::size_t kMaxGraphEdges = 200'000;
inline constexpr std::size_t kMaxGraphText = 64 * 1024;  ///< octets of one attribute

/// Error::where is "NAME:LINE". The first graph of the file; one with nested graphs or hyperedges is `unsupported`.
[[nodiscard]] Result<Graph> parse_graphml(std::string_view text, std::string_view name);

}  // namespace quipu::registry
