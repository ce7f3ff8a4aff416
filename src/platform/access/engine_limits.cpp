#include "platform/access/engine_limits.h"

#include <algorithm>

namespace quipu::access {
namespace {

constexpr Nanoseconds kQuiet = std::chrono::minutes(1);
constexpr std::string_view kAllOthers = "all others";
constexpr std::size_t kSourcesOfOne = 64;

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

std::optional<Nanoseconds> AccountLocks::locked(std::string_view account, Monotonic now) const {
    const auto found = accounts_.find(std::string(account));
    if (found == accounts_.end() || !found->second.locked_until || *found->second.locked_until <= now) return {};
    return *found->second.locked_until - now;
}

bool AccountLocks::failed(std::string_view account, std::string_view source, Monotonic now) {
    std::string key(account);
    if (!accounts_.contains(key) && accounts_.size() >= rules_.at_most) return false;
    Account& failing = accounts_[std::move(key)];
    if (failing.locked_until && *failing.locked_until > now) return false;
    if (failing.locked_until || now - failing.last > rules_.memory) failing = {};
    failing.last = now;
    if (failing.failures.size() < kSourcesOfOne || failing.failures.contains(std::string(source)))
        ++failing.failures[std::string(source)];
    int counted = 0;
    for (const auto& [unused, count] : failing.failures)
        counted += std::min(count, rules_.from_one_source);
    if (counted < rules_.to_lock) return false;
    failing.failures.clear();
    failing.locked_until = now + rules_.locked_for;
    return true;
}

void AccountLocks::succeeded(std::string_view account) {
    accounts_.erase(std::string(account));
}

void AccountLocks::sweep(Monotonic now) {
    std::erase_if(accounts_, [&](const auto& each) {
        const Account& account = each.second;
        return (!account.locked_until || *account.locked_until <= now) && now - account.last > rules_.memory;
    });
}

}  // namespace quipu::access
