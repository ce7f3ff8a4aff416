#include "desk/operations/engine_topology.h"

#include <algorithm>

namespace quipu::operations {
namespace {

constexpr std::size_t kMostKnown = 500;

bool stands(const registry::Edge& edge, std::uint32_t number, const std::vector<Fault>& faults) {
    return std::ranges::none_of(faults, [&](const Fault& fault) {
        if (fault.part == Part::link) return fault.number == number;
        return fault.part == Part::site && (fault.number == edge.a || fault.number == edge.b);
    });
}

std::vector<std::uint32_t> left_of(const std::vector<registry::Edge>& edges, const std::vector<Fault>& faults) {
    std::vector<std::uint32_t> out;
    for (std::uint32_t i = 0; i < edges.size(); ++i)
        if (stands(edges[i], i, faults)) out.push_back(i);
    return out;
}

std::vector<registry::Edge> pick(const std::vector<registry::Edge>& edges, const std::vector<std::uint32_t>& numbers) {
    std::vector<registry::Edge> out;
    out.reserve(numbers.size());
    for (const std::uint32_t number : numbers)
        out.push_back(edges[number]);
    return out;
}

std::optional<std::uint32_t> find_in(const std::vector<std::string>& names, std::string_view id) {
    const auto at = std::ranges::lower_bound(names, id);
    if (at == names.end() || *at != id) return std::nullopt;
    return static_cast<std::uint32_t>(at - names.begin());
}

}  // namespace

Ways::Ways(std::size_t sites, const std::vector<registry::Edge>& edges, const std::vector<Fault>& faults)
    : number_(left_of(edges, faults)), paths_(sites, pick(edges, number_)) {}

std::vector<std::uint32_t> Ways::links(std::uint32_t from, std::uint32_t to) const {
    auto out = paths_.edges_of(from, to);
    for (std::uint32_t& edge : out)
        edge = number_[edge];
    return out;
}

std::int64_t Ways::hops(std::uint32_t from, std::uint32_t to) const {
    std::int64_t out = 0;
    paths_.walk_back(from, to, [&](std::uint32_t, std::uint32_t) {
        ++out;
        return true;
    });
    return out;
}

bool Ways::leads_over(std::uint32_t from, std::uint32_t to, const Fault& fault) const {
    if (fault.part == Part::point) return from == fault.number || to == fault.number;
    bool found = fault.part == Part::site && to == fault.number && reach(from, to);
    paths_.walk_back(from, to, [&](std::uint32_t edge, std::uint32_t node) {
        found = found || (fault.part == Part::link ? number_[edge] : node) == fault.number;
        return !found;
    });
    return found;
}

Topology::Topology(std::vector<std::string> sites, std::vector<std::string> links, std::vector<registry::Edge> edges)
    : sites_(std::move(sites)), links_(std::move(links)), edges_(std::move(edges)) {}

std::optional<std::uint32_t> Topology::find_site(std::string_view id) const {
    return find_in(sites_, id);
}

std::optional<std::uint32_t> Topology::find_link(std::string_view id) const {
    return find_in(links_, id);
}

std::optional<Fault> Topology::find(Part part, std::string_view id) const {
    const auto number = part == Part::link ? find_link(id) : find_site(id);
    if (!number) return std::nullopt;
    return Fault{part, *number};
}

const std::string& Topology::name(const Fault& fault) const {
    return fault.part == Part::link ? links_[fault.number] : sites_[fault.number];
}

std::shared_ptr<const Ways> Topology::without(std::vector<Fault> faults) const {
    std::erase_if(faults, [](const Fault& fault) { return fault.part == Part::point; });
    std::ranges::sort(faults);
    const auto at = known_.find(faults);
    if (at != known_.end()) return at->second;
    if (known_.size() >= kMostKnown) known_.clear();
    auto ways = std::make_shared<const Ways>(sites_.size(), edges_, faults);
    known_.emplace(std::move(faults), ways);
    return ways;
}

}  // namespace quipu::operations
