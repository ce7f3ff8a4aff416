#include "net/dns_names.h"

#include <algorithm>

namespace quipu::net {
namespace {

constexpr std::size_t kAskers = 16;

}  // namespace

DnsNames::DnsNames(const Clock& clock, std::function<DnsName(const IpAddress&)> ask)
    : clock_(clock), ask_(std::move(ask)) {}

DnsNames::~DnsNames() {
    for (std::jthread& thread : threads_)
        thread.request_stop();
}

DnsNames::Names DnsNames::of(std::span<const IpAddress> addresses, Nanoseconds patience) {
    std::unique_lock lock(mutex_);
    const Monotonic now = clock_.monotonic();
    std::vector<IpAddress> awaited;
    for (const IpAddress& address : addresses) {
        if (is_known(address, now) || waiting_.size() >= kMostWaiting) continue;
        const auto [at, fresh] = asked_.emplace(address, now);
        if (fresh) waiting_.push_back(address);
        if (fresh || now - at->second < patience) awaited.push_back(address);
    }
    if (!awaited.empty()) {
        while (threads_.size() < std::min(kAskers, asked_.size()))
            threads_.emplace_back([this](const std::stop_token& stopping) { serve(stopping); });
        work_.notify_all();
        answered_.wait_for(lock, patience, [&] {
            return std::ranges::none_of(awaited, [&](const IpAddress& address) { return asked_.contains(address); });
        });
    }
    return names_of(addresses, now);
}

DnsNames::Names DnsNames::known(std::span<const IpAddress> addresses) const {
    const std::scoped_lock lock(mutex_);
    return names_of(addresses, clock_.monotonic());
}

DnsNames::Names DnsNames::names_of(std::span<const IpAddress> addresses, Monotonic now) const {
    Names out;
    for (const IpAddress& address : addresses)
        if (const auto at = kept_.find(address);
            at != kept_.end() && now < at->second.until && !at->second.name.empty())
            out.emplace(address, at->second.name);
    return out;
}

bool DnsNames::is_known(const IpAddress& address, Monotonic now) const {
    const auto at = kept_.find(address);
    return at != kept_.end() && now < at->second.until;
}

void DnsNames::serve(const std::stop_token& stopping) {
    std::unique_lock lock(mutex_);
    while (work_.wait(lock, stopping, [&] { return !waiting_.empty(); })) {
        if (stopping.stop_requested()) return;
        const IpAddress address = waiting_.front();
        waiting_.pop_front();
        lock.unlock();
        DnsName name = ask_(address);
        lock.lock();
        keep(address, std::move(name));
        asked_.erase(address);
        answered_.notify_all();
    }
}

void DnsNames::keep(const IpAddress& address, DnsName name) {
    const Monotonic now = clock_.monotonic();
    if (kept_.size() >= kMostKept) std::erase_if(kept_, [&](const auto& one) { return one.second.until <= now; });
    if (kept_.size() >= kMostKept) kept_.clear();
    kept_.insert_or_assign(address, Kept{std::move(name.name), now + name.keep});
}

}  // namespace quipu::net
