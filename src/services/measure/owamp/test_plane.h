#pragma once
// The packets' thread: sockets and the two traffic engines, for all control connections of a process.

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "net/udp.h"
#include "net/waker.h"
#include "services/measure/clock_error.h"
#include "services/measure/owamp/engine_traffic.h"
#include "services/measure/owamp/lateness.h"

namespace quipu::owamp {

struct TestPlaneSettings {
    net::PortRange ports;       ///< of test packets
    Nanoseconds clock_error{};  ///< declared; zero: what the kernel says
};

class TestPlane final : public TestEnds {
  public:
    static Result<std::unique_ptr<TestPlane>> start(const Clock& clock, const TestPlaneSettings& settings);
    ~TestPlane() override;

    Result<Place> reserve(const net::IpAddress& local, std::optional<net::Endpoint> peer, std::uint8_t dscp) override;
    void release(const Place& place, const net::Endpoint& peer) override;
    Id send(TestSession session, const Place& place) override;
    Id receive(TestSession session, const Place& place) override;
    SessionDescription stop_sending(Id id) override;
    [[nodiscard]] std::vector<PacketRecord> received(Id id, const SequenceRange& range,
                                                     std::size_t from) const override;
    std::vector<PacketRecord> stop_receiving(Id id) override;
    [[nodiscard]] ErrorEstimate clock_error() const override;
    [[nodiscard]] measure::ClockQuality clock() const;
    /// Of both engines together.
    [[nodiscard]] TrafficCounters counters() const;
    /// How late after their stamp packets left; the error that they carry covers it.
    [[nodiscard]] Lateness::Figures lateness() const;

  private:
    struct Socket {
        net::UdpSocket socket;
        net::IpAddress local;
        std::uint8_t dscp;
    };
    TestPlane(const Clock& clock, const TestPlaneSettings& settings, net::Waker waker)
        : clock_(clock), settings_(settings), waker_(std::move(waker)) {}

    void run();
    void receive_waiting(const std::vector<Socket*>& sockets);
    void look_at_clock();
    bool send_due();
    void hear_what_left(std::uint32_t at, net::UdpSocket& socket);
    void wait(const std::vector<Socket*>& sockets, Time until);

    const Clock& clock_;
    const TestPlaneSettings settings_;
    const net::Waker waker_;
    std::atomic<bool> stopping_ = false;
    std::atomic<std::uint64_t> overflowed_ = 0;

    mutable std::mutex mutex_;    // of what follows; never held across a system call that may wait
    std::deque<Socket> sockets_;  // only grows: what points into it stays
    SendEngine sender_;
    ReceiveEngine receiver_;
    measure::ClockQuality quality_;
    Lateness lateness_;
    ErrorEstimate error_;       // of our clock: of stamps that are the kernel's
    ErrorEstimate sent_error_;  // of those that packets carry

    std::vector<SendEngine::Due> due_;                // the thread's own, reused
    std::vector<std::vector<std::uint8_t>> packets_;  // likewise
    SentSample sample_;                               // the thread's own
    std::size_t turn_ = 0;                            // which place of a batch the next sample has
    std::jthread thread_;
};

}  // namespace quipu::owamp
