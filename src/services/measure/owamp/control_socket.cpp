#include "services/measure/owamp/control_socket.h"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace quipu::owamp {
namespace {

constexpr int kConnectPatience = 10'000;  // milliseconds
constexpr int kWritePatience = 30'000;

}  // namespace

Result<net::Descriptor> connect_control(const net::Endpoint& server, const std::optional<net::IpAddress>& from) {
    const net::SocketAddress where = net::to_socket_address(server);
    net::Descriptor socket(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return fail_errno(errno, "open a TCP socket", server.text());
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (from) {
        const net::SocketAddress own = net::to_socket_address({*from, 0});
        if (::bind(socket.get(), own.get(), own.length) != 0) return fail_errno(errno, "can't use", from->text());
    }
    if (::connect(socket.get(), where.get(), where.length) != 0 && errno != EINPROGRESS)
        return fail_errno(errno, "can't connect", server.text());
    pollfd ready{.fd = socket.get(), .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, kConnectPatience) <= 0)
        return fail(ErrorCode::timeout, "the server does not answer", server.text());
    int number = 0;
    socklen_t length = sizeof number;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &number, &length);
    if (number != 0) return fail_errno(number, "can't connect", server.text());
    return socket;
}

Result<void> write_control(int fd, ByteSpan octets) {
    while (!octets.empty()) {
        const auto count = ::send(fd, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (count > 0) {
            octets = octets.subspan(static_cast<std::size_t>(count));
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) return fail_errno(errno, "can't write to the server");
        pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
        if (::poll(&ready, 1, kWritePatience) == 0) return fail(ErrorCode::timeout, "the server takes nothing");
    }
    return {};
}

Result<ByteSpan> read_control(int fd, std::span<std::uint8_t> into, Nanoseconds patience) {
    const auto left = std::max(patience, Nanoseconds::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec most{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (::ppoll(&ready, 1, &most, nullptr) <= 0) return ByteSpan{};
    const auto count = ::recv(fd, into.data(), into.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return ByteSpan{};
    if (count < 0) return fail_errno(errno, "can't read from the server");
    if (count == 0)
        return fail(ErrorCode::unavailable, "the server hung up", {},
                    "its log says why: a wrong key, too many connections…");
    return ByteSpan(into).first(static_cast<std::size_t>(count));
}

}  // namespace quipu::owamp
