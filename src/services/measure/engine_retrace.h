#pragma once
// Packets that arrive with another TTL took another way: the sender is told to trace it at once.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "services/measure/assignment.h"

namespace quipu::measure {

class Retrace {
  public:
    /// What the last packet from one site to the other arrived with; 0 or less: none came. True if `from` has a new
    /// order.
    bool heard(std::string_view from, std::string_view to, std::int64_t ttl);
    /// All of this site's orders so far, by site.
    [[nodiscard]] std::vector<TraceOrder> orders_for(std::string_view from) const;

  private:
    struct One {
        std::int64_t ttl = 0, number = 0;
    };
    std::map<std::string, One, std::less<>> pairs_;
};

}  // namespace quipu::measure
