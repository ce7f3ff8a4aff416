#pragma once
// Finds a route by method and path: one hash look-up per segment, "{name}" takes any one segment, a literal goes before
// a parameter. Immutable once made.

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "platform/api.h"

namespace quipu::platform {

/// Which of an owner's calls may run. Shared by its routes.
struct Gate;

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// A route with what its run needs beside it.
struct Placed {
    std::shared_ptr<const Route> route;
    std::shared_ptr<Gate> gate;
    std::vector<std::string> names;  ///< of the path's parameters, in order
    bool has_fields = false;         ///< it takes fields=
};

class RouteTable {
  public:
    void add(std::shared_ptr<const Placed> placed);

    static constexpr std::size_t kMaxParameters = 4;
    struct Match {
        const Placed* placed = nullptr;  ///< null when no route has this method
        bool known_path = false;
        std::string allow;  ///< for 405 and OPTIONS: filled when `placed` is null
        std::array<std::string_view, kMaxParameters> values{};
    };
    [[nodiscard]] Match find(net::Method method, std::string_view path) const;

  private:
    static constexpr std::size_t kMethods = 7;
    struct Node {
        std::unordered_map<std::string, std::unique_ptr<Node>, TextHash, std::equal_to<>> literals;
        std::unique_ptr<Node> parameter;
        std::array<std::shared_ptr<const Placed>, kMethods> by_method;
        [[nodiscard]] bool has_any() const;
        [[nodiscard]] std::string allow() const;
    };
    static const Node* walk(const Node& node, std::string_view rest, std::size_t depth, Match& match);

    Node root_;
};

}  // namespace quipu::platform
