#include "services/measure/stamp/engine_sender.h"

#include <algorithm>
#include <cmath>

namespace quipu::stamp {
namespace {

Nanoseconds nearest_rank(const std::vector<Nanoseconds>& sorted, double q) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

/// `of`: an exchange's delay.
template <class Of>
Delays delays_of(const std::vector<Exchange>& exchanges, const Of& of) {
    std::vector<Nanoseconds> sorted;
    Nanoseconds ipdv{};
    std::int64_t pairs = 0;
    const Exchange* before = nullptr;
    for (const Exchange& exchange : exchanges) {
        if (!exchange.received) {
            before = nullptr;
            continue;
        }
        const Nanoseconds delay = of(exchange);
        sorted.push_back(delay);
        if (before != nullptr) {
            ipdv += std::chrono::abs(delay - of(*before));
            ++pairs;
        }
        before = &exchange;
    }
    Delays out{.count = sorted.size()};
    if (sorted.empty()) return out;
    std::ranges::sort(sorted);
    out.least = sorted.front();
    out.median = nearest_rank(sorted, 0.5);
    out.p95 = nearest_rank(sorted, 0.95);
    out.most = sorted.back();
    if (pairs > 0) out.ipdv = ipdv / pairs;
    return out;
}

void widen(std::optional<std::int16_t>& least, std::optional<std::int16_t>& most, std::int16_t ttl) {
    if (ttl < 0) return;
    least = std::min(least.value_or(ttl), ttl);
    most = std::max(most.value_or(ttl), ttl);
}

}  // namespace

SessionSender::SessionSender(const SenderPlan& plan, Rng chance, Monotonic start)
    : plan_(plan), chance_(chance), due_(start) {}

std::optional<Monotonic> SessionSender::next() const {
    if (next_ >= plan_.packets) return std::nullopt;
    return due_;
}

std::optional<std::uint32_t> SessionSender::take(Monotonic now) {
    if (next_ >= plan_.packets || now < due_) return std::nullopt;
    const double gap = plan_.exponential ? chance_.exponential() : 1;
    due_ += Nanoseconds(static_cast<std::int64_t>(static_cast<double>(plan_.interval.count()) * gap));
    last_sent_ = now;
    return next_++;
}

void SessionSender::sent(std::uint32_t sequence, Time when) {
    if (exchanges_.size() <= sequence) exchanges_.resize(sequence + std::size_t{1});
    exchanges_[sequence].sent = when;
}

void SessionSender::left(std::uint32_t sequence, Time when) {
    // Later than our own stamp, and not by much; else it is another packet's.
    if (sequence >= exchanges_.size() || !exchanges_[sequence].sent) return;
    const Nanoseconds later = when - *exchanges_[sequence].sent;
    if (later >= Nanoseconds::zero() && later < std::chrono::seconds(1)) exchanges_[sequence].sent = when;
}

void SessionSender::answered(const Answer& answer, Time received, std::int16_t ttl) {
    const std::uint32_t sequence = answer.question.sequence;
    if (sequence >= exchanges_.size() || !exchanges_[sequence].sent) {
        ++strange_;
        return;
    }
    Exchange& exchange = exchanges_[sequence];
    highest_answer_ = std::max(highest_answer_, std::int64_t{answer.sequence});
    if (exchange.received) {
        ++duplicates_;
        // Another number: it was the question that came twice.
        if (answer.sequence != exchange.answer_number) ++doubled_there_;
        return;
    }
    // RFC 8762 has no threshold; like RFC 7680's, ours is the session's timeout.
    if (received - *exchange.sent > plan_.timeout) return;
    exchange.received = received;
    exchange.answer_number = answer.sequence;
    exchange.reflector_received = time_of(answer.received, answer.error);
    exchange.reflector_sent = time_of(answer.timestamp, answer.error);
    exchange.ttl_there = answer.ttl;
    exchange.ttl_back = ttl;
    ++answered_;
    // RFC 4737 §3.
    if (sequence < highest_) ++reordered_;
    highest_ = std::max(highest_, std::int64_t{sequence});
    const auto error = error_estimate(answer.error);
    exchange.reflector_error = error;
    peer_error_ = std::max(peer_error_, error.bound());
    peer_synchronised_ = peer_synchronised_ && error.synchronised;
}

bool SessionSender::done(Monotonic now) const {
    return next_ >= plan_.packets && (answered_ >= exchanges_.size() || now - last_sent_ >= plan_.timeout);
}

/// A reflector that counts numbers its answers 0, 1, 2…: a question that never came leaves no gap in them, an answer
/// that was lost does. What is behind the last answer was lost in either direction.
void SessionSender::tell_losses(SessionReport& out) const {
    std::int64_t last_question = -1;
    bool counts = plan_.stateful_reflector;
    for (std::size_t i = 0; i < exchanges_.size(); ++i) {
        if (!exchanges_[i].received) continue;
        last_question = static_cast<std::int64_t>(i);
        counts = counts || exchanges_[i].answer_number != i;
    }
    const std::int64_t there = last_question + std::int64_t{doubled_there_} - highest_answer_;
    const std::int64_t back = highest_answer_ + 1 - std::int64_t{out.received} - std::int64_t{doubled_there_};
    // The numbers of a reflector that began before us tell nothing.
    const bool certain = counts && there >= 0 && back >= 0 && there + back <= std::int64_t{out.lost};
    if (!certain && out.lost > 0) {
        out.lost_somewhere = out.lost;
        return;
    }
    if (!certain) {
        out.lost_there = out.lost_back = 0;
        return;
    }
    out.lost_there = static_cast<std::uint32_t>(there);
    out.lost_back = static_cast<std::uint32_t>(back);
    out.lost_somewhere = out.lost - *out.lost_there - *out.lost_back;
}

SessionReport SessionSender::report(const measure::ErrorEstimate& own_error) const {
    SessionReport out;
    out.sent = static_cast<std::uint32_t>(exchanges_.size());
    out.received = answered_;
    out.lost = out.sent - out.received;
    out.duplicates = duplicates_;
    out.duplicates_there = doubled_there_;
    out.reordered = reordered_;
    out.strange = strange_;
    tell_losses(out);
    const auto held = [](const Exchange& e) { return e.reflector_sent - e.reflector_received; };
    out.round_trip = delays_of(exchanges_, [&](const Exchange& e) { return *e.received - *e.sent - held(e); });
    out.held = delays_of(exchanges_, held).median;
    out.clock_error = own_error.bound() + peer_error_;
    out.synchronised = own_error.synchronised && peer_synchronised_ && out.received > 0;
    if (out.synchronised) {
        out.there = delays_of(exchanges_, [](const Exchange& e) { return e.reflector_received - *e.sent; });
        out.back = delays_of(exchanges_, [](const Exchange& e) { return *e.received - e.reflector_sent; });
    }
    for (const Exchange& exchange : exchanges_) {
        if (!exchange.received) continue;
        widen(out.ttl_there_least, out.ttl_there_most, exchange.ttl_there);
        widen(out.ttl_back_least, out.ttl_back_most, exchange.ttl_back);
    }
    return out;
}

}  // namespace quipu::stamp
