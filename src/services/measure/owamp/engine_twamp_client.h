#pragma once
// The client of TWAMP-Control (RFC 5357 §3) for one session: from the greeting to the acknowledged start, then its
// stop. Where the server offers it the session is started and stopped by its name (RFC 5938).

#include <optional>

#include "services/measure/owamp/codec_packet.h"

namespace quipu::owamp {

struct TwampSettings {
    std::uint32_t modes = mode::kOpen;  ///< that would do; the strictest that the server offers is chosen
    std::string user;
    std::string pass_phrase;
    std::optional<bool> by_name;  ///< start and stop by name: RFC 5938; nothing: if the server offers it
    std::uint32_t padding = 0;
    Nanoseconds timeout{};
    Nanoseconds start_delay{};  ///< from the request to the first packet
    std::uint8_t dscp = 0;
    std::optional<net::IpAddress> test_address;  ///< of the reflector; else that of the control connection
    UnnamedEnds unnamed;
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
    [[nodiscard]] net::Endpoint reflector() const { return {settings_.test_address.value_or(peer_.address), port_}; }
    [[nodiscard]] const Sid& sid() const { return sid_; }
    [[nodiscard]] TestMode mode() const { return test_mode_of(mode_); }
    [[nodiscard]] std::optional<ControlKeys> keys() const;
    /// Octets behind a question's header: an answer is not longer than its question.
    [[nodiscard]] std::uint32_t padding() const;
    /// Of a running session. By name it is over when the server has acknowledged it, else at once.
    void stop();
    [[nodiscard]] bool stopped() const { return state_ == State::stopped; }

  private:
    enum class State : std::uint8_t { greeting, server_start, accept, start_ack, running, stop_ack, stopped };
    Result<bool> step(Time now);
    Result<void> take_greeting(const ServerGreeting& greeting);
    void ask(Time now);
    void start();
    Result<bool> take_start_ack();
    Result<bool> take_named(NamedSessions::What what);
    [[nodiscard]] bool keyed() const { return (mode_ & mode::kOpen) == 0; }
    [[nodiscard]] bool by_name() const { return (mode_ & mode::kIndividual) != 0; }

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

}  // namespace quipu::owamp
