#pragma once
// The server's side of LMTP (RFC 2033) without sockets: octets in, actions out. Each recipient has its own reply after
// the message, and none is positive before the letter is kept.

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "platform/mail/codec_smtp.h"

namespace quipu::mail {

struct Envelope {
    std::string sender;  ///< empty: the null path, of bounces
    std::vector<std::string> recipients;
};

struct LmtpRules {
    std::string name = "localhost";
    std::size_t largest_message = 25'000'000;
    std::size_t most_recipients = 100;
    std::size_t most_errors = 20;
    /// Whether mail to this address is for us.
    std::function<bool(std::string_view address)> is_ours;
};

class LmtpServer {
  public:
    struct Send {
        std::string octets;
    };
    /// The shell keeps the message and calls delivered(); until then nothing more is read.
    struct Deliver {
        Envelope envelope;
        std::string message;
    };
    struct Close {};
    using Action = std::variant<Send, Deliver, Close>;

    explicit LmtpServer(LmtpRules rules);

    void receive(std::string_view octets);
    /// The replies to what Deliver gave, for each recipient alike: ok is 250; `invalid` and `forbidden` are for good
    /// (554), `too_large` is 552, all else is for now (451).
    void delivered(const Result<void>& kept);
    void timed_out();
    [[nodiscard]] std::vector<Action> take() { return std::exchange(actions_, {}); }

  private:
    enum class State : unsigned char { commands, data, delivering, closed };

    void go_on();
    void handle(const Command& command);
    void begin_mail(const Command& command);
    void add_recipient(const Command& command);
    void end_of_data();
    void say(std::string_view line);
    void refuse(std::string_view line);
    void forget();

    LmtpRules rules_;
    std::vector<Action> actions_;
    std::string waiting_;  ///< octets that are not looked at yet
    State state_ = State::commands;
    bool greeted_ = false;
    bool in_mail_ = false;
    Envelope envelope_;
    std::optional<DotReader> message_;
    std::size_t errors_ = 0;
};

}  // namespace quipu::mail
