#pragma once
// UDP in batches of 32: one system call carries many datagrams, each with the kernel's receive time, its TTL and size.

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "net/address.h"

namespace quipu::net {

inline constexpr std::size_t kUdpBatch = 32;
inline constexpr std::size_t kUdpOctets = 2048;  ///< longer datagrams are cut and flagged

struct Datagram {
    ByteSpan bytes;  ///< valid until the next receive
    Endpoint peer;
    Time
        received;  ///< SO_TIMESTAMPING software receive time (CLOCK_REALTIME); time of the call if the kernel gave none
    std::int16_t ttl = -1;  ///< TTL or hop limit; -1 unknown
    bool truncated = false;
    bool kernel_time = false;
};

struct OutDatagram {
    ByteSpan bytes;
    Endpoint peer;
};

class UdpSocket {
  public:
    struct Options {
        int receive_buffer_octets = 4 * 1024 * 1024;
        int ttl = 255;
        int dscp = 0;
        bool timestamps = true;
    };
    /// A non-blocking socket bound to `local` (port 0: any).
    static Result<UdpSocket> bind(const Endpoint& local, const Options& options);
    UdpSocket(UdpSocket&& other) noexcept;
    UdpSocket& operator=(UdpSocket&& other) noexcept;
    ~UdpSocket();

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] Endpoint local() const { return local_; }
    /// Up to kUdpBatch datagrams that wait; an empty span when none does.
    [[nodiscard]] Result<std::span<const Datagram>> receive();
    /// Sends in order; answers how many the kernel took (fewer when its buffer is full). A per-destination error such
    /// as ECONNREFUSED or ENETUNREACH counts as taken: UDP promises nothing.
    [[nodiscard]] Result<std::size_t> send(std::span<const OutDatagram> datagrams);

  private:
    UdpSocket() = default;
    struct Buffers;
    int fd_ = -1;
    Endpoint local_;
    std::unique_ptr<Buffers> buffers_;
};

}  // namespace quipu::net
