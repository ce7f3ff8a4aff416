#include "services/measure/path/engine_traces.h"

#include <algorithm>

namespace quipu::path {
namespace {

constexpr std::uint32_t kIdentities = kLastIdentity - kFirstIdentity + 1;

Flow on_port(Flow flow, std::uint16_t port) {
    flow.target_port = port;
    return flow;
}

}  // namespace

void Traces::start(std::uint32_t trace, const TraceSettings& settings, const Flow& flow, Time began) {
    traces_.push_back({.trace = trace,
                       .engine = TraceEngine(settings),
                       .flow = flow,
                       .closed_port = settings.closed_port,
                       .traffic_class = static_cast<std::uint8_t>(settings.dscp << 2U),
                       .began = std::chrono::floor<std::chrono::milliseconds>(began),
                       .identities = {}});
}

Traces::One* Traces::find(std::uint32_t trace) {
    const auto at = std::ranges::find(traces_, trace, &One::trace);
    return at == traces_.end() ? nullptr : &*at;
}

std::optional<std::uint16_t> Traces::free_identity() {
    for (std::uint32_t i = 0; i < kIdentities; ++i) {
        identity_ = identity_ < kFirstIdentity || identity_ >= kLastIdentity
                        ? kFirstIdentity
                        : static_cast<std::uint16_t>(identity_ + 1);
        if (!asked_.contains(identity_)) return identity_;
    }
    return std::nullopt;
}

std::optional<Traces::Out> Traces::due(Monotonic now) {
    if (now < next_ || asked_.size() >= kIdentities) return std::nullopt;
    for (std::size_t i = 0; i < traces_.size(); ++i) {
        traces_.splice(traces_.end(), traces_, traces_.begin());
        One& one = traces_.back();
        const auto probe = one.engine.due(now);
        if (!probe) continue;
        const auto identity = free_identity();
        if (!identity) break;
        asked_[*identity] = {one.trace, probe->number, probe->closed_port};
        one.identities.push_back(*identity);
        next_ = now + gap_;
        return Out{.trace = one.trace,
                   .number = probe->number,
                   .flow = probe->closed_port ? on_port(one.flow, one.closed_port) : one.flow,
                   .probe = {.identity = *identity,
                             .ttl = probe->ttl,
                             .traffic_class = one.traffic_class,
                             .length = probe->length,
                             .whole = probe->length != 0}};
    }
    return std::nullopt;
}

void Traces::sent(const Out& out, Monotonic at) {
    if (One* one = find(out.trace)) one->engine.sent(out.number, at);
}

void Traces::not_sent(const Out& out) {
    if (One* one = find(out.trace)) one->engine.not_sent(out.number);
}

void Traces::answered(const Answer& answer, Monotonic at) {
    const auto asked = asked_.find(answer.identity);
    if (asked == asked_.end()) return;
    One* one = find(asked->second.trace);
    if (one == nullptr) return;
    // The source is not compared: a translator on the way may have shown another one to who quotes it.
    Flow flow = asked->second.closed_port ? on_port(one->flow, one->closed_port) : one->flow;
    flow.source = answer.flow.source;
    if (flow == answer.flow) one->engine.answered(asked->second.number, answer, at);
}

void Traces::tick(Monotonic now) {
    for (One& one : traces_)
        one.engine.tick(now);
}

Monotonic Traces::when() const {
    Monotonic out = Monotonic::max();
    for (const One& one : traces_)
        out = std::min(out, one.engine.when());
    return std::max(out, next_);
}

std::vector<Hop> Traces::take_settled(std::uint32_t trace) {
    One* one = find(trace);
    return one == nullptr ? std::vector<Hop>{} : one->engine.take_settled();
}

std::vector<Traces::Done> Traces::take_done(bool now_all) {
    std::vector<Done> out;
    std::erase_if(traces_, [&](One& one) {
        if (!now_all && !one.engine.done()) return false;
        Done done{.trace = one.trace, .record = one.engine.result()};
        done.record.time = one.began;
        done.record.source = one.flow.source;
        done.record.source_port = one.flow.source_port;
        done.record.target_port = one.flow.target_port;
        out.push_back(std::move(done));
        for (const std::uint16_t identity : one.identities)
            asked_.erase(identity);
        return true;
    });
    return out;
}

}  // namespace quipu::path
