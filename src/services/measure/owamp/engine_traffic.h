#pragma once
// The decisions about test packets of any number of sessions: which are due, which are given up, whose one is that
// came. One queue for all sessions; no thread, timer or socket of a session's own.

#include <queue>
#include <unordered_map>

#include "services/measure/owamp/test_session.h"

namespace quipu::owamp {

struct TrafficCounters {
    std::uint64_t sent = 0, skipped = 0, received = 0, duplicates = 0;
    std::uint64_t unknown_peer = 0;  ///< of no session
    std::uint64_t faulty = 0;        ///< truncated, a wrong HMAC, a multiplier of zero, a sequence number too high
    std::uint64_t surplus = 0;       ///< more copies than a session may keep
    std::uint64_t overflowed = 0;    ///< found the socket full: our own loss, not the network's
};

class SendEngine {
  public:
    using Id = TestEnds::Id;
    Id add(TestSession session, std::uint32_t socket);
    SessionDescription remove(Id id);

    struct Due {
        std::uint32_t socket = 0;
        net::Endpoint peer;
        std::size_t octets = 0;
        TestPackets* packets = nullptr;  ///< until the session is removed
        std::uint32_t sequence = 0;
    };
    [[nodiscard]] Time next() const { return queue_.empty() ? Time::max() : queue_.top().due; }
    /// At most `limit` that are due at `now`, earliest first. What is late by more than its session's timeout is
    /// skipped: its receiver has given it up.
    void collect(Time now, std::size_t limit, std::vector<Due>& out);
    [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }
    [[nodiscard]] const TrafficCounters& counters() const { return counters_; }

  private:
    struct Session {
        TestSession what;
        std::uint32_t socket;
        TestPackets packets;
        SendSchedule schedule;
        std::uint32_t next_sequence = 0;
        std::vector<SkipRange> skips;
        Session(TestSession session, std::uint32_t at);
    };
    struct Entry {
        Time due;
        Id id;
        bool operator<(const Entry& other) const { return due > other.due; }
    };
    void schedule_next(Id id, Session& session);

    std::unordered_map<Id, std::unique_ptr<Session>> sessions_;
    std::priority_queue<Entry> queue_;
    Id last_id_ = 0;
    TrafficCounters counters_;
};

class ReceiveEngine {
  public:
    using Id = TestEnds::Id;
    /// False when a session receives from there through this socket already.
    [[nodiscard]] bool reserve(std::uint32_t socket, const net::Endpoint& peer);
    void release(std::uint32_t socket, const net::Endpoint& peer);
    Id add(TestSession session, std::uint32_t socket);
    std::vector<PacketRecord> remove(Id id);
    [[nodiscard]] const std::vector<PacketRecord>* records(Id id) const;

    void arrive(std::uint32_t socket, const net::Endpoint& peer, ByteSpan datagram, Time received, std::int16_t ttl,
                const ErrorEstimate& own_error);
    [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }
    [[nodiscard]] const TrafficCounters& counters() const { return counters_; }

  private:
    struct Key {
        std::uint32_t socket;
        net::Endpoint peer;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const;
    };
    struct Session {
        TestSession what;
        std::uint32_t socket;
        TestPackets packets;
        std::vector<bool> seen;
        std::vector<PacketRecord> records;
        Session(TestSession session, std::uint32_t at);
    };

    std::unordered_map<Id, std::unique_ptr<Session>> sessions_;
    std::unordered_map<Key, Session*, KeyHash> by_peer_;  // nullptr: reserved
    Id last_id_ = 0;
    TrafficCounters counters_;
};

}  // namespace quipu::owamp
