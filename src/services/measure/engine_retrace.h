#pragma once
// Packets that arrive with another TTL took another way: the sender is told to trace it at once.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "services/measure/assignment.h"

namespace quipu::measure {

class Retrace {
  public:
    /// Where routers spread packets over ways of different length, the TTL changes all the time.
    static constexpr Nanoseconds kBetweenOrders = std::chrono::minutes(1);

    /// What the last packet from one site to the other arrived with; 0 or less: none came. True if `from` has a new
    /// order.
    [[nodiscard]] bool heard(std::string_view from, std::string_view to, std::int64_t ttl, Time now);
    /// All of this site's orders so far, by site.
    [[nodiscard]] std::vector<TraceOrder> orders_for(std::string_view from) const;

  private:
    struct One {
        std::int64_t ttl = 0;  ///< that the last trace was ordered for
        std::int64_t number = 0;
        Time ordered{};
    };
    std::map<std::string, One, std::less<>> pairs_;
};

}  // namespace quipu::measure
