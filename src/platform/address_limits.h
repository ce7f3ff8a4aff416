#pragma once
// Attempts by source address: a burst, then one every so often. Without a clock or a socket of its own.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "net/address.h"

namespace quipu::platform {

/// An IPv4 address, or the /64 of an IPv6 address: what one person holds.
[[nodiscard]] std::string source_of(const net::IpAddress& address);

class AddressLimits {
  public:
    struct Rules {
        double burst = 10;
        Nanoseconds refill = std::chrono::seconds(6);  ///< one more attempt
        std::size_t at_most = 100'000;                 ///< addresses held; beyond, all new ones share one
    };
    explicit AddressLimits(Rules rules) : rules_(rules) {}

    struct Answer {
        std::optional<Nanoseconds> wait;  ///< refused for so long
        bool began = false;               ///< this refusal is the first of a row: to be told
    };
    /// Takes one attempt, so that many at once count as many. `succeeded` gives it back.
    [[nodiscard]] Answer begin(std::string_view source, Monotonic now);
    void succeeded(std::string_view source, Monotonic now);

    /// A row of refusals that has ended.
    struct Ended {
        std::string source;
        std::uint64_t refused = 0;
        Nanoseconds lasted{};
    };
    /// Rows without a refusal for a minute; forgets addresses that have all their attempts again.
    [[nodiscard]] std::vector<Ended> sweep(Monotonic now);
    [[nodiscard]] std::size_t size() const { return sources_.size(); }

  private:
    struct Source {
        double left = 0;
        Monotonic at{};
        std::uint64_t refused = 0;
        Monotonic first_refused{}, last_refused{};
    };
    Source& source(std::string_view name, Monotonic now);
    void refill(Source& source, Monotonic now) const;

    Rules rules_;
    std::unordered_map<std::string, Source> sources_;
};

}  // namespace quipu::platform
