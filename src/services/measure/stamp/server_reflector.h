#pragma once
// The reflector's thread: sockets and its engine, for all sessions of a process. A batch of up to 32 questions is read,
// decided, stamped and sent with two system calls.

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "net/udp.h"
#include "net/waker.h"
#include "services/measure/stamp/engine_reflector.h"

namespace quipu::stamp {

struct ReflectorCounters {
    std::uint64_t received = 0;
    std::uint64_t reflected = 0;
    std::uint64_t refused = 0;     ///< of every kind together
    std::uint64_t overflowed = 0;  ///< questions that found the socket full: our loss
    std::uint64_t unsent = 0;      ///< answers that the kernel did not take: our loss
    std::size_t sessions = 0;
};

class ReflectorServer {
  public:
    /// Listens at each (port 0 takes a free one) for unannounced sessions; none is fine too. `declared_clock_error`:
    /// zero is what the kernel says. `clock` outlives the server. `ports`: of granted sessions.
    static Result<std::unique_ptr<ReflectorServer>> start(const std::vector<net::Endpoint>& listen,
                                                          ReflectorSettings settings, Nanoseconds declared_clock_error,
                                                          const Clock& clock, const net::PortRange& ports = {});
    ~ReflectorServer();
    ReflectorServer(const ReflectorServer&) = delete;
    ReflectorServer& operator=(const ReflectorServer&) = delete;

    [[nodiscard]] std::vector<net::Endpoint> listening() const;
    [[nodiscard]] ReflectorCounters counters() const;

    // For a control connection. All from any thread.
    struct Place {
        std::uint32_t socket = 0;
        std::uint16_t port = 0;
    };
    /// A socket at `local` for granted sessions alone; the same one again for the same address, port and DSCP. With
    /// `except` it is none of those, and any port will do as long as there is such a socket. A port that is not among
    /// those allowed counts as none.
    Result<Place> reserve(const net::Endpoint& local, std::uint8_t dscp = 0,
                          std::span<const std::uint32_t> except = {});
    bool grant(const Place& place, const net::Endpoint& peer, const GrantedSession& session);
    std::optional<SessionCounts> revoke(const Place& place, const net::Endpoint& peer);

  private:
    struct Socket {
        net::UdpSocket socket;
        net::Endpoint asked;  ///< as reserve() was asked for it
        std::uint8_t dscp = 0;
        bool granted_only = false;
        bool chosen = false;  ///< is there because of what one client asked
    };

    ReflectorServer(ReflectorSettings settings, Nanoseconds declared, const Clock& clock, const net::PortRange& ports,
                    net::Waker waker)
        : clock_(clock),
          declared_(declared),
          ports_(ports),
          shift_(settings.clock_shift),
          waker_(std::move(waker)),
          engine_(std::move(settings)) {}
    void run();
    void wait(const std::vector<Socket*>& sockets, Time until);
    std::size_t reflect_waiting(std::uint32_t number, Socket& socket);
    std::size_t answer(std::uint32_t number, const Socket& socket, std::span<const net::Datagram> batch);
    void each_second();

    const Clock& clock_;
    const Nanoseconds declared_;
    const net::PortRange ports_;
    const Nanoseconds shift_;
    const net::Waker waker_;
    std::atomic<bool> stopping_ = false;

    mutable std::mutex mutex_;    // of what follows; never held across a system call that may wait
    std::deque<Socket> sockets_;  // only grows: what points into it stays
    ReflectorEngine engine_;
    ReflectorCounters counters_;

    std::array<Reflection, net::kUdpBatch> reflections_;  // the thread's own, reused
    std::jthread thread_;
};

}  // namespace quipu::stamp
