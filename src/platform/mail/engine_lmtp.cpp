#include "platform/mail/engine_lmtp.h"

#include <fmt/format.h>

namespace quipu::mail {
namespace {

constexpr std::size_t kLongestLine = 2048;

std::string reply_to(const Result<void>& kept) {
    if (kept) return "250 2.0.0 kept";
    switch (kept.error().code) {
        case ErrorCode::invalid:
        case ErrorCode::forbidden:
        case ErrorCode::unsupported: return "554 5.6.0 the message cannot be taken";
        case ErrorCode::too_large: return "552 5.3.4 the message is too large";
        default: return "451 4.3.0 the message cannot be kept now; try again later";
    }
}

}  // namespace

LmtpServer::LmtpServer(LmtpRules rules) : rules_(std::move(rules)) {
    say(fmt::format("220 {} LMTP Quipu", rules_.name));
}

void LmtpServer::say(std::string_view line) {
    actions_.emplace_back(Send{std::string(line) + "\r\n"});
}

void LmtpServer::refuse(std::string_view line) {
    say(line);
    if (++errors_ < rules_.most_errors) return;
    say(fmt::format("421 4.7.0 {} too many errors", rules_.name));
    state_ = State::closed;
    actions_.emplace_back(Close{});
}

void LmtpServer::forget() {
    envelope_ = {};
    in_mail_ = false;
    message_.reset();
}

void LmtpServer::receive(std::string_view octets) {
    waiting_.append(octets);
    go_on();
}

void LmtpServer::go_on() {
    while (state_ == State::commands || state_ == State::data) {
        if (state_ == State::data) {
            std::string_view rest = waiting_;
            const bool whole = message_->feed(rest);
            waiting_.erase(0, waiting_.size() - rest.size());
            if (!whole) return;
            end_of_data();
            continue;
        }
        const std::size_t end = waiting_.find('\n');
        if (end == std::string::npos) {
            if (waiting_.size() > kLongestLine) {
                say(fmt::format("421 4.5.2 {} a line is too long", rules_.name));
                state_ = State::closed;
                actions_.emplace_back(Close{});
            }
            return;
        }
        std::string line = waiting_.substr(0, end);
        waiting_.erase(0, end + 1);
        if (line.ends_with('\r')) line.pop_back();
        const auto command = parse_command(line);
        if (command)
            handle(*command);
        else if (command.error().code == ErrorCode::unsupported)
            refuse("555 5.5.4 " + command.error().what);
        else
            refuse("501 5.5.2 " + command.error().what);
    }
}

void LmtpServer::handle(const Command& command) {
    switch (command.verb) {
        case Verb::lhlo:
            forget();
            greeted_ = true;
            return say(
                fmt::format("250-{}\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"
                            "250-SMTPUTF8\r\n250 SIZE {}",
                            rules_.name, rules_.largest_message));
        case Verb::mail: return begin_mail(command);
        case Verb::rcpt: return add_recipient(command);
        case Verb::data:
            // RFC 2033 §4.2: without an accepted recipient, no 354.
            if (envelope_.recipients.empty()) return refuse("503 5.5.1 no recipient was accepted");
            state_ = State::data;
            message_.emplace(rules_.largest_message);
            return say("354 end with a line that is a dot");
        case Verb::rset: forget(); return say("250 2.0.0 ok");
        case Verb::noop: return say("250 2.0.0 ok");
        case Verb::vrfy: return say("252 2.5.0 send it and see");
        case Verb::quit:
            say(fmt::format("221 2.0.0 {} closes", rules_.name));
            state_ = State::closed;
            actions_.emplace_back(Close{});
            return;
        case Verb::other: return refuse("500 5.5.1 unknown command; this is LMTP (RFC 2033)");
    }
}

void LmtpServer::begin_mail(const Command& command) {
    if (!greeted_) return refuse("503 5.5.1 say LHLO first");
    if (in_mail_) return refuse("503 5.5.1 there is a sender already");
    if (command.size.value_or(0) > rules_.largest_message) return refuse("552 5.3.4 the message is too large");
    if (!command.utf8 && !is_ascii(command.argument)) return refuse("553 5.6.7 the address needs SMTPUTF8");
    forget();
    in_mail_ = true;
    envelope_.sender = command.argument;
    say("250 2.1.0 ok");
}

void LmtpServer::add_recipient(const Command& command) {
    if (!in_mail_) return refuse("503 5.5.1 say MAIL first");
    if (envelope_.recipients.size() == rules_.most_recipients) return refuse("452 4.5.3 too many recipients");
    if (!rules_.is_ours || !rules_.is_ours(command.argument)) return refuse("550 5.1.1 there is no such address here");
    envelope_.recipients.push_back(command.argument);
    say("250 2.1.5 ok");
}

void LmtpServer::end_of_data() {
    state_ = State::delivering;
    if (message_->too_large()) return delivered(fail(ErrorCode::too_large, "the message is too large"));
    actions_.emplace_back(Deliver{envelope_, message_->take()});
}

void LmtpServer::delivered(const Result<void>& kept) {
    // RFC 2033 §4.2: one reply for each recipient that was accepted, in order.
    const std::size_t count = envelope_.recipients.size();
    for (std::size_t i = 0; i < count; ++i)
        say(reply_to(kept));
    forget();
    if (state_ == State::closed) return;
    state_ = State::commands;
    go_on();
}

void LmtpServer::timed_out() {
    if (state_ == State::closed) return;
    say(fmt::format("421 4.4.2 {} waited for too long", rules_.name));
    state_ = State::closed;
    actions_.emplace_back(Close{});
}

}  // namespace quipu::mail
