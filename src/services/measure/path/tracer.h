#pragma once
// The measurement point's traces: one thread for all peers, whatever their number, with a bound of probes a second.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/random.h"
#include "net/waker.h"
#include "services/measure/path/codec_record.h"
#include "services/measure/path/engine_tour.h"
#include "services/measure/path/engine_traces.h"
#include "services/measure/path/probe_sockets.h"

namespace quipu::path {

class Tracer {
  public:
    /// Probes are of the flow that measurement's own packets belong to, from `port` to the peer's: where routers spread
    /// flows over equal ways, they go the way that is measured. `addresses`: where this point measures from; the
    /// kernel's choice if there is none. `forbidden` without the privilege to open raw sockets. `found` is called from
    /// the tracer's thread.
    static Result<std::unique_ptr<Tracer>> open(const Clock& clock, std::vector<net::IpAddress> addresses,
                                                std::uint16_t port, std::function<void(const TracedPath&)> found);
    ~Tracer();
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;

    /// From any thread. Nothing is traced while `every` is zero.
    void order(std::vector<Peer> peers, Nanoseconds every);
    void hurry(std::string site);
    void stop();

  private:
    struct Orders {
        std::optional<std::vector<Peer>> peers;
        Nanoseconds every{0};
        std::vector<std::string> hurry;
    };

    Tracer(const Clock& clock, std::vector<net::IpAddress> addresses, std::uint16_t port,
           std::function<void(const TracedPath&)> found, net::Waker waker, Rng rng);
    void run();
    void take_orders();
    void begin();
    void send();
    void finish();
    void wait();
    [[nodiscard]] ProbeSockets* sockets_from(const net::IpAddress& source);
    [[nodiscard]] std::optional<net::IpAddress> source_for(const net::IpAddress& target) const;

    const Clock& clock_;
    const std::vector<net::IpAddress> addresses_;
    const std::uint16_t port_;
    const std::function<void(const TracedPath&)> found_;
    const net::Waker waker_;
    Tour tour_;
    Traces traces_;
    std::map<net::IpAddress, ProbeSockets> sockets_;  // by source
    std::map<std::uint32_t, std::string> sites_;      // of running traces
    std::uint32_t next_trace_ = 0;
    Guarded<Orders> orders_;
    std::atomic<bool> stopping_ = false;
    std::jthread thread_;
};

}  // namespace quipu::path
