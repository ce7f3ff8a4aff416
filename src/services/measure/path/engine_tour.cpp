#include "services/measure/path/engine_tour.h"

#include <algorithm>

namespace quipu::path {
namespace {

constexpr Nanoseconds kAgain = std::chrono::seconds(15);

Nanoseconds share_of(Nanoseconds whole, double share) {
    return Nanoseconds(static_cast<std::int64_t>(static_cast<double>(whole.count()) * share));
}

}  // namespace

void Tour::put_at(One& one, Monotonic next) {
    moments_.erase({one.next, one.peer.site});
    one.next = next;
    if (!one.under_way) moments_.emplace(one.next, one.peer.site);
}

void Tour::assign(const std::vector<Peer>& peers, Nanoseconds every, Monotonic now) {
    std::map<std::string, One, std::less<>> before = std::move(peers_);
    const bool other_pace = every != every_;
    every_ = every;
    peers_.clear();
    moments_.clear();
    for (const Peer& peer : peers) {
        const auto known = before.find(peer.site);
        One& one = peers_[peer.site];
        if (known != before.end()) one = known->second;
        const bool keeps = known != before.end() && one.peer == peer && !other_pace;
        one.peer = peer;
        put_at(one, keeps ? one.next : now + share_of(std::min(every, kFirstWithin), rng_.uniform()));
    }
}

void Tour::hurry(std::string_view site, Monotonic now) {
    const auto at = peers_.find(site);
    if (at == peers_.end()) return;
    One& one = at->second;
    if (one.under_way) {
        one.again = true;
    } else {
        put_at(one, std::min(one.next, std::max(now, one.begun + kNotSooner)));
    }
}

std::optional<Peer> Tour::due(Monotonic now) {
    if (moments_.empty() || moments_.begin()->first > now) return std::nullopt;
    One& one = peers_.find(moments_.begin()->second)->second;
    moments_.erase(moments_.begin());
    one.under_way = true;
    one.begun = now;
    return one.peer;
}

void Tour::over(std::string_view site, bool reached, Monotonic now) {
    const auto at = peers_.find(site);
    if (at == peers_.end() || !at->second.under_way) return;
    One& one = at->second;
    one.under_way = false;
    one.failed = reached ? 0 : std::min(one.failed + 1, 10);
    // A tenth to and fro, so that points that were started together part.
    Nanoseconds wait = share_of(every_, 0.9 + 0.2 * rng_.uniform());
    if (one.failed > 0) wait = std::min(wait, kAgain * (1 << (one.failed - 1)));
    if (one.again) wait = Nanoseconds::zero();
    one.again = false;
    put_at(one, std::max(now + wait, one.begun + kNotSooner));
}

Monotonic Tour::when() const {
    return moments_.empty() ? Monotonic::max() : moments_.begin()->first;
}

}  // namespace quipu::path
