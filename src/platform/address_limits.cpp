#include "platform/address_limits.h"

#include <algorithm>

namespace quipu::platform {
namespace {

constexpr Nanoseconds kQuiet = std::chrono::minutes(1);
constexpr std::string_view kAllOthers = "all others";

}  // namespace

std::string source_of(const net::IpAddress& address) {
    if (!address.is_v6()) return address.text();
    const auto prefix = net::Prefix::create(address, 64);
    return prefix ? prefix->text() : address.text();
}

void AddressLimits::refill(Source& source, Monotonic now) const {
    const double gained = std::chrono::duration<double>(now - source.at) / std::chrono::duration<double>(rules_.refill);
    source.left = std::min(rules_.burst, source.left + gained);
    source.at = now;
}

AddressLimits::Source& AddressLimits::source(std::string_view name, Monotonic now) {
    std::string key(name);
    const auto found = sources_.find(key);
    if (found != sources_.end()) return found->second;
    if (sources_.size() >= rules_.at_most) key = kAllOthers;
    return sources_.try_emplace(std::move(key), Source{.left = rules_.burst, .at = now}).first->second;
}

AddressLimits::Answer AddressLimits::begin(std::string_view name, Monotonic now) {
    Source& from = source(name, now);
    refill(from, now);
    if (from.left >= 1) {
        from.left -= 1;
        return {};
    }
    const bool began = from.refused == 0;
    if (began) from.first_refused = now;
    ++from.refused;
    from.last_refused = now;
    const auto missing = std::chrono::duration<double>(rules_.refill) * (1 - from.left);
    return {std::chrono::duration_cast<Nanoseconds>(missing), began};
}

void AddressLimits::succeeded(std::string_view name, Monotonic now) {
    Source& from = source(name, now);
    from.left = std::min(rules_.burst, from.left + 1);
}

std::vector<AddressLimits::Ended> AddressLimits::sweep(Monotonic now) {
    std::vector<Ended> ended;
    for (auto at = sources_.begin(); at != sources_.end();) {
        Source& from = at->second;
        refill(from, now);
        if (from.refused > 0 && now - from.last_refused >= kQuiet) {
            ended.push_back({at->first, from.refused, from.last_refused - from.first_refused});
            from.refused = 0;
        }
        if (from.refused == 0 && from.left >= rules_.burst)
            at = sources_.erase(at);
        else
            ++at;
    }
    return ended;
}

}  // namespace quipu::platform
