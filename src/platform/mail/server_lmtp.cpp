#include "platform/mail/server_lmtp.h"

#include <array>

#include "base/log.h"

namespace quipu::mail {
namespace {

using namespace std::chrono_literals;

constexpr LogEvent kAcceptFailed{LogLevel::error, "MAIL_ACCEPT",
                                 "LMTP connections can't be accepted; tried again in a second"};
constexpr unsigned kSocketMode = 0660;

/// Counts a connection for as long as it lives.
class Count {
  public:
    explicit Count(std::size_t& count) : count_(count) { ++count_; }
    Count(const Count&) = delete;
    Count& operator=(const Count&) = delete;
    ~Count() { --count_; }

  private:
    std::size_t& count_;
};

}  // namespace

Result<std::unique_ptr<LmtpListener>> LmtpListener::open(const std::string& where, LmtpSettings settings,
                                                         TakeLetter take) {
    net::Descriptor fd;
    if (where.starts_with('/')) {
        fd = TRY(net::listen_on_path(where, kSocketMode));
    } else {
        const auto endpoint = TRY(net::Endpoint::parse(where));
        if (!endpoint.address.is_loopback())
            return fail(ErrorCode::invalid, "LMTP listens on a Unix socket or on loopback only", "mail.lmtp",
                        "it has no authentication: let a mail server stand in front");
        auto sockets = TRY(net::listen_on(endpoint, 1));
        fd = std::move(sockets.front());
    }
    return std::unique_ptr<LmtpListener>(new LmtpListener(std::move(fd), std::move(settings), std::move(take)));
}

void LmtpListener::start(net::EventLoop& loop) {
    loop.spawn(accept(loop));
}

Task<void> LmtpListener::accept(net::EventLoop& loop) {
    while (!draining_) {
        auto fd = co_await net::accept_one(loop, listening_.get());
        if (!fd) {
            log(kAcceptFailed, {{"error", fd.error().text()}});
            co_await loop.sleep(1s);
            continue;
        }
        if (connections_ >= settings_.most_connections || draining_) continue;  // closed: the peer tries again
        loop.spawn(serve(loop, std::move(*fd)));
    }
}

/// Sends what the engine says and keeps what it gives; false when the session is over.
Task<bool> LmtpListener::answer(net::EventLoop& loop, LmtpServer& server, net::StreamSocket& socket) {
    for (auto actions = server.take(); !actions.empty(); actions = server.take()) {
        for (auto& action : actions) {
            if (auto* send = std::get_if<LmtpServer::Send>(&action)) {
                if (!co_await socket.write(send->octets, settings_.patience)) co_return false;
            } else if (auto* letter = std::get_if<LmtpServer::Deliver>(&action)) {
                server.delivered(co_await loop.blocking([&] { return take_(letter->envelope, letter->message); }));
            } else {
                co_return false;
            }
        }
    }
    co_return true;
}

Task<void> LmtpListener::serve(net::EventLoop& loop, net::Descriptor fd) {
    const Count count(connections_);
    const auto socket = net::StreamSocket::over(loop, std::move(fd));
    LmtpServer server(settings_.rules);
    std::array<char, 16384> buffer{};
    while (co_await answer(loop, server, *socket)) {
        auto got = co_await socket->read_some(buffer, settings_.patience);
        if (got && *got == 0) co_return;
        if (got)
            server.receive({buffer.data(), *got});
        else if (got.error().code == ErrorCode::timeout)
            server.timed_out();
        else
            co_return;
    }
}

}  // namespace quipu::mail
