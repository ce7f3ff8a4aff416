#include "platform/mail/engine_client.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "net/ascii.h"

namespace quipu::mail {
namespace {

using namespace std::chrono_literals;

Outcome outcome_of(const Reply& reply) {
    return {.kind = reply.is_positive()    ? Outcome::Kind::sent
                    : reply.is_transient() ? Outcome::Kind::later
                                           : Outcome::Kind::never,
            .code = reply.code,
            .status = reply.status.text(),
            .text = reply.text()};
}

Error refusal(const Reply& reply, std::string_view of_what) {
    return {reply.is_transient() ? ErrorCode::unavailable : ErrorCode::forbidden,
            fmt::format("the server refuses {}: {} {}", of_what, reply.code, reply.text()),
            {},
            {},
            {}};
}

}  // namespace

Nanoseconds SmtpClient::patience() const {
    switch (state_) {
        case State::data: return 2min;
        case State::dot: return 10min;
        case State::quit: return 10s;
        default: return 5min;
    }
}

void SmtpClient::say(std::string line) {
    actions_.emplace_back(Send{std::move(line) + "\r\n"});
}

void SmtpClient::receive(std::string_view octets) {
    replies_.feed(octets);
    while (state_ != State::closed && state_ != State::handshake) {
        auto reply = replies_.next();
        if (!reply) return lost(std::move(reply.error()));
        if (!*reply) return;
        handle(**reply);
    }
}

void SmtpClient::handle(const Reply& reply) {
    // RFC 5321 §3.8: the server is going away; what it has not said yes to was not sent.
    if (reply.code == 421 && state_ != State::greeting && state_ != State::quit) {
        if (parcel_) give_all(outcome_of(reply), true), deliver();
        return close(refusal(reply, "to go on"));
    }
    switch (state_) {
        case State::greeting: return greeted(reply);
        case State::ehlo:
        case State::helo: return hello(reply);
        case State::starttls:
            if (reply.code != 220) {
                if (rules_.tls == TlsUse::required) return close(refusal(reply, "STARTTLS"), true);
                offers_.starttls = false;
                return after_hello();
            }
            // RFC 3207 §6: what came in clear after this reply is not to be believed.
            if (!replies_.empty())
                return close(Error{ErrorCode::forbidden,
                                   "octets stand behind the reply to STARTTLS",
                                   {},
                                   "somebody between may have put them there",
                                   {}},
                             true);
            state_ = State::handshake;
            actions_.emplace_back(StartTls{});
            return;
        case State::auth:
        case State::auth_user:
        case State::auth_password: return authenticated(reply);
        case State::mail: return mail_answered(reply);
        case State::rcpt: return recipient_answered(reply);
        case State::data: return data_answered(reply);
        case State::dot: return dot_answered(reply);
        case State::reset: return become_ready();
        case State::quit: return close(std::nullopt);
        case State::ready:
            return close(Error{ErrorCode::unavailable,
                               fmt::format("the server ends the session: {} {}", reply.code, reply.text()),
                               {},
                               {},
                               {}});
        case State::handshake:
        case State::closed: return;
    }
}

void SmtpClient::greeted(const Reply& reply) {
    if (reply.code != 220) return close(refusal(reply, "to talk"));
    state_ = State::ehlo;
    say("EHLO " + rules_.name);
}

void SmtpClient::hello(const Reply& reply) {
    if (reply.is_positive()) {
        if (state_ == State::ehlo) learn(reply);
        return after_hello();
    }
    if (state_ == State::helo || reply.is_transient()) return close(refusal(reply, "the greeting"));
    state_ = State::helo;  // RFC 5321 §3.2: a server of old
    say("HELO " + rules_.name);
}

void SmtpClient::learn(const Reply& reply) {
    offers_ = {};
    for (std::size_t i = 1; i < reply.lines.size(); ++i) {
        std::string_view rest = reply.lines[i];
        const std::string_view word = net::take_until(rest, ' ');
        const auto is = [&](std::string_view name) { return net::equal_ignoring_case(word, name); };
        if (is("PIPELINING")) offers_.pipelining = true;
        if (is("8BITMIME")) offers_.eight_bit = true;
        if (is("SMTPUTF8")) offers_.utf8 = true;
        if (is("STARTTLS")) offers_.starttls = true;
        if (is("SIZE")) {
            std::uint64_t size = 0;
            const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
            if (error == std::errc{} && size > 0) offers_.size = size;
        }
        while (is("AUTH") && !rest.empty()) {
            const std::string_view way = net::take_until(rest, ' ');
            if (net::equal_ignoring_case(way, "PLAIN")) offers_.auth_plain = true;
            if (net::equal_ignoring_case(way, "LOGIN")) offers_.auth_login = true;
        }
    }
}

void SmtpClient::after_hello() {
    if (!secure_ && rules_.tls != TlsUse::none && offers_.starttls) {
        state_ = State::starttls;
        return say("STARTTLS");
    }
    if (!secure_ && rules_.tls == TlsUse::required)
        return close(Error{ErrorCode::forbidden,
                           "the server does not offer STARTTLS, and TLS is required",
                           {},
                           "set tls to opportunistic only if you know the way to the server",
                           {}},
                     true);
    if (rules_.credentials) return authenticate();
    become_ready();
}

void SmtpClient::secured() {
    secure_ = true;
    offers_ = {};  // RFC 3207 §4.2: all that was said before is forgotten
    state_ = State::ehlo;
    say("EHLO " + rules_.name);
}

void SmtpClient::secure_failed(Error error) {
    close(std::move(error), true);
}

void SmtpClient::authenticate() {
    if (!secure_ && !rules_.clear_text_auth)
        return close(Error{ErrorCode::forbidden, "the password is not sent without TLS", {}, "set tls to required", {}},
                     true);
    if (offers_.auth_plain) {
        state_ = State::auth;
        using namespace std::string_literals;
        return say("AUTH PLAIN " +
                   base64_encode("\0"s + rules_.credentials->user + "\0"s + rules_.credentials->password));
    }
    if (offers_.auth_login) {
        state_ = State::auth_user;
        return say("AUTH LOGIN");
    }
    close(Error{ErrorCode::unsupported,
                "the server offers neither AUTH PLAIN nor LOGIN",
                {},
                "leave user out, or name another server",
                {}},
          true);
}

void SmtpClient::authenticated(const Reply& reply) {
    if (state_ == State::auth_user && reply.code == 334) {
        state_ = State::auth_password;
        return say(base64_encode(rules_.credentials->user));
    }
    if (state_ == State::auth_password && reply.code == 334) {
        state_ = State::auth;
        return say(base64_encode(rules_.credentials->password));
    }
    if (reply.code == 235) return become_ready();
    close(refusal(reply, "user and password"), !reply.is_transient());
}

void SmtpClient::become_ready() {
    state_ = State::ready;
    actions_.emplace_back(Ready{});
}

void SmtpClient::submit(Parcel parcel) {
    parcel_ = std::move(parcel);
    outcomes_.assign(parcel_->recipients.size(), {});
    decided_.assign(parcel_->recipients.size(), false);
    asked_ = 0;
    const bool wants_utf8 = !is_ascii(parcel_->sender) || !std::ranges::all_of(parcel_->recipients, is_ascii) ||
                            !is_ascii(std::string_view(parcel_->message).substr(0, parcel_->message.find("\r\n\r\n")));
    const bool wants_eight_bit = !is_ascii(parcel_->message);
    const auto impossible = [&](std::string status, std::string text) {
        give_all({.kind = Outcome::Kind::never, .code = 0, .status = std::move(status), .text = std::move(text)}, true);
        deliver();
        become_ready();
    };
    if (offers_.size && parcel_->message.size() > *offers_.size)
        return impossible("5.3.4", fmt::format("the server takes at most {} octets", *offers_.size));
    if (wants_utf8 && !offers_.utf8) return impossible("5.6.7", "the server does not know SMTPUTF8");
    if (wants_eight_bit && !offers_.eight_bit) return impossible("5.6.3", "the server does not know 8BITMIME");
    std::string line = fmt::format("MAIL FROM:<{}>", parcel_->sender);
    if (offers_.size) line += fmt::format(" SIZE={}", parcel_->message.size());
    if (wants_eight_bit) line += " BODY=8BITMIME";
    if (wants_utf8) line += " SMTPUTF8";
    if (offers_.pipelining) {  // RFC 2920 §3.1: DATA is the last of a group
        for (const std::string& recipient : parcel_->recipients)
            line += fmt::format("\r\nRCPT TO:<{}>", recipient);
        line += "\r\nDATA";
    }
    state_ = State::mail;
    say(std::move(line));
}

void SmtpClient::mail_answered(const Reply& reply) {
    if (!reply.is_positive()) {
        give_all(outcome_of(reply), true);
        if (!offers_.pipelining) {
            deliver();
            state_ = State::reset;
            return say("RSET");
        }
    }
    state_ = State::rcpt;
    if (!offers_.pipelining) send_next_recipient_or_data();
}

void SmtpClient::send_next_recipient_or_data() {
    if (asked_ < parcel_->recipients.size()) return say(fmt::format("RCPT TO:<{}>", parcel_->recipients[asked_]));
    if (std::ranges::all_of(decided_, [](bool d) { return d; })) {
        deliver();
        state_ = State::reset;
        return say("RSET");
    }
    state_ = State::data;
    say("DATA");
}

void SmtpClient::recipient_answered(const Reply& reply) {
    if (!decided_[asked_] && !reply.is_positive()) {
        outcomes_[asked_] = outcome_of(reply);
        decided_[asked_] = true;
        // RFC 5321 §4.5.3.1.10: too many recipients is for now, whatever the code's first digit says.
        if (reply.code == 552) outcomes_[asked_].kind = Outcome::Kind::later;
    }
    ++asked_;
    if (!offers_.pipelining) return send_next_recipient_or_data();
    if (asked_ == parcel_->recipients.size()) state_ = State::data;
}

void SmtpClient::data_answered(const Reply& reply) {
    const bool wanted = std::ranges::any_of(decided_, [](bool d) { return !d; });
    if (reply.code == 354) {
        state_ = State::dot;
        // RFC 2920 §3.1: DATA was sent on good faith; without a recipient the message is empty.
        actions_.emplace_back(Send{wanted ? stuff_dots(parcel_->message) : ".\r\n"});
        return;
    }
    give_all(outcome_of(reply), true);
    deliver();
    state_ = State::reset;
    say("RSET");
}

void SmtpClient::dot_answered(const Reply& reply) {
    const bool wanted = std::ranges::any_of(decided_, [](bool d) { return !d; });
    if (wanted) give_all(outcome_of(reply), true);
    deliver();
    become_ready();
}

void SmtpClient::give_all(Outcome outcome, bool only_open) {
    // A positive code that is no answer to the question: RFC 5321 §4.3.2 lets a client take it as a failure for now.
    if (outcome.kind == Outcome::Kind::sent && state_ != State::dot) outcome.kind = Outcome::Kind::later;
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
        if (only_open && decided_[i]) continue;
        outcomes_[i] = outcome;
        decided_[i] = true;
    }
}

void SmtpClient::deliver() {
    actions_.emplace_back(Delivered{std::exchange(outcomes_, {})});
    parcel_.reset();
}

void SmtpClient::quit() {
    state_ = State::quit;
    say("QUIT");
}

void SmtpClient::lost(Error error) {
    if (state_ == State::closed) return;
    if (parcel_) {
        give_all({.kind = Outcome::Kind::later,
                  .code = 0,
                  .status = {},
                  .text = error.text(),
                  .uncertain = state_ == State::dot},
                 true);
        deliver();
    }
    close(state_ == State::quit ? std::nullopt : std::optional(std::move(error)));
}

void SmtpClient::close(std::optional<Error> error, bool configuration) {
    state_ = State::closed;
    actions_.emplace_back(Closed{std::move(error), configuration});
}

}  // namespace quipu::mail
