#pragma once
// One end of a test session, and what the ends need of whoever moves its packets.

#include <optional>

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
    /// What has arrived so far, in the order of arrival.
    [[nodiscard]] virtual std::vector<PacketRecord> received(Id id) const = 0;
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

/// One beyond the highest sequence number among them: all that is known of how far the sender is.
[[nodiscard]] std::uint32_t next_after(const std::vector<PacketRecord>& arrived);

}  // namespace quipu::owamp
