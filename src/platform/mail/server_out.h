#pragma once
// Sends what the queue holds to the smarthost: a few connections, many letters over each. What became of a letter is
// committed before the next one goes over the same connection, so that a crash leaves at most one letter for each
// connection of which nobody knows whether it went out.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/guarded.h"
#include "net/stream_socket.h"
#include "platform/mail/engine_client.h"
#include "platform/mail/letter.h"
#include "platform/mail/store.h"

namespace quipu::mail {

struct SmarthostSettings {
    std::string host;
    std::uint16_t port = 25;
    ClientRules rules;
    std::optional<net::TlsContext> tls;
    std::size_t connections = 4;
    std::string claimer;
    /// The envelope's sender of a letter.
    std::function<std::string(std::int64_t letter)> return_path;
    Mail::OnFailure on_failure;
    /// For the crash test: the final dot of this letter is about to go out.
    std::function<void(const DueLetter&)> at_final_dot = {};
};

struct SenderCounters {
    std::atomic<std::uint64_t> sent = 0, later = 0, failed = 0, connections = 0, sessions_failed = 0;
};

class Sender {
  public:
    Sender(data::Database& database, Store& store, const Clock& clock, SmarthostSettings settings);
    /// On this loop, until the loop stops or drain() was called.
    void start(net::EventLoop& loop);
    /// From any thread: something new is in the queue.
    void ring();
    /// From any thread: no further letter is begun.
    void drain();
    [[nodiscard]] std::size_t busy() const { return busy_; }
    [[nodiscard]] const SenderCounters& counters() const { return counters_; }
    /// Why the smarthost can't be talked to; empty when it can.
    [[nodiscard]] std::string trouble() const;

  private:
    Task<void> work(net::EventLoop& loop, std::size_t index);
    Task<void> wait(net::EventLoop& loop, Nanoseconds most);
    Task<Result<void>> session(net::EventLoop& loop);
    Task<Result<std::unique_ptr<net::StreamSocket>>> connect(net::EventLoop& loop);
    Task<Result<void>> deliver(net::EventLoop& loop, DueLetter letter, SmtpClient& client, net::StreamSocket& socket);
    Task<Result<void>> pump(net::EventLoop& loop, SmtpClient& client, net::StreamSocket& socket,
                            const DueLetter* letter, std::vector<Outcome>* outcomes);
    Result<void> record(const DueLetter& letter, const std::vector<Outcome>& outcomes);
    Result<void> give_up_expired();

    data::Database& database_;
    Store& store_;
    const Clock& clock_;
    SmarthostSettings settings_;
    Guarded<Rng> rng_{Rng::from_system()};
    Guarded<std::string> trouble_;
    std::atomic<std::uint64_t> rung_ = 0;
    std::atomic<bool> draining_ = false;
    std::atomic<std::size_t> busy_ = 0;
    SenderCounters counters_;
};

}  // namespace quipu::mail
