#pragma once
// LMTP on a Unix socket or a loopback port, and a maildir that somebody else fills: both give letters to the Reception.

#include <atomic>
#include <functional>
#include <string>

#include "net/stream_socket.h"
#include "platform/mail/engine_lmtp.h"

namespace quipu::mail {

/// Keeps a letter; blocks. See Reception::take.
using TakeLetter = std::function<Result<void>(const Envelope&, std::string_view message)>;

struct LmtpSettings {
    LmtpRules rules;
    std::size_t most_connections = 50;
    Nanoseconds patience = std::chrono::minutes(5);  ///< RFC 5321 §4.5.3.2.7
};

class LmtpListener {
  public:
    /// `where`: "/run/quipu/lmtp.sock" or "127.0.0.1:2424"; beyond loopback is refused.
    static Result<std::unique_ptr<LmtpListener>> open(const std::string& where, LmtpSettings settings, TakeLetter take);
    void start(net::EventLoop& loop);
    void drain() { draining_ = true; }
    [[nodiscard]] Result<net::Endpoint> endpoint() const { return net::local_endpoint(listening_.get()); }

  private:
    LmtpListener(net::Descriptor listening, LmtpSettings settings, TakeLetter take)
        : listening_(std::move(listening)), settings_(std::move(settings)), take_(std::move(take)) {}
    Task<void> accept(net::EventLoop& loop);
    Task<void> serve(net::EventLoop& loop, net::Descriptor fd);
    Task<bool> answer(net::EventLoop& loop, LmtpServer& server, net::StreamSocket& socket);

    net::Descriptor listening_;
    LmtpSettings settings_;
    TakeLetter take_;
    std::atomic<bool> draining_ = false;
    std::size_t connections_ = 0;  // of the loop's thread alone
};

}  // namespace quipu::mail
