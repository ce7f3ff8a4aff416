#include "services/measure/path/engine_trace.h"

#include <algorithm>
#include <array>

namespace quipu::path {
namespace {

// RFC 1191 §7.1's, and what tunnels and PPPoE leave of Ethernet.
constexpr std::array<std::uint32_t, 17> kPlateaus{65'535, 32'000, 17'914, 9'000, 8'166, 4'352, 2'002, 1'500, 1'492,
                                                  1'480,  1'400,  1'280,  1'006, 576,   508,   296,   68};
constexpr std::uint8_t kFarTtl = 64;
constexpr int kClosedRounds = 3;

std::int64_t microseconds(Nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

}  // namespace

TraceEngine::TraceEngine(TraceSettings settings) : settings_(std::move(settings)), mtu_done_(!settings_.mtu) {}

std::size_t TraceEngine::end() const {
    std::size_t out = static_cast<std::size_t>(std::max(settings_.last_ttl - settings_.first_ttl + 1, 0));
    out = std::min(out, last_heard_ + static_cast<std::size_t>(settings_.most_silent));
    if (final_) out = std::min(out, *final_ + 1);
    return out;
}

bool TraceEngine::settled(const Tried& tried) const {
    return tried.probes.size() >= static_cast<std::size_t>(settings_.probes) &&
           std::ranges::all_of(tried.probes, [&](std::uint32_t number) {
               return probes_[number].state == State::answered || probes_[number].state == State::lost;
           });
}

bool TraceEngine::hops_done() const {
    const std::size_t until = end();
    return hops_.size() >= until &&
           std::ranges::all_of(hops_.begin(), hops_.begin() + static_cast<std::ptrdiff_t>(until),
                               [&](const Tried& tried) { return settled(tried); });
}

bool TraceEngine::done() const {
    return hops_done() && mtu_done_;
}

std::optional<std::size_t> TraceEngine::next_hop() const {
    const std::size_t until = end(), wanted = static_cast<std::size_t>(settings_.probes);
    if (settings_.in_turn) {
        if (hops_.size() < until) return hops_.size();
        const auto last = hops_.begin() + static_cast<std::ptrdiff_t>(until);
        const auto fewest = std::min_element(
            hops_.begin(), last, [](const Tried& a, const Tried& b) { return a.probes.size() < b.probes.size(); });
        if (fewest == last || fewest->probes.size() >= wanted) return std::nullopt;
        return static_cast<std::size_t>(fewest - hops_.begin());
    }
    if (!hops_.empty() && hops_.size() <= until && hops_.back().probes.size() < wanted) return hops_.size() - 1;
    return hops_.size() < until ? std::optional(hops_.size()) : std::nullopt;
}

std::optional<TraceEngine::Due> TraceEngine::due(Monotonic now) {
    if (now < next_send_) return std::nullopt;
    const std::size_t until = end();
    std::erase_if(waiting_, [&](std::uint32_t number) {
        if (probes_[number].hop < until) return false;
        probes_[number].state = State::lost;
        return true;
    });
    if (hops_done()) return mtu_done_ || mtu_flying_ ? std::nullopt : search_mtu(now);
    if (flying_.size() >= static_cast<std::size_t>(settings_.in_flight)) return std::nullopt;
    if (!waiting_.empty()) {
        const std::uint32_t number = waiting_.front();
        waiting_.erase(waiting_.begin());
        next_send_ = now + settings_.gap;
        const Sent& probe = probes_[number];
        return Due{.number = number,
                   .ttl = static_cast<std::uint8_t>(ttl_of(probe.hop)),
                   .length = 0,
                   .closed_port = probe.closed_port};
    }
    const auto hop = next_hop();
    if (!hop) return std::nullopt;
    if (*hop == hops_.size()) {
        Tried next;
        next.hop.ttl = ttl_of(hops_.size());
        hops_.push_back(std::move(next));
    }
    return make(static_cast<std::uint32_t>(*hop), false, now);
}

std::optional<TraceEngine::Due> TraceEngine::make(std::uint32_t hop, bool closed_port, Monotonic now) {
    const auto number = static_cast<std::uint32_t>(probes_.size());
    probes_.push_back({.hop = hop, .closed_port = closed_port});
    if (hop == kMtuSearch) {
        mtu_flying_ = true;
    } else {
        hops_[hop].probes.push_back(number);
    }
    next_send_ = now + settings_.gap;
    return Due{.number = number,
               .ttl = hop == kMtuSearch ? kFarTtl : static_cast<std::uint8_t>(ttl_of(hop)),
               .length = static_cast<std::uint16_t>(hop == kMtuSearch ? length_ : 0),
               .closed_port = closed_port};
}

void TraceEngine::sent(std::uint32_t number, Monotonic at) {
    Sent& probe = probes_[number];
    probe.at = at;
    probe.state = State::flying;
    flying_.push_back(number);
}

void TraceEngine::answered(std::uint32_t number, const Answer& answer, Monotonic at) {
    if (number >= probes_.size() || probes_[number].state != State::flying) return;
    Sent& probe = probes_[number];
    probe.state = State::answered;
    probe.rtt_us = std::max<std::int64_t>(microseconds(at - probe.at), 0);
    std::erase(flying_, number);
    if (probe.hop == kMtuSearch) {
        heard_mtu(answer);
    } else if (answer.kind == Answer::Kind::too_big) {
        probe.state = State::lost;  // the shortest probe is none too big: forged, or nonsense
    } else {
        heard(hops_[probe.hop], probe, answer);
    }
}

void TraceEngine::heard(Tried& tried, const Sent& probe, const Answer& answer) {
    // On its other port the flow may go another way: only that the target is here counts.
    if (probe.closed_port && !answer.of_target()) return;
    Hop& hop = tried.hop;
    if (std::ranges::find(hop.addresses, answer.from) == hop.addresses.end()) hop.addresses.push_back(answer.from);
    if (answer.ttl && !hop.reply_ttl) hop.reply_ttl = *answer.ttl;
    if (!answer.labels.empty()) hop.labels = answer.labels;
    if (hop.refused.empty()) hop.refused = answer.refusal();
    last_heard_ = std::max<std::size_t>(last_heard_, probe.hop + 1);
    if (answer.of_target()) {
        tried.target = true;
        tried.by_closed_port = tried.by_closed_port || probe.closed_port;
    }
    if (answer.of_target() || answer.kind == Answer::Kind::unreachable)
        final_ = std::min<std::size_t>(final_.value_or(probe.hop), probe.hop);
}

void TraceEngine::tick(Monotonic now) {
    while (!flying_.empty() && probes_[flying_.front()].at + settings_.patience <= now) {
        const std::uint32_t number = flying_.front();
        flying_.erase(flying_.begin());
        probes_[number].state = State::lost;
        if (probes_[number].hop != kMtuSearch) {
            ask_again(probes_[number].hop);
            continue;
        }
        mtu_flying_ = false;
        if (++tries_ >= settings_.probes) shorten(0);
    }
}

/// A hop that answered none of its probes gets more of them.
void TraceEngine::ask_again(std::uint32_t hop) {
    Tried& tried = hops_[hop];
    if (hop >= end() || !tried.hop.silent() || !settled(tried)) return;
    const auto queue = [&](bool closed_port) {
        waiting_.push_back(static_cast<std::uint32_t>(probes_.size()));
        tried.probes.push_back(waiting_.back());
        probes_.push_back({.hop = hop, .closed_port = closed_port});
    };
    if (tried.retries < settings_.retries) {
        ++tried.retries;
        queue(false);
    } else if (settings_.closed_port != 0 && tried.asked_closed < kClosedRounds) {
        // If the target's answer were lost here and not one hop further on, the way would seem longer than it is.
        ++tried.asked_closed;
        for (int i = 0; i < settings_.probes; ++i)
            queue(true);
    }
}

// ---- the path MTU

std::optional<TraceEngine::Due> TraceEngine::search_mtu(Monotonic now) {
    // Only the target can say that a long probe has arrived.
    if (!final_ || !hops_[*final_].target) {
        mtu_done_ = true;
        return std::nullopt;
    }
    if (length_ == 0) length_ = settings_.first_mtu;
    return make(kMtuSearch, hops_[*final_].by_closed_port, now);
}

void TraceEngine::heard_mtu(const Answer& answer) {
    mtu_flying_ = false;
    if (answer.of_target()) {
        mtu_ = length_;
        mtu_done_ = true;
    } else if (answer.kind == Answer::Kind::too_big) {
        const auto at = std::ranges::find_if(hops_, [&](const Tried& tried) {
            return std::ranges::find(tried.hop.addresses, answer.from) != tried.hop.addresses.end();
        });
        if (at != hops_.end() && answer.mtu != 0) at->hop.mtu = answer.mtu;
        shorten(answer.mtu);
    } else if (++tries_ >= settings_.probes) {
        shorten(0);
    }
}

void TraceEngine::not_sent(std::uint32_t number) {
    probes_[number].state = State::lost;
    if (probes_[number].hop != kMtuSearch) return;
    mtu_flying_ = false;
    shorten(0);
}

/// To what a router has told, else to the next plateau below.
void TraceEngine::shorten(std::uint32_t told) {
    tries_ = 0;
    const std::uint32_t least = settings_.target.is_v6() ? 1'280 : 68;
    const auto plateau = std::ranges::find_if(kPlateaus, [&](std::uint32_t length) { return length < length_; });
    const std::uint32_t next = told != 0 && told < length_ ? told : plateau == kPlateaus.end() ? 0 : *plateau;
    if (next < least)
        mtu_done_ = true;
    else
        length_ = next;
}

// ---- when, and what came of it

Monotonic TraceEngine::when() const {
    const Monotonic timeout = flying_.empty() ? Monotonic::max() : probes_[flying_.front()].at + settings_.patience;
    const bool mtu = hops_done() && !mtu_done_ && !mtu_flying_;
    const bool free = flying_.size() < static_cast<std::size_t>(settings_.in_flight);
    return mtu || (free && (next_hop() || !waiting_.empty())) ? std::min(next_send_, timeout) : timeout;
}

Hop TraceEngine::shown(const Tried& tried) const {
    Hop out = tried.hop;
    std::vector<std::int64_t> sorted;
    for (const std::uint32_t number : tried.probes) {
        const Sent& probe = probes_[number];
        if (probe.closed_port != tried.by_closed_port) continue;
        ++out.sent;
        if (probe.state == State::answered) out.rtts_us.push_back(probe.rtt_us);
    }
    out.received = static_cast<std::int64_t>(out.rtts_us.size());
    sorted = out.rtts_us;
    std::ranges::sort(sorted);
    if (!sorted.empty()) {
        out.rtt_min_us = sorted.front();
        out.rtt_median_us = sorted[(sorted.size() - 1) / 2];
    }
    return out;
}

std::vector<Hop> TraceEngine::take_settled() {
    std::vector<Hop> out;
    for (; told_ < std::min(hops_.size(), end()) && settled(hops_[told_]); ++told_)
        out.push_back(shown(hops_[told_]));
    return out;
}

PathRecord TraceEngine::result() const {
    PathRecord out;
    out.target = settings_.target;
    out.protocol = settings_.protocol;
    const std::size_t until = std::min({hops_.size(), end(), last_heard_});
    for (std::size_t i = 0; i < until; ++i)
        out.hops.push_back(shown(hops_[i]));
    out.reached = final_ && *final_ < until && hops_[*final_].target;
    out.mtu = mtu_;
    out.id = id_of(out.hops);
    return out;
}

}  // namespace quipu::path
