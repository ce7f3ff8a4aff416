#include <iterator>

#include "services/measure/owamp/engine_server.h"

namespace quipu::owamp {
namespace {

std::int64_t octets_of(const EndedSession& session) {
    return static_cast<std::int64_t>(session.records.capacity() * sizeof(PacketRecord) +
                                     session.request.slots.capacity() * sizeof(Slot) +
                                     session.sent.skips.capacity() * sizeof(SkipRange) + sizeof session);
}

}  // namespace

void ServerState::left(const std::string& client) {
    const auto at = uses_.find(client);
    if (at != uses_.end() && at->second.connections == 0 && at->second.sessions == 0) uses_.erase(at);
}

void ServerState::keep(EndedSession session) {
    forget_old(session.ended);
    kept_ += octets_of(session);
    ended_.push_back(std::move(session));
    by_sid_[ended_.back().request.sid] = std::prev(ended_.end());
    while (kept_ > settings_.kept.octets && ended_.size() > 1)
        forget_old(ended_.front().ended + settings_.keep + Nanoseconds(1));
}

const EndedSession* ServerState::find(const Sid& sid, Time now) {
    forget_old(now);
    const auto at = by_sid_.find(sid);
    return at == by_sid_.end() ? nullptr : &*at->second;
}

void ServerState::Unlist::operator()(const RunningSession* session) const {
    const Sid sid = session->request.sid;
    state->running_.erase(sid);
}

ServerState::Listed ServerState::list(RunningSession session) {
    const Sid sid = session.request.sid;
    const auto [at, fresh] = running_.try_emplace(sid, std::move(session));
    return fresh ? Listed(&at->second, Unlist{this}) : Listed(nullptr, Unlist{this});
}

RunningSession* ServerState::find_running(const Sid& sid) {
    const auto at = running_.find(sid);
    return at == running_.end() ? nullptr : &at->second;
}

void ServerState::stop_later(Reflectors& reflectors, const TestEnds::Place& place, const net::Endpoint& peer,
                             Time when) {
    stopping_.emplace(when, Stopping{&reflectors, place, peer});
}

bool ServerState::stop_now(Reflectors& reflectors, const net::Endpoint& peer) {
    return std::erase_if(stopping_, [&](const auto& entry) {
               const Stopping& each = entry.second;
               if (each.reflectors != &reflectors || each.peer != peer) return false;
               reflectors.stop(each.place, peer);
               return true;
           }) > 0;
}

void ServerState::tick(Time now) {
    for (auto at = stopping_.begin(); at != stopping_.end() && at->first <= now; at = stopping_.erase(at))
        at->second.reflectors->stop(at->second.place, at->second.peer);
}

void ServerState::forget_old(Time now) {
    while (!ended_.empty() && now - ended_.front().ended > settings_.keep) {
        kept_ -= octets_of(ended_.front());
        const auto at = by_sid_.find(ended_.front().request.sid);
        if (at != by_sid_.end() && at->second == ended_.begin()) by_sid_.erase(at);
        ended_.pop_front();
    }
}

}  // namespace quipu::owamp
