#include "services/measure/owamp/engine_traffic.h"

#include <cstring>
#include <limits>

namespace quipu::owamp {
namespace {

constexpr std::size_t kMostSkipped = 1'000;  // at once: some 200 µs

}  // namespace

SendEngine::Session::Session(TestSession session, std::uint32_t at)
    : what(std::move(session)),
      socket(at),
      packets(what.mode, TestPackets::Way::send, what.keys),
      schedule(what.slots, what.sid) {}

SendEngine::Id SendEngine::add(TestSession session, std::uint32_t socket) {
    const Id id = ++last_id_;
    auto& added = *sessions_.emplace(id, std::make_unique<Session>(std::move(session), socket)).first->second;
    schedule_next(id, added);
    return id;
}

SessionDescription SendEngine::remove(Id id) {
    const auto at = sessions_.find(id);
    if (at == sessions_.end()) return {};
    SessionDescription out{
        .sid = at->second->what.sid, .next_sequence = at->second->next_sequence, .skips = std::move(at->second->skips)};
    sessions_.erase(at);  // its entry in the queue is dropped when its time comes
    return out;
}

void SendEngine::schedule_next(Id id, Session& session) {
    if (session.next_sequence < session.what.packets)
        queue_.push({measure::from_ntp(session.what.start + session.schedule.next()), id});
}

void SendEngine::collect(Time now, std::size_t limit, std::vector<Due>& out) {
    // A schedule that lies far back is given up in pieces, so that others' packets leave in time.
    std::size_t skips = kMostSkipped;
    while (limit > 0 && skips > 0 && !queue_.empty() && queue_.top().due <= now) {
        const Entry entry = queue_.top();
        queue_.pop();
        const auto at = sessions_.find(entry.id);
        if (at == sessions_.end()) continue;
        Session& session = *at->second;
        const std::uint32_t sequence = session.next_sequence++;
        if (now - entry.due > to_duration(session.what.timeout)) {
            if (!session.skips.empty() && session.skips.back().last + 1 == sequence)
                session.skips.back().last = sequence;
            else
                session.skips.push_back({sequence, sequence});
            ++counters_.skipped;
            --skips;
        } else {
            out.push_back(
                {session.socket, session.what.peer, session.what.packet_octets(), &session.packets, sequence});
            ++counters_.sent;
            --limit;
        }
        schedule_next(entry.id, session);
    }
}

std::size_t ReceiveEngine::KeyHash::operator()(const Key& key) const {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, key.peer.address.octets().data(), 8);
    std::memcpy(&low, key.peer.address.octets().data() + 8, 8);
    return static_cast<std::size_t>((high * 0x9e3779b97f4a7c15ULL ^ low) * 0xff51afd7ed558ccdULL +
                                    (std::uint64_t{key.socket} << 16U | key.peer.port) * 0xc4ceb9fe1a85ec53ULL);
}

ReceiveEngine::Session::Session(TestSession session, std::uint32_t at)
    : what(std::move(session)),
      socket(at),
      packets(what.mode, TestPackets::Way::receive, what.keys),
      seen(what.packets) {}

bool ReceiveEngine::reserve(std::uint32_t socket, const net::Endpoint& peer) {
    return by_peer_.try_emplace({socket, peer}, nullptr).second;
}

void ReceiveEngine::release(std::uint32_t socket, const net::Endpoint& peer) {
    const auto at = by_peer_.find({socket, peer});
    if (at != by_peer_.end() && at->second == nullptr) by_peer_.erase(at);
}

ReceiveEngine::Id ReceiveEngine::add(TestSession session, std::uint32_t socket) {
    const Id id = ++last_id_;
    auto& added = *sessions_.emplace(id, std::make_unique<Session>(std::move(session), socket)).first->second;
    by_peer_[{socket, added.what.peer}] = &added;
    return id;
}

std::vector<PacketRecord> ReceiveEngine::remove(Id id) {
    const auto at = sessions_.find(id);
    if (at == sessions_.end()) return {};
    by_peer_.erase({at->second->socket, at->second->what.peer});
    auto out = std::move(at->second->records);
    sessions_.erase(at);
    return out;
}

const std::vector<PacketRecord>* ReceiveEngine::records(Id id) const {
    const auto at = sessions_.find(id);
    return at == sessions_.end() ? nullptr : &at->second->records;
}

void ReceiveEngine::arrive(std::uint32_t socket, const net::Endpoint& peer, ByteSpan datagram, Time received,
                           std::int16_t ttl, const ErrorEstimate& own_error) {
    const auto at = by_peer_.find({socket, peer});
    if (at == by_peer_.end() || at->second == nullptr) {
        ++counters_.unknown_peer;
        return;
    }
    Session& session = *at->second;
    const auto stamp = session.packets.parse(datagram);
    if (!stamp || stamp->sequence >= session.what.packets) {
        ++counters_.faulty;
        return;
    }
    if (session.seen[stamp->sequence]) {
        ++counters_.duplicates;
        // A flood of copies must not eat the memory that the session was allowed.
        if (session.records.size() >= 2 * std::size_t{session.what.packets}) {
            ++counters_.surplus;
            return;
        }
    }
    session.seen[stamp->sequence] = true;
    ++counters_.received;
    session.records.push_back({.sequence = stamp->sequence,
                               .send_error = stamp->error,
                               .receive_error = own_error,
                               .sent = stamp->sent,
                               .received = measure::to_ntp(received),
                               .ttl = static_cast<std::uint8_t>(ttl < 0 ? 255 : ttl)});
}

}  // namespace quipu::owamp
