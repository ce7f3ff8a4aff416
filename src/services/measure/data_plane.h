#pragma once
// The packets' thread: sockets, sender's and receiver's engine, and nothing else. What it finds goes to an outbox that
// another thread empties, so that no disk ever delays a packet.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/time.h"
#include "net/udp.h"
#include "net/waker.h"
#include "services/measure/agent.h"
#include "services/measure/clock_error.h"
#include "services/measure/engine_point.h"
#include "services/measure/engine_receiver.h"
#include "services/measure/engine_sender.h"

namespace quipu::measure {

/// Payload and stream; offered ones are of use only now.
struct OutboxEntry {
    std::string_view stream;
    std::vector<std::uint8_t> payload;
    bool offered = false;
};

/// A new set of sessions with what is known of each sender's past.
struct Orders {
    std::vector<AssignedSession> send;
    std::vector<Time> sent_until;  ///< of each in `send`
    std::vector<AssignedSession> receive;
    bool raw = false;  ///< every packet that is received is told
};

class DataPlane {
  public:
    /// Binds a socket per address (both wildcards if there is none); port 0 takes a free one, the same for all.
    static Result<std::unique_ptr<DataPlane>> open(const Clock& clock, const std::vector<net::IpAddress>& addresses,
                                                   std::uint16_t port, Nanoseconds declared_clock_error,
                                                   Nanoseconds clock_shift = {});
    ~DataPlane();
    DataPlane(const DataPlane&) = delete;
    DataPlane& operator=(const DataPlane&) = delete;

    void start();
    void stop();
    /// From any thread; taken up at once.
    void order(Orders orders);
    /// Everything found since the last call. From any thread.
    [[nodiscard]] std::vector<OutboxEntry> take_outbox();
    [[nodiscard]] PointCounters counters() const;
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] ClockQuality clock() const;
    /// So many records could not be kept so far: told with what the point says of itself.
    void note_records_lost(std::uint64_t total) { records_lost_ = total; }
    /// Everything due before was sent or reported as skipped.
    [[nodiscard]] Time sent_until() const { return Time(Nanoseconds(sent_until_.load())); }

  private:
    struct Pending {
        std::size_t socket = 0;
        SenderEngine::Due due;
    };

    DataPlane(const Clock& clock, Nanoseconds declared, Nanoseconds shift, net::Waker waker)
        : clock_(clock), declared_(declared), shift_(shift), waker_(std::move(waker)) {}
    Result<void> bind(const std::vector<net::IpAddress>& addresses, std::uint16_t port);

    void run();
    void wait(Time until);
    void take_orders(Time now);
    void receive();
    void send();
    bool send_batch(std::size_t socket);
    void notice_clocks();
    bool close_minutes(Time now);
    void each_second(Time now);
    void look_at_self(Time now);
    void publish();
    void put(std::string_view stream, std::vector<std::uint8_t> payload, bool offered = false);
    [[nodiscard]] std::size_t socket_for(const net::IpAddress& peer) const;

    const Clock& clock_;
    const Nanoseconds declared_;
    const Nanoseconds shift_;  // of every stamp: a lab's wrong clock
    std::vector<net::UdpSocket> sockets_;
    std::vector<Time> last_arrival_;  // of each socket: what it dropped since came later
    std::uint16_t port_ = 0;
    const net::Waker waker_;
    std::jthread thread_;
    std::atomic<bool> stopping_ = false;

    SenderEngine sender_;
    ReceiverEngine receiver_;
    PointMeter meter_;
    std::vector<AssignedSession> targets_;  // in the sender's order
    std::vector<std::size_t> target_sockets_;
    std::vector<std::vector<SenderEngine::Due>> due_;  // by socket, waiting for the kernel
    std::vector<std::vector<std::uint8_t>> packets_;   // reused for each batch
    bool blocked_ = false;                             // a socket's buffer was full
    ClockQuality quality_;
    Time next_second_{};
    Time next_provisional_{};
    Time last_now_{};
    Monotonic last_monotonic_{};
    std::vector<MinuteRecord> records_;

    Guarded<std::optional<Orders>> orders_;
    Guarded<std::vector<OutboxEntry>> outbox_;
    Guarded<PointCounters> published_;
    Guarded<ClockQuality> published_quality_;
    PointCounters counters_;
    std::atomic<std::int64_t> sent_until_ = 0;
    std::atomic<std::uint64_t> records_lost_ = 0;
};

}  // namespace quipu::measure
