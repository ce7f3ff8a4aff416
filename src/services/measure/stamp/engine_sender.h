#pragma once
// The Session-Sender: which packet is due, and what the answers say. One session; the caller moves the packets.

#include <optional>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "services/measure/stamp/codec_packet.h"

namespace quipu::stamp {

struct SenderPlan {
    std::uint32_t packets = 100;
    Nanoseconds interval = std::chrono::milliseconds(100);  ///< mean gap
    bool exponential = false;
    Nanoseconds timeout = std::chrono::seconds(2);  ///< what has no answer by then is lost
    bool stateful_reflector = false;  ///< known to count; else that shows only once a packet was lost on the way to it
};

/// What became of one packet.
struct Exchange {
    std::optional<Time> sent;  ///< T1, when the kernel gave it to the device if that is known
    std::optional<Time> received;
    std::uint32_t answer_number = 0;  ///< the reflector's
    Time reflector_received{}, reflector_sent{};
    measure::ErrorEstimate reflector_error;  ///< of both
    std::int16_t ttl_there = -1, ttl_back = -1;
};

/// Of one direction, or of the round trip.
struct Delays {
    std::size_t count = 0;
    Nanoseconds least{}, median{}, p95{}, most{};
    std::optional<Nanoseconds> ipdv;  ///< mean |IPDV| (RFC 3393) of packets with consecutive numbers
};

struct SessionReport {
    std::uint32_t sent = 0, received = 0, lost = 0;
    std::optional<std::uint32_t> lost_there, lost_back;  ///< with a reflector that counts
    std::uint32_t lost_somewhere = 0;                    ///< of `lost`: in a direction that nothing tells
    std::uint32_t duplicates = 0, reordered = 0;
    std::uint32_t duplicates_there = 0;  ///< of `duplicates`: the question came twice to the reflector
    std::uint32_t strange = 0;           ///< answers that answer nothing of this session
    Delays round_trip;                   ///< without the time that the reflector kept it
    std::optional<Delays> there, back;   ///< when both clocks are synchronised
    Nanoseconds held{};                  ///< median of T3 − T2
    Nanoseconds clock_error{};           ///< bound of both clocks together
    bool synchronised = false;
    std::optional<std::int16_t> ttl_there_least, ttl_there_most, ttl_back_least, ttl_back_most;
};

class SessionSender {
  public:
    SessionSender(const SenderPlan& plan, Rng chance, Monotonic start);

    /// When the next is due; nothing when all were sent.
    [[nodiscard]] std::optional<Monotonic> next() const;
    /// The number of the packet that is to be sent now.
    [[nodiscard]] std::optional<std::uint32_t> take(Monotonic now);
    void sent(std::uint32_t sequence, Time when);
    /// A better time of the same.
    void left(std::uint32_t sequence, Time when);
    void answered(const Answer& answer, Time received, std::int16_t ttl);
    void strange() { ++strange_; }
    /// Everything was sent, and answered or given up.
    [[nodiscard]] bool done(Monotonic now) const;
    /// `own_error`: of this machine's clock.
    [[nodiscard]] SessionReport report(const measure::ErrorEstimate& own_error) const;
    [[nodiscard]] const std::vector<Exchange>& exchanges() const { return exchanges_; }

  private:
    void tell_losses(SessionReport& out) const;

    SenderPlan plan_;
    Rng chance_;
    Monotonic due_;
    Monotonic last_sent_{};
    std::uint32_t next_ = 0;
    std::vector<Exchange> exchanges_;
    std::uint32_t answered_ = 0, duplicates_ = 0, reordered_ = 0, strange_ = 0, doubled_there_ = 0;
    std::int64_t highest_ = -1, highest_answer_ = -1;
    Nanoseconds peer_error_{};
    bool peer_synchronised_ = true;
};

}  // namespace quipu::stamp
