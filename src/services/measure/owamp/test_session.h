#pragma once
// One end of a test session, and what the ends need of whoever moves its packets.

#include <optional>
#include <span>

#include "services/measure/owamp/codec_packet.h"
#include "services/measure/owamp/exponential.h"

namespace quipu::owamp {

struct TestSession {
    Sid sid{};
    TestMode mode = TestMode::open;
    ControlKeys keys;    ///< of this session; not in open mode
    net::Endpoint peer;  ///< where packets go to, or come from
    Fixed start = 0;     ///< NTP time from which the schedule counts
    std::vector<Slot> slots;
    std::uint32_t packets = 0;
    std::uint32_t padding = 0;
    Fixed timeout = 0;

    [[nodiscard]] std::size_t packet_octets() const { return test_packet_octets(mode) + padding; }
};

/// Sequence numbers, both included.
struct SequenceRange {
    std::uint32_t first = 0, last = 0xffffffff;
    [[nodiscard]] bool contains(std::uint32_t sequence) const { return first <= sequence && sequence <= last; }
};

/// When each packet of a session is due, worked out once and as far as somebody asked.
class DueTimes {
  public:
    /// `slots` stay alive.
    DueTimes(Fixed start, const std::vector<Slot>& slots, const Sid& sid) : start_(start), schedule_(slots, sid) {}
    [[nodiscard]] std::span<const Fixed> first(std::uint32_t count);
    [[nodiscard]] Fixed of(std::uint32_t sequence) { return first(sequence + 1).back(); }
    [[nodiscard]] std::size_t known() const { return due_.size(); }

  private:
    Fixed start_;
    SendSchedule schedule_;
    std::vector<Fixed> due_;
};

/// When the last packet of a session is due.
[[nodiscard]] Time last_due(const TestSession& session);

/// Sockets and packets, as a control connection sees them.
class TestEnds {
  public:
    using Id = std::uint32_t;
    struct Place {
        std::uint32_t socket = 0;
        std::uint16_t port = 0;
    };

    TestEnds() = default;
    TestEnds(const TestEnds&) = delete;
    TestEnds& operator=(const TestEnds&) = delete;
    virtual ~TestEnds() = default;

    /// A socket at `local` through which no session receives from `peer` (when one is given) yet.
    virtual Result<Place> reserve(const net::IpAddress& local, std::optional<net::Endpoint> peer,
                                  std::uint8_t dscp) = 0;
    /// What was reserved for `peer` and is not used.
    virtual void release(const Place& place, const net::Endpoint& peer) = 0;
    virtual Id send(TestSession session, const Place& place) = 0;
    virtual Id receive(TestSession session, const Place& place) = 0;
    /// Ends it: what was sent and what was not.
    virtual SessionDescription stop_sending(Id id) = 0;
    /// What has arrived so far with a number in `range`, in the order of arrival, without the first `from` of all that
    /// arrived.
    [[nodiscard]] virtual std::vector<PacketRecord> received(Id id, const SequenceRange& range,
                                                             std::size_t from) const = 0;
    /// Ends it: what has arrived, in the order of arrival.
    virtual std::vector<PacketRecord> stop_receiving(Id id) = 0;
    /// Our clock's error now, as records of lost packets carry it.
    [[nodiscard]] virtual ErrorEstimate clock_error() const = 0;
};

/// A session's records as they are fetched (RFC 4656 §3.8, §3.9): without what the sender did not send, without packets
/// that took longer than the timeout, came later than the timeout after they were due or left at another time than
/// their own, and with a record for each that was lost.
/// What was due less than the timeout before `stopped` and has not come is neither.
[[nodiscard]] std::vector<PacketRecord> complete_records(const TestSession& session, std::vector<PacketRecord> arrived,
                                                         const SessionDescription& sent, Time stopped,
                                                         const ErrorEstimate& own_error);
/// Those of `range` alone: nothing beyond its end is looked at. The slots are those of `due`.
[[nodiscard]] std::vector<PacketRecord> complete_records(const TestSession& session, std::vector<PacketRecord> arrived,
                                                         const SessionDescription& sent, Time stopped,
                                                         const ErrorEstimate& own_error, const SequenceRange& range,
                                                         DueTimes& due);

/// One beyond the highest sequence number of a packet that complete_records() keeps: all that is known of how far the
/// sender is.
[[nodiscard]] std::uint32_t next_after(const TestSession& session, const std::vector<PacketRecord>& arrived,
                                       DueTimes& due);

}  // namespace quipu::owamp
