#include "services/measure/engine_retrace.h"

#include "services/measure/figures.h"

namespace quipu::measure {

bool Retrace::heard(std::string_view from, std::string_view to, std::int64_t ttl, Time now) {
    if (ttl <= 0) return false;
    One& one = pairs_[pair_key(from, to)];
    const bool changed = one.ttl != 0 && one.ttl != ttl;
    if (changed && one.number > 0 && now - one.ordered < kBetweenOrders) return false;  // if it stays so, then later
    one.ttl = ttl;
    if (!changed) return false;
    ++one.number;
    one.ordered = now;
    return true;
}

std::vector<TraceOrder> Retrace::orders_for(std::string_view from) const {
    std::vector<TraceOrder> out;
    const std::string first = pair_key(from, "");
    for (auto at = pairs_.lower_bound(first); at != pairs_.end() && at->first.starts_with(first); ++at)
        if (at->second.number > 0) out.push_back({std::string(ends_of(at->first).second), at->second.number});
    return out;
}

}  // namespace quipu::measure
