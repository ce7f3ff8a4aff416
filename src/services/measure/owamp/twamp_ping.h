#pragma once
// The client of TWAMP-Control (RFC 5357 §3), for one session: from the greeting to Start-Ack, then Stop-Sessions; and
// `quipu twping`, which moves its octets and lets STAMP's session-sender send TWAMP's test packets.

#include "services/measure/owamp/codec_packet.h"
#include "services/measure/stamp/client.h"

namespace quipu::owamp {

struct TwampSettings {
    std::uint32_t modes = mode::kOpen;  ///< that would do; the strictest that the server offers is chosen
    std::string user;
    std::string pass_phrase;
    std::uint32_t padding = 0;
    Nanoseconds timeout{};
    std::uint8_t dscp = 0;
};

class TwampClientSession {
  public:
    /// `sender_port`: of the socket that will send.
    TwampClientSession(TwampSettings settings, SecretSource secrets, const net::Endpoint& peer,
                       const net::Endpoint& local, std::uint16_t sender_port)
        : settings_(std::move(settings)),
          secrets_(std::move(secrets)),
          peer_(peer),
          local_(local),
          sender_port_(sender_port) {}

    [[nodiscard]] Result<void> feed(ByteSpan octets, Time now);
    [[nodiscard]] std::vector<std::uint8_t> take() { return out_.take(); }
    /// The reflector is there: packets may be sent to it.
    [[nodiscard]] bool running() const { return state_ == State::running; }
    [[nodiscard]] net::Endpoint reflector() const { return {peer_.address, port_}; }
    [[nodiscard]] TestMode mode() const { return test_mode_of(mode_); }
    [[nodiscard]] std::optional<ControlKeys> keys() const;
    /// Octets behind a question's header: an answer is not longer than its question.
    [[nodiscard]] std::uint32_t padding() const;
    void stop();

  private:
    enum class State : std::uint8_t { greeting, server_start, accept, start_ack, running };
    Result<bool> step(Time now);
    Result<void> take_greeting(const ServerGreeting& greeting);
    void ask(Time now);

    const TwampSettings settings_;
    const SecretSource secrets_;
    const net::Endpoint peer_, local_;
    const std::uint16_t sender_port_;
    State state_ = State::greeting;
    ControlReader in_;
    ControlWriter out_;
    std::uint32_t mode_ = 0;
    ControlKeys keys_;
    Sid sid_{};
    std::uint16_t port_ = 0;
};

/// Blocks. `session.reflector`, its form and its keys are the control connection's to say.
[[nodiscard]] Result<stamp::ClientResult> twamp_ping(const net::Endpoint& server, const TwampSettings& settings,
                                                     stamp::ClientSettings session, const Clock& clock);

}  // namespace quipu::owamp
