#pragma once
// Raw sockets of one address family: probes out, answers in with the kernel's receive time.

#include <array>
#include <functional>
#include <poll.h>
#include <vector>

#include "base/time.h"
#include "net/socket.h"
#include "services/measure/path/codec_probe.h"

namespace quipu::path {

class ProbeSockets {
  public:
    /// Probes leave from `source`, an address of this machine. `forbidden` without CAP_NET_RAW.
    static Result<ProbeSockets> open(const net::IpAddress& source, bool tcp);

    /// Errors are the kernel's: no way there, longer than the first link passes…
    [[nodiscard]] Result<void> send(const Flow& flow, const Probe& probe);
    /// Calls `take` with each answer that waits, whosever it is.
    void receive(const Clock& clock, const std::function<void(const Answer&, Monotonic)>& take);
    /// Readable when there is something to receive.
    void watch(std::vector<pollfd>& watched) const;

  private:
    ProbeSockets() = default;
    struct Buffer;
    void receive_from(int fd, bool tcp, const Clock& clock, const std::function<void(const Answer&, Monotonic)>& take);

    bool v6_ = false;
    net::Descriptor out_, icmp_, tcp_;
    ByteWriter datagram_;
};

/// The address from which this machine reaches `target`; `source` itself if it is given and this machine's.
[[nodiscard]] Result<net::IpAddress> source_towards(const net::IpAddress& target,
                                                    const std::optional<net::IpAddress>& source);

}  // namespace quipu::path
