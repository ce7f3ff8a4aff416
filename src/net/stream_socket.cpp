#include "net/stream_socket.h"

#include <cstring>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <variant>

#include "net/tls_stream.h"

namespace quipu::net {
namespace {

class Socket final : public StreamSocket {
  public:
    Socket(EventLoop& loop, Descriptor fd) : timer_(loop.impl().io), stream_(PlainStream(loop.impl(), std::move(fd))) {}
    ~Socket() override { alarm_->socket = nullptr; }

    Task<Result<std::size_t>> read_some(std::span<char> into, Nanoseconds patience) override {
        start(patience);
        auto count =
            plain() ? co_await plain()->read_some(into) : co_await std::get<TlsStream>(stream_).read_some(into);
        finish();
        if (!count) co_return std::unexpected(tell(std::move(count.error()), patience));
        co_return *count;
    }

    Task<Result<void>> write(std::string_view octets, Nanoseconds patience) override {
        start(patience);
        auto done =
            plain() ? co_await write_to(*plain(), octets) : co_await write_to(std::get<TlsStream>(stream_), octets);
        finish();
        if (!done) co_return std::unexpected(tell(std::move(done.error()), patience));
        co_return Result<void>{};
    }

    Task<Result<void>> secure(const TlsContext& context, std::string host, Nanoseconds patience) override {
        if (plain() == nullptr) co_return fail(ErrorCode::internal, "the connection has TLS already");
        TlsStream over = CO_TRY(TlsStream::connect(context, std::move(*plain()), host));
        stream_.emplace<TlsStream>(std::move(over));
        co_return co_await handshake(patience);
    }
    Task<Result<void>> secure_as_server(const TlsContext& context, Nanoseconds patience) override {
        if (plain() == nullptr) co_return fail(ErrorCode::internal, "the connection has TLS already");
        TlsStream over = CO_TRY(TlsStream::accept(context, std::move(*plain())));
        stream_.emplace<TlsStream>(std::move(over));
        co_return co_await handshake(patience);
    }
    void interrupt_read() override {
        std::visit([](auto& stream) { stream.cancel(); }, stream_);
    }

    /// Waits until the connection stands.
    Task<Result<void>> connected(Nanoseconds patience) {
        start(patience);
        auto done = co_await plain()->channel().writable();
        finish();
        if (!done) co_return std::unexpected(tell(std::move(done.error()), patience));
        int number = 0;
        socklen_t length = sizeof number;
        ::getsockopt(plain()->channel().fd(), SOL_SOCKET, SO_ERROR, &number, &length);
        if (number != 0)
            co_return fail(
                ErrorCode::unavailable, fmt::format("cannot connect: {}", std::strerror(number)), {},
                number == ECONNREFUSED ? "is the server running there?" : "check the address and the network between");
        co_return Result<void>{};
    }

  private:
    /// Shared with the timer's handler, which may come after the socket.
    struct Alarm {
        Socket* socket;
        std::uint64_t turn = 0;
        bool passed = false;
    };

    [[nodiscard]] PlainStream* plain() { return std::get_if<PlainStream>(&stream_); }

    Task<Result<void>> handshake(Nanoseconds patience) {
        start(patience);
        Deadline unlimited;
        auto done = co_await std::get<TlsStream>(stream_).handshake(unlimited, patience);
        finish();
        if (!done) co_return std::unexpected(tell(std::move(done.error()), patience));
        co_return Result<void>{};
    }

    template <class Stream>
    static Task<Result<void>> write_to(Stream& stream, std::string_view octets) {
        Deadline unlimited;  // the call's patience limits it
        if (!CO_TRY(stream.write_now({octets, {}}))) CO_TRY(co_await stream.flush(unlimited, Nanoseconds::zero()));
        co_return Result<void>{};
    }

    void start(Nanoseconds patience) {
        alarm_->passed = false;
        timer_.expires_after(patience);
        timer_.async_wait([alarm = alarm_, turn = ++alarm_->turn](const boost::system::error_code& code) {
            if (code || alarm->socket == nullptr || alarm->turn != turn) return;
            alarm->passed = true;
            std::visit([](auto& stream) { stream.cancel(); }, alarm->socket->stream_);
        });
    }
    void finish() {
        ++alarm_->turn;
        timer_.cancel();
    }
    [[nodiscard]] Error tell(Error error, Nanoseconds patience) const {
        if (alarm_->passed)
            return {ErrorCode::timeout,
                    fmt::format("the other side was silent for {}", format_duration(patience)),
                    {},
                    {},
                    {}};
        return error;
    }

    Timer timer_;
    std::variant<PlainStream, TlsStream> stream_;
    std::shared_ptr<Alarm> alarm_ = std::make_shared<Alarm>(this);
};

}  // namespace

Task<Result<std::unique_ptr<StreamSocket>>> StreamSocket::connect(EventLoop& loop, Endpoint address,
                                                                  Nanoseconds patience) {
    const SocketAddress where = to_socket_address(address);
    Descriptor fd(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.is_open()) co_return fail_errno(errno, "open a TCP socket");
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (::connect(fd.get(), where.get(), where.length) != 0 && errno != EINPROGRESS)
        co_return fail(ErrorCode::unavailable, fmt::format("cannot connect: {}", std::strerror(errno)), address.text());
    auto socket = std::make_unique<Socket>(loop, std::move(fd));
    auto done = co_await socket->connected(patience);
    if (!done) {
        done.error().where = address.text();
        co_return std::unexpected(std::move(done.error()));
    }
    co_return std::unique_ptr<StreamSocket>(std::move(socket));
}

std::unique_ptr<StreamSocket> StreamSocket::over(EventLoop& loop, Descriptor fd) {
    return std::make_unique<Socket>(loop, std::move(fd));
}

Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port) {
    if (const auto address = IpAddress::parse(host)) return std::vector{Endpoint{*address, port}};
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found); failed != 0)
        return fail(ErrorCode::unavailable, fmt::format("the name {} has no address: {}", host, ::gai_strerror(failed)),
                    {}, "check the name and the resolver");
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    std::vector<Endpoint> out;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        sockaddr_storage storage{};
        std::memcpy(&storage, at->ai_addr, at->ai_addrlen);
        Endpoint endpoint = to_endpoint(storage);
        endpoint.port = port;
        out.push_back(endpoint);
    }
    return out;
}

Result<Descriptor> listen_on_path(const std::string& path, unsigned mode) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::invalid, "the path of a Unix socket is at most 107 octets long", path);
    std::memcpy(address.sun_path, path.data(), path.size());
    const auto* const where = reinterpret_cast<const sockaddr*>(&address);
    Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.is_open()) return fail_errno(errno, "open a Unix socket", path);
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), where, sizeof address) == 0)
        return fail(ErrorCode::conflict, "another process serves this socket", path);
    struct stat there{};
    if (::lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) ::unlink(path.c_str());
    const mode_t before = ::umask(0777U & ~mode);
    const int bound = ::bind(fd.get(), where, sizeof address);
    const int number = errno;
    ::umask(before);
    if (bound != 0) return fail_errno(number, "bind the Unix socket", path);
    if (::listen(fd.get(), 128) != 0) return fail_errno(errno, "listen on the Unix socket", path);
    return fd;
}

Task<Result<Descriptor>> accept_one(EventLoop& loop, int listening) {
    for (;;) {
        CO_TRY(co_await loop.readable(listening));
        Descriptor fd(::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd.is_open()) co_return fd;
        if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) continue;
        co_return fail_errno(errno, "accept a connection");
    }
}

Task<Descriptor> accept_next(EventLoop& loop, int listening, const LogEvent& failed) {
    for (;;) {
        auto socket = co_await accept_one(loop, listening);
        if (socket) co_return std::move(*socket);
        log(failed, {{"error", socket.error().text()}});
        co_await loop.sleep(std::chrono::seconds(1));
    }
}

}  // namespace quipu::net
