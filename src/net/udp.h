#pragma once
// UDP in batches of 32: one system call carries many datagrams, each with the kernel's receive time, its TTL and size.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "net/address.h"

namespace quipu::net {

inline constexpr std::size_t kUdpBatch = 32;
inline constexpr std::size_t kUdpOctets = 2048;  ///< longer datagrams are cut and flagged

/// Ports that a firewall lets through; zeros: any.
struct PortRange {
    std::uint16_t first = 0, last = 0;
    [[nodiscard]] bool is_any() const { return first == 0; }
    [[nodiscard]] bool holds(std::uint16_t port) const { return is_any() || (first <= port && port <= last); }
    /// "8760-9960", or one port.
    static Result<PortRange> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
};

struct Datagram {
    ByteSpan bytes;  ///< valid until the next receive
    Endpoint peer;
    Time
        received;  ///< SO_TIMESTAMPING software receive time (CLOCK_REALTIME); time of the call if the kernel gave none
    std::int16_t ttl = -1;           ///< TTL or hop limit; -1 unknown
    std::int16_t tos = -1;           ///< TOS or traffic class; -1 unknown or not asked for
    std::optional<IpAddress> local;  ///< where it was sent to, when asked for
    bool truncated = false;
    bool kernel_time = false;
};

struct OutDatagram {
    ByteSpan bytes;
    Endpoint peer;
    std::optional<IpAddress> from = std::nullopt;  ///< an address of this machine; the kernel's choice without
    std::int16_t tos = -1;                         ///< TOS or traffic class of this one; the socket's when negative
    bool asks_sent_time = false;                   ///< by SentTimes::asked
};

/// Of which datagrams the kernel tells when they left: each answer costs a system call of its own.
enum class SentTimes : std::uint8_t { none, asked, all };

class UdpSocket {
  public:
    struct Options {
        int receive_buffer_octets = 4 * 1024 * 1024;
        int ttl = 255;
        int dscp = 0;
        bool timestamps = true;
        bool arrivals = false;  ///< tell where each was sent to, and its TOS
        bool joins =
            false;  ///< neighbours of one send() to one peer, equally long, go through the kernel as one (UDP_SEGMENT)
        SentTimes sent_times = SentTimes::none;
    };
    /// When the `number`-th datagram that this socket sent, of those that asked where not all do (from 0 on), was given
    /// to the device.
    struct Sent {
        std::uint32_t number = 0;
        Time time;
    };
    /// A non-blocking socket bound to `local` (port 0: any).
    static Result<UdpSocket> bind(const Endpoint& local, const Options& options);
    /// A port of the range that is free; where several are, chance decides: a peer may know a recent one still.
    static Result<UdpSocket> bind(const IpAddress& local, const PortRange& ports, const Options& options);
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

    /// What the kernel has told so far of datagrams that left, each once.
    [[nodiscard]] std::vector<Sent> sent_times();
    /// How many that asked for it the kernel has taken: the next one's number.
    [[nodiscard]] std::uint32_t asked() const { return asked_; }
    /// Datagrams that came and found the socket's buffer full (SO_RXQ_OVFL): our loss, not the network's. As of the
    /// latest that was received.
    [[nodiscard]] std::uint64_t overflowed() const { return overflowed_; }

  private:
    UdpSocket() = default;
    struct Buffers;
    struct Outgoing;
    int fd_ = -1;
    Endpoint local_;
    bool joins_ = false;
    std::uint32_t asked_ = 0;
    std::uint64_t overflowed_ = 0;
    std::uint32_t overflow_seen_ = 0;  // the kernel's counter, which wraps
    std::unique_ptr<Buffers> buffers_;
};

}  // namespace quipu::net

namespace quipu {
template <>
struct TextForm<net::PortRange> {
    static constexpr std::string_view schema_format = "port-range";
    static std::string format(const net::PortRange& value) { return value.text(); }
    static Result<net::PortRange> parse(std::string_view text) { return net::PortRange::parse(text); }
};
}  // namespace quipu
