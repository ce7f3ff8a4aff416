#pragma once
// The client's side of an SMTP session (RFC 5321) without sockets: octets in, actions out. One letter after another
// over one connection. Extensions: PIPELINING (RFC 2920), SIZE (RFC 1870), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531),
// STARTTLS (RFC 3207), AUTH PLAIN and LOGIN (RFC 4954, RFC 4616), enhanced status codes (RFC 2034).
//
// What is known of a letter when the connection is lost decides what comes next: before the final dot went out nothing
// was sent; after it and before its reply nobody can know (RFC 5321 §4.5.4.2, RFC 1047), and the outcome says so.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "platform/mail/codec_smtp.h"

namespace quipu::mail {

enum class TlsUse : std::uint8_t { none, opportunistic, required };

struct Credentials {
    std::string user;
    std::string password;
};

struct ClientRules {
    std::string name = "localhost";  ///< what EHLO says
    TlsUse tls = TlsUse::opportunistic;
    std::optional<Credentials> credentials;
    bool clear_text_auth = false;  ///< AUTH without TLS: over loopback only
};

struct Parcel {
    std::string sender;  ///< envelope; empty is the null path
    std::vector<std::string> recipients;
    std::string message;  ///< RFC 5322
};

/// What became of one recipient.
struct Outcome {
    enum class Kind : std::uint8_t { sent, later, never } kind = Kind::later;
    int code = 0;  ///< SMTP's; 0 when the connection failed
    std::string status;
    std::string text;
    bool uncertain = false;  ///< the final dot went out and no reply came: it may have been sent
};

class SmtpClient {
  public:
    struct Send {
        std::string octets;
    };
    struct StartTls {};
    /// Ready for a parcel: after the greeting, and after each parcel.
    struct Ready {};
    struct Delivered {
        std::vector<Outcome> outcomes;  ///< one for each recipient, in order
    };
    /// The session is over; the shell closes the connection. A parcel under way has been told by Delivered before.
    struct Closed {
        std::optional<Error> error;
        bool configuration = false;  ///< it would be as wrong again: TLS, credentials
    };
    using Action = std::variant<Send, StartTls, Ready, Delivered, Closed>;

    explicit SmtpClient(ClientRules rules) : rules_(std::move(rules)) {}

    void receive(std::string_view octets);
    void secured();                   ///< after StartTls: the handshake is done
    void secure_failed(Error error);  ///< it was not: the connection is useless
    void submit(Parcel parcel);       ///< when Ready
    void quit();                      ///< when Ready
    void lost(Error error);           ///< the connection ended, or patience did
    [[nodiscard]] std::vector<Action> take() { return std::exchange(actions_, {}); }

    /// How long to wait for what is awaited now (RFC 5321 §4.5.3.2).
    [[nodiscard]] Nanoseconds patience() const;
    /// The final dot of a parcel has gone out and is not answered.
    [[nodiscard]] bool at_final_dot() const { return state_ == State::dot; }

  private:
    enum class State : std::uint8_t {
        greeting,
        ehlo,
        helo,
        starttls,
        handshake,
        auth,
        auth_user,
        auth_password,
        ready,
        mail,
        rcpt,
        data,
        dot,
        reset,
        quit,
        closed
    };
    struct Capabilities {
        bool pipelining = false, eight_bit = false, utf8 = false, starttls = false, auth_plain = false,
             auth_login = false;
        std::optional<std::uint64_t> size;
    };

    void handle(const Reply& reply);
    void greeted(const Reply& reply);
    void hello(const Reply& reply);
    void learn(const Reply& reply);
    void after_hello();
    void authenticate();
    void authenticated(const Reply& reply);
    void mail_answered(const Reply& reply);
    void recipient_answered(const Reply& reply);
    void data_answered(const Reply& reply);
    void dot_answered(const Reply& reply);
    void send_next_recipient_or_data();
    void deliver();
    void give_all(Outcome outcome, bool only_open);
    void say(std::string line);
    void become_ready();
    void close(std::optional<Error> error, bool configuration = false);

    ClientRules rules_;
    ReplyReader replies_;
    std::vector<Action> actions_;
    State state_ = State::greeting;
    Capabilities offers_;
    bool secure_ = false;
    std::optional<Parcel> parcel_;
    std::vector<Outcome> outcomes_;
    std::vector<bool> decided_;
    std::size_t asked_ = 0;  ///< recipients that were answered
};

}  // namespace quipu::mail
