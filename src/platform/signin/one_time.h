#pragma once
// Things that are given out under a name that nobody can guess, and come back once: begun sign-ins, ceremonies,
// tickets. In memory: after a restart people begin again. The oldest goes when there are too many.

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/guarded.h"
#include "base/time.h"
#include "net/tls.h"

namespace quipu::signin {

template <class T>
class OneTime {
  public:
    OneTime(std::size_t most, Nanoseconds life) : most_(most), life_(life) {}

    [[nodiscard]] std::string put(T value, Monotonic now) {
        std::string name = net::random_token(24);
        kept_.with([&](Kept& kept) {
            while (!kept.order.empty() && (kept.order.size() >= most_ || !kept.all.contains(kept.order.front()) ||
                                           kept.all.at(kept.order.front()).second <= now)) {
                kept.all.erase(kept.order.front());
                kept.order.pop_front();
            }
            kept.order.push_back(name);
            kept.all.emplace(name, std::pair(std::move(value), now + life_));
        });
        return name;
    }

    /// Nothing if it is not known, was taken before, or is over.
    [[nodiscard]] std::optional<T> take(std::string_view name, Monotonic now) {
        return kept_.with([&](Kept& kept) -> std::optional<T> {
            auto node = kept.all.extract(std::string(name));
            if (node.empty() || node.mapped().second <= now) return std::nullopt;
            return std::move(node.mapped().first);
        });
    }

  private:
    struct Kept {
        std::unordered_map<std::string, std::pair<T, Monotonic>> all;
        std::deque<std::string> order;
    };
    std::size_t most_;
    Nanoseconds life_;
    Guarded<Kept> kept_;
};

}  // namespace quipu::signin
