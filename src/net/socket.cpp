#include "net/socket.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace quipu::net {
namespace {

Result<Descriptor> bound_socket(const Endpoint& address, bool share) {
    const SocketAddress where = to_socket_address(address);
    Descriptor socket(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return fail_errno(errno, "open a TCP socket", address.text());
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (share) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (address.address.is_v6()) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(socket.get(), where.get(), where.length) == 0) return socket;
    const int number = errno;
    if (number == EADDRINUSE)
        return fail(ErrorCode::conflict, fmt::format("port {} is already in use", address.port), address.text(),
                    "stop the program that listens there, or choose another port");
    if (number == EACCES)
        return fail(ErrorCode::forbidden, fmt::format("port {} needs a privilege", address.port), address.text(),
                    "choose a port from 1024 up, or give the program CAP_NET_BIND_SERVICE");
    if (number == EADDRNOTAVAIL)
        return fail(ErrorCode::invalid, "no interface of this machine has that address", address.text(),
                    "listen on an address of this machine");
    return fail_errno(number, "listen", address.text());
}

}  // namespace

SocketAddress to_socket_address(const Endpoint& endpoint) {
    SocketAddress out;
    if (endpoint.address.is_v6()) {
        sockaddr_in6 in6{};
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(endpoint.port);
        std::memcpy(&in6.sin6_addr, endpoint.address.octets().data(), 16);
        std::memcpy(&out.storage, &in6, sizeof in6);
        out.length = sizeof in6;
    } else {
        sockaddr_in in4{};
        in4.sin_family = AF_INET;
        in4.sin_port = htons(endpoint.port);
        in4.sin_addr.s_addr = htonl(endpoint.address.to_v4());
        std::memcpy(&out.storage, &in4, sizeof in4);
        out.length = sizeof in4;
    }
    return out;
}

Endpoint to_endpoint(const sockaddr_storage& address) {
    if (address.ss_family == AF_INET6) {
        sockaddr_in6 in6{};
        std::memcpy(&in6, &address, sizeof in6);
        std::array<std::uint8_t, 16> octets{};
        std::memcpy(octets.data(), &in6.sin6_addr, 16);
        return {IpAddress::v6(octets), ntohs(in6.sin6_port)};
    }
    if (address.ss_family == AF_INET) {
        sockaddr_in in4{};
        std::memcpy(&in4, &address, sizeof in4);
        return {IpAddress::v4(ntohl(in4.sin_addr.s_addr)), ntohs(in4.sin_port)};
    }
    return {};
}

Result<Endpoint> local_endpoint(int fd) {
    SocketAddress out;
    out.length = sizeof out.storage;
    if (::getsockname(fd, out.get(), &out.length) != 0) return fail_errno(errno, "ask a socket's address");
    return to_endpoint(out.storage);
}

Result<Endpoint> peer_endpoint(int fd) {
    SocketAddress out;
    out.length = sizeof out.storage;
    if (::getpeername(fd, out.get(), &out.length) != 0) return fail_errno(errno, "ask a peer's address");
    return to_endpoint(out.storage);
}

void keep_alive(int fd) {
    const auto set = [fd](int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 15);
    set(IPPROTO_TCP, TCP_KEEPCNT, 4);
}

void Descriptor::reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

Result<std::vector<Descriptor>> listen_on(const Endpoint& address, std::size_t count) {
    // Sockets that share a port also share it with another program of the same user: ask for it alone first.
    if (address.port != 0) static_cast<void>(TRY(bound_socket(address, false)));
    Endpoint chosen = address;
    std::vector<Descriptor> out;
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back(TRY(bound_socket(chosen, true)));
        if (::listen(out.back().get(), SOMAXCONN) != 0) return fail_errno(errno, "listen", chosen.text());
        chosen = TRY(local_endpoint(out.back().get()));
    }
    return out;
}

}  // namespace quipu::net
