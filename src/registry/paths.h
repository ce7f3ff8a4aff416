#pragma once
// All shortest paths of a network, and what failures do to them. All shortest paths are found once; a failure then
// concerns, for each source, only what lies below the failed element in that source's tree of shortest paths, and only
// that is searched anew. No I/O, no names: nodes and edges are numbers.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quipu::registry {

struct Edge {
    std::uint32_t a = 0, b = 0;
    std::uint64_t metres = 1;  ///< at least one; whole, so that sums are exact
};

/// Nodes and edges that are gone.
struct Broken {
    std::vector<std::uint32_t> nodes, edges;
};

/// What a failure does to the unordered pairs of nodes that are still there.
struct Damage {
    std::uint64_t pairs_cut = 0;       ///< had a path, have none
    std::uint64_t pairs_rerouted = 0;  ///< their shortest path is longer
    double worst_stretch = 1;          ///< the largest ratio of lengths after and before
};

class ShortestPaths {
  public:
    static constexpr std::uint64_t kUnreachable = ~std::uint64_t{0};
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    ShortestPaths(std::size_t nodes, std::vector<Edge> edges);

    [[nodiscard]] std::size_t nodes() const { return nodes_; }
    [[nodiscard]] const std::vector<Edge>& edges() const { return edges_; }
    [[nodiscard]] std::uint64_t metres(std::uint32_t from, std::uint32_t to) const { return distance_[at(from, to)]; }
    /// Nodes from `from` to `to`, both included; empty if there is no path.
    [[nodiscard]] std::vector<std::uint32_t> path(std::uint32_t from, std::uint32_t to) const;
    /// The steps of that path from its end back: `each(edge, the node before it)`, until it answers false.
    template <class F>
    void walk_back(std::uint32_t from, std::uint32_t to, F each) const {
        if (distance_[at(from, to)] == kUnreachable) return;
        while (to != from) {
            const std::uint32_t edge = parent_edge_[at(from, to)];
            to = edges_[edge].a == to ? edges_[edge].b : edges_[edge].a;
            if (!each(edge, to)) return;
        }
    }
    /// The edges of that path, in order.
    [[nodiscard]] std::vector<std::uint32_t> edges_of(std::uint32_t from, std::uint32_t to) const;

    /// For each node the number of its part of the network without what is broken; kNone for broken nodes.
    [[nodiscard]] std::vector<std::uint32_t> parts(const Broken& broken) const;

  private:
    friend class DamageSearch;
    struct Arc {
        std::uint32_t to, edge;
        std::uint64_t metres;
    };
    using Heap = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

    [[nodiscard]] std::size_t at(std::uint32_t from, std::uint32_t to) const { return std::size_t{from} * nodes_ + to; }
    [[nodiscard]] std::span<const Arc> arcs(std::uint32_t node) const {
        return {arcs_.data() + first_arc_[node], first_arc_[node + 1] - first_arc_[node]};
    }
    void grow_tree(std::uint32_t source, Heap& heap);
    void number_tree(std::uint32_t source, std::vector<std::uint32_t>& open);

    std::size_t nodes_;
    std::vector<Edge> edges_;
    std::vector<std::size_t> first_arc_;
    std::vector<Arc> arcs_;
    // One row for each source.
    std::vector<std::uint64_t> distance_;
    std::vector<std::uint32_t> parent_edge_;
    std::vector<std::uint32_t> preorder_;  ///< the tree's nodes, each before what hangs below it
    std::vector<std::uint32_t> place_;     ///< of a node in preorder_
    std::vector<std::uint32_t> end_;       ///< place behind the last node that hangs below it
};

/// Judges one failure after the other in memory that it keeps: one for each thread. `paths` outlives it.
class DamageSearch {
  public:
    explicit DamageSearch(const ShortestPaths& paths);
    [[nodiscard]] Damage damage(const Broken& broken);

  private:
    void mark(const Broken& broken);
    /// Fills below_ with what hangs below broken elements in the source's tree.
    void collect_below(std::uint32_t source, const Broken& broken);
    /// Adds everything below `root` in the source's tree.
    void add_below(std::uint32_t source, std::uint32_t root);
    /// New distances of below_, into fresh_.
    void search_again(std::uint32_t source);

    const ShortestPaths& paths_;
    // A stamp equal to the present one means yes.
    std::uint32_t failure_stamp_ = 0, source_stamp_ = 0;
    std::vector<std::uint32_t> broken_node_, broken_edge_, in_below_;
    std::vector<std::uint32_t> below_;
    std::vector<std::uint64_t> fresh_;
    ShortestPaths::Heap heap_;
};

}  // namespace quipu::registry
