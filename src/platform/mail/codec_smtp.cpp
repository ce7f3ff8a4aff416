#include "platform/mail/codec_smtp.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <utility>

#include "base/base64url.h"
#include "base/number.h"
#include "net/address.h"
#include "net/ascii.h"

namespace quipu::mail {
namespace {

constexpr std::size_t kMostReplyLines = 100;
constexpr std::size_t kLongestCommand = 2048;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter_or_digit(char c) {
    return is_digit(c) || (net::ascii_lower(c) >= 'a' && net::ascii_lower(c) <= 'z');
}
bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
bool is_beyond_ascii(char c) {
    return static_cast<unsigned char>(c) >= 0x80;
}
/// RFC 5322 §3.2.3, and beyond ASCII by RFC 6532.
bool is_atom_octet(char c) {
    return is_letter_or_digit(c) || is_beyond_ascii(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

/// Digits at the front of `text`; nothing if there are none, or more than three.
std::optional<int> take_number(std::string_view& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto count = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || count > 3 || !is_digit(text.front())) return std::nullopt;
    text.remove_prefix(count);
    return value;
}

Result<void> check_local_part(std::string_view local) {
    const auto refuse = [](std::string_view why) {
        return fail(ErrorCode::invalid, std::string(why), "address", "write it as name@domain");
    };
    if (local.empty()) return refuse("there is nothing before the @");
    if (local.size() > 64) return refuse("more than 64 octets stand before the @");
    if (local.front() == '"') {
        if (local.size() < 3 || local.back() != '"') return refuse("the quotation before the @ is not closed");
        const std::string_view inner = local.substr(1, local.size() - 2);
        for (std::size_t i = 0; i < inner.size(); ++i) {
            if (is_control(inner[i]) || inner[i] == '"') return refuse("an octet before the @ is not allowed");
            if (inner[i] != '\\') continue;
            ++i;
            if (i == inner.size() || is_control(inner[i])) return refuse("the quotation before the @ is malformed");
        }
        return {};
    }
    bool after_dot = true;
    for (const char c : local) {
        if (c == '.' ? after_dot : !is_atom_octet(c)) return refuse("an octet before the @ is not allowed");
        after_dot = c == '.';
    }
    if (after_dot) return refuse("a dot stands at the end before the @");
    return {};
}

Result<void> check_domain(std::string_view domain) {
    const auto refuse = [](std::string_view why) {
        return fail(ErrorCode::invalid, std::string(why), "address", "write it as name@domain");
    };
    if (domain.empty()) return refuse("there is no domain after the @");
    if (domain.front() == '[') {
        std::string_view literal = domain.substr(1);
        if (!literal.ends_with(']')) return refuse("the address literal is not closed");
        literal.remove_suffix(1);
        if (literal.size() > 5 && net::equal_ignoring_case(literal.substr(0, 5), "IPv6:")) literal.remove_prefix(5);
        if (!net::IpAddress::parse(literal)) return refuse("the address literal is no IP address");
        return {};
    }
    std::string_view rest = domain;
    while (true) {
        const std::string_view label = rest.substr(0, rest.find('.'));
        const bool fits =
            !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
            std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-' || is_beyond_ascii(c); });
        if (!fits) return refuse("the domain is malformed");
        if (label.size() == rest.size()) return {};
        rest.remove_prefix(label.size() + 1);
    }
}

/// "<@relay:local@domain>" or "<>" at the front of `text` (RFC 5321 §4.1.2).
Result<std::string> take_path(std::string_view& text, bool may_be_null) {
    const auto refuse = [] {
        return fail(ErrorCode::invalid, "the path is malformed", {}, "write it as <name@domain>");
    };
    if (!text.starts_with('<')) return refuse();
    bool quoted = false;
    std::size_t end = 1;
    for (; end < text.size() && (quoted || text[end] != '>'); ++end) {
        if (text[end] == '\\' && quoted)
            ++end;
        else if (text[end] == '"')
            quoted = !quoted;
    }
    if (end >= text.size()) return refuse();
    std::string_view path = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (path.empty() && may_be_null) return std::string();
    if (path.starts_with('@')) {
        const std::size_t colon = path.find(':');
        if (colon == std::string_view::npos) return refuse();
        path.remove_prefix(colon + 1);
    }
    if (!net::equal_ignoring_case(path, "postmaster")) TRY(check_address(path));
    return std::string(path);
}

Result<void> read_mail_parameters(std::string_view text, Command& command) {
    while (!(text = net::trim(text)).empty()) {
        std::string_view word = net::take_until(text, ' ');
        const std::string_view name = net::take_until(word, '=');
        if (net::equal_ignoring_case(name, "SIZE")) {
            command.size = parse_number<std::uint64_t>(word);
            if (!command.size) return fail(ErrorCode::invalid, "SIZE is not a number");
        } else if (net::equal_ignoring_case(name, "BODY")) {
            if (!net::equal_ignoring_case(word, "7BIT") && !net::equal_ignoring_case(word, "8BITMIME"))
                return fail(ErrorCode::invalid, "BODY is neither 7BIT nor 8BITMIME");
        } else if (net::equal_ignoring_case(name, "SMTPUTF8") && word.empty()) {
            command.utf8 = true;
        } else {
            return fail(ErrorCode::unsupported, "a parameter is not offered here");
        }
    }
    return {};
}

}  // namespace

std::string EnhancedStatus::text() const {
    return is_set() ? fmt::format("{}.{}.{}", klass, subject, detail) : std::string();
}

EnhancedStatus EnhancedStatus::take(std::string_view& text) {
    std::string_view rest = text;
    EnhancedStatus out;
    for (int* part : {&out.klass, &out.subject, &out.detail}) {
        if (part != &out.klass) {
            if (!rest.starts_with('.')) return {};
            rest.remove_prefix(1);
        }
        const auto number = rest.empty() ? std::nullopt : take_number(rest);
        if (!number) return {};
        *part = *number;
    }
    if ((out.klass != 2 && out.klass != 4 && out.klass != 5) || (!rest.empty() && rest.front() != ' ')) return {};
    text = net::trim(rest);
    return out;
}

std::string Reply::text() const {
    std::string out;
    for (const std::string& line : lines) {
        if (!out.empty()) out += ' ';
        out += line;
    }
    return out;
}

Result<std::optional<std::string>> LineReader::next() {
    const std::size_t end = buffer_.find('\n', begin_);
    const std::size_t length = (end == std::string::npos ? buffer_.size() : end) - begin_;
    if (length > longest_) return fail(ErrorCode::too_large, fmt::format("a line is longer than {} octets", longest_));
    if (end == std::string::npos) {
        buffer_.erase(0, begin_);
        begin_ = 0;
        return std::nullopt;
    }
    std::string line = buffer_.substr(begin_, length);
    if (line.ends_with('\r')) line.pop_back();
    begin_ = end + 1;
    return line;
}

std::string LineReader::take_rest() {
    std::string rest = buffer_.substr(begin_);
    buffer_.clear();
    begin_ = 0;
    return rest;
}

Result<std::optional<Reply>> ReplyReader::next() {
    for (;;) {
        const auto line = TRY(lines_.next());
        if (!line) return std::nullopt;
        std::string_view text = *line;
        const auto code = text.empty() ? std::nullopt : take_number(text);
        if (!code || *code < 200 || *code > 599 || line->size() - text.size() != 3)
            return fail(ErrorCode::invalid, "the server's reply does not begin with a code", line->substr(0, 80));
        const bool more = text.starts_with('-');
        if (!text.empty() && !more && text.front() != ' ')
            return fail(ErrorCode::invalid, "the server's reply is malformed", line->substr(0, 80));
        if (!text.empty()) text.remove_prefix(1);
        if (!open_) open_ = Reply{.code = *code, .status = {}, .lines = {}};
        if (open_->code != *code)
            return fail(ErrorCode::invalid, "the lines of the server's reply have different codes",
                        line->substr(0, 80));
        if (open_->lines.size() == kMostReplyLines)
            return fail(ErrorCode::too_large,
                        fmt::format("the server's reply has more than {} lines", kMostReplyLines));
        if (const EnhancedStatus status = EnhancedStatus::take(text); status.is_set()) open_->status = status;
        open_->lines.emplace_back(text);
        if (!more) return std::exchange(open_, std::nullopt);
    }
}

Result<void> check_address(std::string_view address) {
    if (address.size() > 254) return fail(ErrorCode::invalid, "a mail address has at most 254 octets", "address");
    const std::size_t at = address.rfind('@');
    if (at == std::string_view::npos)
        return fail(ErrorCode::invalid, "a mail address has an @", "address", "write it as name@domain");
    TRY(check_local_part(address.substr(0, at)));
    return check_domain(address.substr(at + 1));
}

std::string folded_address(std::string_view address) {
    std::string out(address);
    std::ranges::transform(out, out.begin(), net::ascii_lower);
    return out;
}

std::string_view domain_of(std::string_view address) {
    const std::size_t at = address.rfind('@');
    return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

std::string_view local_part_of(std::string_view address) {
    return address.substr(0, std::min(address.rfind('@'), address.size()));
}

bool is_ascii(std::string_view text) {
    return std::ranges::none_of(text, is_beyond_ascii);
}

Result<Command> parse_command(std::string_view line) {
    if (line.size() > kLongestCommand) return fail(ErrorCode::too_large, "the line is too long");
    if (std::ranges::any_of(line, [](char c) { return is_control(c) && c != '\t'; }))
        return fail(ErrorCode::invalid, "the line holds a control character");
    std::string_view rest = line;
    const std::string_view word = net::take_until(rest, ' ');
    static constexpr std::array<std::pair<std::string_view, Verb>, 8> kVerbs{{{"LHLO", Verb::lhlo},
                                                                              {"MAIL", Verb::mail},
                                                                              {"RCPT", Verb::rcpt},
                                                                              {"DATA", Verb::data},
                                                                              {"RSET", Verb::rset},
                                                                              {"NOOP", Verb::noop},
                                                                              {"QUIT", Verb::quit},
                                                                              {"VRFY", Verb::vrfy}}};
    Command command;
    for (const auto& [name, verb] : kVerbs)
        if (net::equal_ignoring_case(word, name)) command.verb = verb;
    const auto after = [&](std::string_view keyword) -> Result<void> {
        if (rest.size() < keyword.size() || !net::equal_ignoring_case(rest.substr(0, keyword.size()), keyword))
            return fail(ErrorCode::invalid, fmt::format("{} is missing", keyword));
        rest = net::trim(rest.substr(keyword.size()));
        return {};
    };
    switch (command.verb) {
        case Verb::lhlo:
            command.argument = net::trim(rest);
            if (command.argument.empty()) return fail(ErrorCode::invalid, "LHLO has no name");
            break;
        case Verb::mail:
            TRY(after("FROM:"));
            command.argument = TRY(take_path(rest, true));
            TRY(read_mail_parameters(rest, command));
            break;
        case Verb::rcpt:
            TRY(after("TO:"));
            command.argument = TRY(take_path(rest, false));
            if (!net::trim(rest).empty()) return fail(ErrorCode::unsupported, "a parameter is not offered here");
            break;
        case Verb::data:
        case Verb::rset:
        case Verb::quit:
            if (!net::trim(rest).empty()) return fail(ErrorCode::invalid, "this command has no argument");
            break;
        case Verb::noop:
        case Verb::vrfy:
        case Verb::other: break;
    }
    return command;
}

std::string stuff_dots(std::string_view message) {
    std::string out;
    out.reserve(message.size() + message.size() / 40 + 8);
    bool line_start = true;
    for (std::size_t i = 0; i < message.size(); ++i) {
        const char c = message[i];
        if (c == '\r' || c == '\n') {
            if (c == '\r' && i + 1 < message.size() && message[i + 1] == '\n') ++i;
            out += "\r\n";
            line_start = true;
            continue;
        }
        if (line_start && c == '.') out += '.';
        out += c;
        line_start = false;
    }
    if (!line_start) out += "\r\n";
    return out += ".\r\n";
}

void DotReader::put(char c) {
    if (message_.size() < largest_)
        message_ += c;
    else
        too_large_ = true;
}

bool DotReader::feed(std::string_view& octets) {
    while (!octets.empty()) {
        const char c = octets.front();
        octets.remove_prefix(1);
        switch (at_) {
            case At::start:
                if (c == '.') {
                    at_ = At::dot;
                    continue;
                }
                break;
            case At::dot:
                if (c == '\r') {
                    at_ = At::dot_cr;
                    continue;
                }
                break;  // the doubled dot: the first is dropped
            case At::dot_cr:
                if (c == '\n') return true;
                put('\r');
                break;
            case At::cr:
                if (c == '\n') {
                    put(c);
                    at_ = At::start;
                    continue;
                }
                break;
            case At::text: break;
        }
        put(c);
        at_ = c == '\r' ? At::cr : At::text;
    }
    return false;
}

std::string base64_encode(std::string_view octets) {
    std::string out = base64url_encode(as_bytes(octets));
    std::ranges::replace(out, '-', '+');
    std::ranges::replace(out, '_', '/');
    while (out.size() % 4 != 0)
        out += '=';
    return out;
}

}  // namespace quipu::mail
