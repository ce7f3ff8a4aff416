#include "net/http_server.h"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/http_connection.h"

namespace quipu::net {
namespace {

constexpr LogEvent kNoDescriptors{LogLevel::warning, "HTTP_ACCEPT_FAILED", "A connection could not be accepted",
                                  "Raise the limit of open files (LimitNOFILE) if it says so."};
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

/// Says when its coroutine has gone, by whatever way.
class Presence {
  public:
    explicit Presence(std::shared_ptr<Shard> shard) : shard_(std::move(shard)) { shard_->roots_alive.enter(); }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;
    ~Presence() { shard_->roots_alive.leave(); }

  private:
    std::shared_ptr<Shard> shard_;
};

void turn_away(Shard& shard, int fd) {
    constexpr std::string_view answer =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
    shard.refused.add(1);
    static_cast<void>(::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

void accept_waiting(const std::shared_ptr<Shard>& shard, int listener, bool& pause) {
    for (;;) {
        sockaddr_storage from{};
        socklen_t length = sizeof from;
        Descriptor socket(
            ::accept4(listener, reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket.is_open()) {
            if (errno == ECONNABORTED || errno == EINTR) continue;
            if (errno != EAGAIN) {
                log(kNoDescriptors, {{"what", fail_errno(errno, "accept").error().what}});
                pause = true;
            }
            return;
        }
        shard->accepted.add(1);
        if (shard->shared->open.load(std::memory_order_relaxed) >= shard->shared->limits.connections) {
            turn_away(*shard, socket.get());
            continue;
        }
        const int on = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const Endpoint peer = to_endpoint(from);
        if (shard->shared->tls)
            serve_tls(shard, std::move(socket), peer);
        else
            serve_plain(shard, std::move(socket), peer);
    }
}

Root accept_connections(EventLoop::Impl& loop, std::shared_ptr<Shard> shard) {
    const Presence presence(shard);
    shard->acceptor = co_await SelfHandle{};
    Channel channel(loop, std::move(shard->listener));
    for (;;) {
        if (!co_await channel.readable()) break;
        bool pause = false;
        accept_waiting(shard, channel.fd(), pause);
        if (pause) co_await shard->loop.sleep(kAcceptPause);
    }
    shard->acceptor = {};
}

/// One look at all deadlines, some times in the shortest of them, costs less than a timer for each.
Nanoseconds sweep_interval(const HttpLimits& limits) {
    const Nanoseconds shortest = std::min({limits.header_time, limits.body_time, limits.idle_time, limits.write_time});
    return std::clamp<Nanoseconds>(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(250));
}

Root sweep_deadlines(EventLoop::Impl& /*loop*/, std::shared_ptr<Shard> shard) {
    const Presence presence(shard);
    shard->sweeper = co_await SelfHandle{};
    const Nanoseconds interval = sweep_interval(shard->shared->limits);
    for (;;) {
        co_await shard->loop.sleep(interval);
        const std::int64_t now = coarse_now();
        for (ConnectionBase* const connection : shard->connections) {
            if (connection->deadline.at > now) continue;
            connection->deadline.passed = true;
            connection->deadline.never();
            connection->cancel();
        }
    }
}

void begin_drain(Shard& shard) {
    shard.draining = true;
    if (shard.acceptor) std::exchange(shard.acceptor, {}).destroy();
    for (ConnectionBase* const connection : shard.connections)
        if (connection->idle) connection->cancel();
}

void close_all(Shard& shard) {
    while (!shard.connections.empty())
        shard.connections.front()->root.destroy();
    if (shard.sweeper) std::exchange(shard.sweeper, {}).destroy();
}

class Server final : public HttpServer {
  public:
    Server(Endpoint address, std::vector<std::shared_ptr<Shard>> shards)
        : address_(address), shards_(std::move(shards)) {
        for (const auto& shard : shards_) {
            shard->loop.post([shard, presence = std::make_unique<Presence>(shard)] {
                accept_connections(shard->loop.impl(), shard);
                sweep_deadlines(shard->loop.impl(), shard);
            });
        }
    }
    ~Server() override { drain(Nanoseconds::zero()); }

    [[nodiscard]] Endpoint address() const override { return address_; }

    [[nodiscard]] HttpCounters counters() const override {
        HttpCounters sum;
        for (const auto& shard : shards_) {
            sum.connections += shard->accepted.value();
            sum.requests += shard->requests.value();
            sum.refused += shard->refused.value();
            sum.octets_in += shard->octets_in.value();
            sum.octets_out += shard->octets_out.value();
        }
        sum.open = shards_.front()->shared->open.load(std::memory_order_relaxed);
        return sum;
    }

    void drain(Nanoseconds patience) override {
        on_each_that_lives(&begin_drain);
        const auto end = std::chrono::steady_clock::now() + patience;
        for (const auto& shard : shards_)
            shard->connections_alive.wait_until_none(
                std::max<Nanoseconds>(end - std::chrono::steady_clock::now(), Nanoseconds::zero()));
        on_each_that_lives(&close_all);
        for (const auto& shard : shards_) {
            shard->roots_alive.wait_until_none();
            shard->connections_alive.wait_until_none();
        }
    }

  private:
    /// A loop that has stopped has destroyed all that lived on it; it may itself be gone.
    void on_each_that_lives(void (*work)(Shard&)) {
        for (const auto& shard : shards_)
            if (!shard->roots_alive.none()) shard->loop.post([shard, work] { work(*shard); });
    }

    Endpoint address_;
    std::vector<std::shared_ptr<Shard>> shards_;
};

}  // namespace

std::string_view Shard::date() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != date_second_) {
        date_second_ = now.tv_sec;
        date_ = format_http_date(Time(std::chrono::seconds(now.tv_sec)));
    }
    return date_;
}

std::string Shard::make_request_id() {
    constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    std::string out(16, '0');
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < out.size(); ++i, bits >>= 5U) {
        if (i % 12 == 0) bits = rng_.next();
        out[i] = alphabet[bits & 31U];
    }
    return out;
}

void serve_plain(const std::shared_ptr<Shard>& shard, Descriptor socket, const Endpoint& peer) {
    EventLoop::Impl& loop = shard->loop.impl();
    serve_connection(loop, shard, PlainStream(loop, std::move(socket)), peer);
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(LoopPool& loops, const Endpoint& address, HttpHandler handler,
                                                       std::optional<TlsContext> tls, HttpLimits limits) {
    std::vector<Descriptor> listeners = TRY(listen_on(address, loops.size()));
    const Endpoint bound = TRY(local_endpoint(listeners.front().get()));
    auto shared = std::make_shared<ServerShared>(std::move(handler), std::move(tls), limits);
    std::vector<std::shared_ptr<Shard>> shards;
    for (std::size_t i = 0; i < loops.size(); ++i)
        shards.push_back(std::make_shared<Shard>(loops.at(i), shared, std::move(listeners[i])));
    return std::make_unique<Server>(bound, std::move(shards));
}

}  // namespace quipu::net
