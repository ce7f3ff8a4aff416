#include "registry/paths.h"

#include <algorithm>
#include <functional>

namespace quipu::registry {
namespace {

using Reach = std::pair<std::uint64_t, std::uint32_t>;

void push(std::vector<Reach>& heap, Reach entry) {
    heap.push_back(entry);
    std::ranges::push_heap(heap, std::greater{});
}

Reach pop(std::vector<Reach>& heap) {
    std::ranges::pop_heap(heap, std::greater{});
    const Reach entry = heap.back();
    heap.pop_back();
    return entry;
}

}  // namespace

ShortestPaths::ShortestPaths(std::size_t nodes, std::vector<Edge> edges)
    : nodes_(nodes),
      edges_(std::move(edges)),
      first_arc_(nodes + 1),
      arcs_(edges_.size() * 2),
      distance_(nodes * nodes, kUnreachable),
      parent_edge_(nodes * nodes, kNone),
      preorder_(nodes * nodes, kNone),
      place_(nodes * nodes, kNone),
      end_(nodes * nodes, 0) {
    for (const Edge& edge : edges_) {
        ++first_arc_[edge.a + 1];
        ++first_arc_[edge.b + 1];
    }
    for (std::size_t i = 0; i < nodes; ++i)
        first_arc_[i + 1] += first_arc_[i];
    std::vector<std::size_t> next(first_arc_.begin(), first_arc_.end() - 1);
    for (std::uint32_t e = 0; e < edges_.size(); ++e) {
        const Edge& edge = edges_[e];
        arcs_[next[edge.a]++] = {edge.b, e, edge.metres};
        arcs_[next[edge.b]++] = {edge.a, e, edge.metres};
    }
    Heap heap;
    std::vector<std::uint32_t> open;
    for (std::uint32_t source = 0; source < nodes; ++source) {
        grow_tree(source, heap);
        number_tree(source, open);
    }
}

/// Dijkstra's algorithm.
void ShortestPaths::grow_tree(std::uint32_t source, Heap& heap) {
    std::uint64_t* distance = &distance_[at(source, 0)];
    std::uint32_t* parent = &parent_edge_[at(source, 0)];
    distance[source] = 0;
    heap.clear();
    push(heap, {0, source});
    while (!heap.empty()) {
        const auto [metres, node] = pop(heap);
        if (metres > distance[node]) continue;
        for (const Arc& arc : arcs(node)) {
            if (metres + arc.metres >= distance[arc.to]) continue;
            distance[arc.to] = metres + arc.metres;
            parent[arc.to] = arc.edge;
            push(heap, {distance[arc.to], arc.to});
        }
    }
}

/// Lays the tree out so that what hangs below a node is one stretch of preorder_.
void ShortestPaths::number_tree(std::uint32_t source, std::vector<std::uint32_t>& open) {
    const std::uint32_t* parent = &parent_edge_[at(source, 0)];
    std::uint32_t* order = &preorder_[at(source, 0)];
    std::uint32_t* place = &place_[at(source, 0)];
    std::uint32_t* end = &end_[at(source, 0)];
    std::uint32_t count = 0;
    open.assign(1, source);  // nodes to visit; a node met again is done with all below it
    while (!open.empty()) {
        const std::uint32_t node = open.back();
        if (place[node] != kNone) {
            end[node] = count;
            open.pop_back();
            continue;
        }
        place[node] = count;
        order[count++] = node;
        for (const Arc& arc : arcs(node))
            if (parent[arc.to] == arc.edge && arc.to != source && place[arc.to] == kNone) open.push_back(arc.to);
    }
}

std::vector<std::uint32_t> ShortestPaths::path(std::uint32_t from, std::uint32_t to) const {
    if (distance_[at(from, to)] == kUnreachable) return {};
    std::vector<std::uint32_t> out = {to};
    while (out.back() != from) {
        const Edge& edge = edges_[parent_edge_[at(from, out.back())]];
        out.push_back(edge.a == out.back() ? edge.b : edge.a);
    }
    std::ranges::reverse(out);
    return out;
}

std::vector<std::uint32_t> ShortestPaths::edges_of(std::uint32_t from, std::uint32_t to) const {
    std::vector<std::uint32_t> out;
    walk_back(from, to, [&](std::uint32_t edge, std::uint32_t) {
        out.push_back(edge);
        return true;
    });
    std::ranges::reverse(out);
    return out;
}

std::vector<std::uint32_t> ShortestPaths::parts(const Broken& broken) const {
    std::vector<std::uint8_t> gone_node(nodes_), gone_edge(edges_.size());
    for (const std::uint32_t node : broken.nodes)
        gone_node[node] = 1;
    for (const std::uint32_t edge : broken.edges)
        gone_edge[edge] = 1;
    std::vector<std::uint32_t> part(nodes_, kNone);
    std::vector<std::uint32_t> open;
    std::uint32_t count = 0;
    for (std::uint32_t start = 0; start < nodes_; ++start) {
        if (gone_node[start] != 0 || part[start] != kNone) continue;
        part[start] = count;
        open.assign(1, start);
        while (!open.empty()) {
            const std::uint32_t node = open.back();
            open.pop_back();
            for (const Arc& arc : arcs(node)) {
                if (gone_edge[arc.edge] != 0 || gone_node[arc.to] != 0 || part[arc.to] != kNone) continue;
                part[arc.to] = count;
                open.push_back(arc.to);
            }
        }
        ++count;
    }
    return part;
}

DamageSearch::DamageSearch(const ShortestPaths& paths)
    : paths_(paths),
      broken_node_(paths.nodes_),
      broken_edge_(paths.edges_.size()),
      in_below_(paths.nodes_),
      fresh_(paths.nodes_) {}

void DamageSearch::mark(const Broken& broken) {
    ++failure_stamp_;
    for (const std::uint32_t node : broken.nodes)
        broken_node_[node] = failure_stamp_;
    for (const std::uint32_t edge : broken.edges)
        broken_edge_[edge] = failure_stamp_;
}

void DamageSearch::add_below(std::uint32_t source, std::uint32_t root) {
    const std::uint32_t first = paths_.place_[paths_.at(source, root)];
    if (first == ShortestPaths::kNone || in_below_[root] == source_stamp_) return;
    const std::uint32_t* order = &paths_.preorder_[paths_.at(source, 0)];
    for (std::uint32_t i = first; i < paths_.end_[paths_.at(source, root)]; ++i) {
        if (in_below_[order[i]] == source_stamp_) continue;
        in_below_[order[i]] = source_stamp_;
        if (broken_node_[order[i]] != failure_stamp_) below_.push_back(order[i]);
    }
}

void DamageSearch::collect_below(std::uint32_t source, const Broken& broken) {
    ++source_stamp_;
    below_.clear();
    for (const std::uint32_t e : broken.edges) {
        const Edge& edge = paths_.edges_[e];
        if (paths_.parent_edge_[paths_.at(source, edge.a)] == e) add_below(source, edge.a);
        if (paths_.parent_edge_[paths_.at(source, edge.b)] == e) add_below(source, edge.b);
    }
    for (const std::uint32_t node : broken.nodes)
        add_below(source, node);
}

void DamageSearch::search_again(std::uint32_t source) {
    const std::uint64_t* distance = &paths_.distance_[paths_.at(source, 0)];
    heap_.clear();
    for (const std::uint32_t node : below_) {
        std::uint64_t best = ShortestPaths::kUnreachable;
        for (const ShortestPaths::Arc& arc : paths_.arcs(node)) {
            if (broken_edge_[arc.edge] == failure_stamp_ || in_below_[arc.to] == source_stamp_) continue;
            best = std::min(best, distance[arc.to] + arc.metres);
        }
        fresh_[node] = best;
        if (best != ShortestPaths::kUnreachable) heap_.emplace_back(best, node);
    }
    if (below_.size() == 1) return;  // most often it is one leaf of the tree
    std::ranges::make_heap(heap_, std::greater{});
    while (!heap_.empty()) {
        const auto [metres, node] = pop(heap_);
        if (metres > fresh_[node]) continue;
        for (const ShortestPaths::Arc& arc : paths_.arcs(node)) {
            if (in_below_[arc.to] != source_stamp_ || broken_node_[arc.to] == failure_stamp_ ||
                broken_edge_[arc.edge] == failure_stamp_ || metres + arc.metres >= fresh_[arc.to])
                continue;
            fresh_[arc.to] = metres + arc.metres;
            push(heap_, {fresh_[arc.to], arc.to});
        }
    }
}

Damage DamageSearch::damage(const Broken& broken) {
    Damage damage;
    mark(broken);
    for (std::uint32_t source = 0; source < paths_.nodes_; ++source) {
        if (broken_node_[source] == failure_stamp_) continue;
        collect_below(source, broken);
        // Each pair is counted from its lower end.
        if (std::ranges::none_of(below_, [&](std::uint32_t node) { return node > source; })) continue;
        search_again(source);
        for (const std::uint32_t node : below_) {
            if (node < source) continue;
            const std::uint64_t before = paths_.distance_[paths_.at(source, node)];
            if (fresh_[node] == ShortestPaths::kUnreachable) {
                ++damage.pairs_cut;
            } else if (fresh_[node] > before) {
                ++damage.pairs_rerouted;
                damage.worst_stretch =
                    std::max(damage.worst_stretch, static_cast<double>(fresh_[node]) / static_cast<double>(before));
            }
        }
    }
    return damage;
}

}  // namespace quipu::registry
