#include "platform/access/engine_limits.h"

#include <algorithm>

namespace quipu::access {
namespace {

constexpr std::size_t kSourcesOfOne = 64;

}  // namespace

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

bool AccountLocks::succeeded(std::string_view account, Monotonic now) {
    const bool was_locked = locked(account, now).has_value();
    accounts_.erase(std::string(account));
    return was_locked;
}

void AccountLocks::restore(std::string_view account, Monotonic until) {
    if (accounts_.size() < rules_.at_most) accounts_[std::string(account)].locked_until = until;
}

void AccountLocks::sweep(Monotonic now) {
    std::erase_if(accounts_, [&](const auto& each) {
        const Account& account = each.second;
        return (!account.locked_until || *account.locked_until <= now) && now - account.last > rules_.memory;
    });
}

}  // namespace quipu::access
