#include "platform/route_table.h"

#include <algorithm>
#include <stdexcept>

namespace quipu::platform {
namespace {

/// The first segment of "/a/b"; `rest` keeps "/b".
std::string_view next_segment(std::string_view& rest) {
    rest.remove_prefix(1);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(slash);
    return segment;
}

bool is_parameter(std::string_view segment) {
    return segment.starts_with('{') && segment.ends_with('}');
}

}  // namespace

void RouteTable::add(std::shared_ptr<const Placed> placed) {
    Node* node = &root_;
    std::size_t parameters = 0;
    std::string_view rest = placed->route->info.path;
    while (rest.starts_with('/')) {
        const std::string_view segment = next_segment(rest);
        if (is_parameter(segment)) {
            if (++parameters > kMaxParameters) throw std::logic_error("a route has too many parameters");
            if (!node->parameter) node->parameter = std::make_unique<Node>();
            node = node->parameter.get();
        } else {
            auto& child = node->literals[std::string(segment)];
            if (!child) child = std::make_unique<Node>();
            node = child.get();
        }
    }
    node->by_method[static_cast<std::size_t>(placed->route->method)] = std::move(placed);
}

bool RouteTable::Node::has_any() const {
    return std::ranges::any_of(by_method, [](const auto& placed) { return placed != nullptr; });
}

std::string RouteTable::Node::allow() const {
    std::string out;
    const auto append = [&out](std::string_view name) {
        if (!out.empty()) out += ", ";
        out += name;
    };
    for (std::size_t i = 0; i < kMethods; ++i) {
        if (!by_method[i]) continue;
        const auto method = static_cast<net::Method>(i);
        append(net::name_of(method));
        if (method == net::Method::get) append("HEAD");
    }
    append("OPTIONS");
    return out;
}

const RouteTable::Node* RouteTable::walk(const Node& node, std::string_view rest, std::size_t depth, Match& match) {
    if (!rest.starts_with('/')) return node.has_any() ? &node : nullptr;
    const std::string_view segment = next_segment(rest);
    if (const auto literal = node.literals.find(segment); literal != node.literals.end())
        if (const Node* found = walk(*literal->second, rest, depth, match)) return found;
    if (!node.parameter || segment.empty()) return nullptr;
    match.values[depth] = segment;
    return walk(*node.parameter, rest, depth + 1, match);
}

RouteTable::Match RouteTable::find(net::Method method, std::string_view path) const {
    Match match;
    const Node* node = walk(root_, path, 0, match);
    if (node == nullptr) return match;
    match.known_path = true;
    if (method == net::Method::head) method = net::Method::get;
    match.placed = node->by_method[static_cast<std::size_t>(method)].get();
    if (match.placed == nullptr) match.allow = node->allow();
    return match;
}

}  // namespace quipu::platform
