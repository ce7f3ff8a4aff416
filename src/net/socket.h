#pragma once
// Sockets of the operating system: addresses in its form, descriptors with an owner.

#include <sys/socket.h>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace quipu::net {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
    [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

[[nodiscard]] SocketAddress to_socket_address(const Endpoint& endpoint);
/// 0.0.0.0:0 for a family that is neither IPv4 nor IPv6.
[[nodiscard]] Endpoint to_endpoint(const sockaddr_storage& address);
/// The address that a bound socket has.
[[nodiscard]] Result<Endpoint> local_endpoint(int fd);

/// The address that a connected socket's other end has.
[[nodiscard]] Result<Endpoint> peer_endpoint(int fd);
/// Of a TCP connection that lasts: what is written leaves at once, and a peer whose machine is gone is noticed within
/// two minutes.
void keep_alive(int fd);

/// A file descriptor with one owner.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~Descriptor() { reset(-1); }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset(int fd);

  private:
    int fd_ = -1;
};

/// Listening sockets, one per loop, that share one port (SO_REUSEPORT): the kernel spreads connections over them. Port
/// 0 takes a free one. A port that somebody else holds is a `conflict`.
[[nodiscard]] Result<std::vector<Descriptor>> listen_on(const Endpoint& address, std::size_t count);

}  // namespace quipu::net
