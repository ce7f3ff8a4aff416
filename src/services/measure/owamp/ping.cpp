#include "services/measure/owamp/ping.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "net/socket.h"

namespace quipu::owamp {
namespace {

constexpr int kConnectPatience = 10'000;  // milliseconds

/// A connection of our own, whose ends are known: test packets go between the same addresses.
Result<net::Descriptor> connect_to(const net::Endpoint& server) {
    const net::SocketAddress where = net::to_socket_address(server);
    net::Descriptor socket(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return fail_errno(errno, "open a TCP socket", server.text());
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
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

/// Sends all that the engine has to say.
Result<void> say(int fd, ClientSession& session) {
    const auto octets = session.take();
    for (std::size_t at = 0; at < octets.size();) {
        const auto count = ::send(fd, octets.data() + at, octets.size() - at, MSG_NOSIGNAL);
        if (count > 0) {
            at += static_cast<std::size_t>(count);
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) return fail_errno(errno, "can't write to the server");
        pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
        static_cast<void>(::poll(&ready, 1, kConnectPatience));
    }
    return {};
}

}  // namespace

Result<std::vector<ClientResult>> ping(const PingSettings& settings, const Clock& clock) {
    constexpr auto kLook = std::chrono::milliseconds(200);
    const auto plane = TRY(TestPlane::start(clock, settings.plane));
    const net::Descriptor socket = TRY(connect_to(settings.server));
    const int fd = socket.get();
    ClientSession session(settings.client, *plane, system_secrets(), settings.server, TRY(net::local_endpoint(fd)));
    std::vector<std::uint8_t> buffer(64 * 1024);
    bool told = false;
    while (!session.closed()) {
        const Time now = clock.now();
        if (settings.interrupted()) session.interrupt(now);
        session.tick(now);
        TRY(say(fd, session));
        if (session.closed()) break;
        if (session.running_until() && !std::exchange(told, true)) settings.running(*session.running_until() - now);
        const auto left = std::clamp<Nanoseconds>(session.next() - now, Nanoseconds(0), kLook);
        const timespec patience{.tv_sec = 0, .tv_nsec = left.count()};
        pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
        if (::ppoll(&ready, 1, &patience, nullptr) <= 0) continue;
        const auto count = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (count < 0) return fail_errno(errno, "can't read from the server", settings.server.text());
        if (count == 0)
            return fail(ErrorCode::unavailable, "the server hung up", settings.server.text(),
                        "its log says why: a wrong key, too many connections…");
        session.feed(ByteSpan(buffer).first(static_cast<std::size_t>(count)), clock.now());
    }
    return session.results();
}

}  // namespace quipu::owamp
