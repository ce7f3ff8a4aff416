#pragma once
// What an HTTP server's connections share: for all loops (ServerShared) and on one loop (Shard). For net/*.cpp only.

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>

#include "base/random.h"
#include "net/asio_loop.h"
#include "net/http_server.h"
#include "net/stream.h"

namespace quipu::net {

/// Counts what lives, so that whoever closes can wait for the end of it.
class Census {
  public:
    void enter() {
        const std::scoped_lock lock(mutex_);
        ++count_;
    }
    void leave() {
        const std::scoped_lock lock(mutex_);
        if (--count_ == 0) none_.notify_all();
    }
    /// False when `patience` ran out first.
    bool wait_until_none(Nanoseconds patience) {
        std::unique_lock lock(mutex_);
        return none_.wait_for(lock, patience, [this] { return count_ == 0; });
    }
    void wait_until_none() {
        std::unique_lock lock(mutex_);
        none_.wait(lock, [this] { return count_ == 0; });
    }
    [[nodiscard]] bool none() {
        const std::scoped_lock lock(mutex_);
        return count_ == 0;
    }

  private:
    std::mutex mutex_;
    std::condition_variable none_;
    std::size_t count_ = 0;
};

struct ServerShared {
    HttpHandler handler;
    std::optional<TlsContext> tls;
    HttpLimits limits;
    std::atomic<std::size_t> open = 0;
};

/// Written by one thread, read by any.
class Counter {
  public:
    void add(std::uint64_t amount) {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_ = 0;
};

class ConnectionBase {
  public:
    ConnectionBase() = default;
    ConnectionBase(const ConnectionBase&) = delete;
    ConnectionBase& operator=(const ConnectionBase&) = delete;
    virtual ~ConnectionBase() = default;
    /// Ends the wait for the other side.
    virtual void cancel() = 0;

    Deadline deadline;
    bool idle = false;  ///< between requests, or after the last: nothing is lost by an end
    std::coroutine_handle<> root;
};

/// The server's part on one loop; touched on that loop's thread only, but for the counters and the census.
struct Shard {
    Shard(EventLoop& on, std::shared_ptr<ServerShared> with, Descriptor listening)
        : loop(on), shared(std::move(with)), listener(std::move(listening)) {}

    EventLoop& loop;
    std::shared_ptr<ServerShared> shared;
    Descriptor listener;
    std::list<ConnectionBase*> connections;
    std::coroutine_handle<> acceptor = {};
    std::coroutine_handle<> sweeper = {};
    bool draining = false;
    Census connections_alive;
    Census roots_alive;  // with acceptor and sweeper
    Counter accepted, requests, refused, octets_in, octets_out;

    /// The Date field's value, made anew each second.
    [[nodiscard]] std::string_view date();
    /// 80 random bits in Crockford's base 32, in small letters: no i, l, o or u to be misread.
    [[nodiscard]] std::string make_request_id();

  private:
    Rng rng_ = Rng::from_system();
    std::int64_t date_second_ = -1;
    std::string date_;
};

/// Starts the service of one accepted connection.
void serve_plain(const std::shared_ptr<Shard>& shard, Descriptor socket, const Endpoint& peer);
void serve_tls(const std::shared_ptr<Shard>& shard, Descriptor socket, const Endpoint& peer);

}  // namespace quipu::net
