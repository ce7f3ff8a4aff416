#pragma once
// SMTP's lines and values: replies as a client reads them, commands as an LMTP server reads them, addresses, and the
// dots of DATA (RFC 5321, RFC 2033, RFC 2034, RFC 6531).
//
// Limits: a reply line 4,096 octets, a reply 100 lines; a command line 2,048 octets; an address 254 octets, its local
// part 64.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quipu::mail {

/// X.Y.Z (RFC 3463); class 0 when there is none.
struct EnhancedStatus {
    int klass = 0, subject = 0, detail = 0;
    bool operator==(const EnhancedStatus&) const = default;
    [[nodiscard]] bool is_set() const { return klass != 0; }
    [[nodiscard]] std::string text() const;
    /// At the beginning of `text`, which is advanced past it and the space that follows; unset when there is none.
    static EnhancedStatus take(std::string_view& text);
};

struct Reply {
    int code = 0;
    EnhancedStatus status;
    std::vector<std::string> lines;  ///< without code and enhanced status
    [[nodiscard]] bool is_positive() const { return code >= 200 && code < 300; }
    [[nodiscard]] bool is_transient() const { return code >= 400 && code < 500; }
    /// The lines as one, for people.
    [[nodiscard]] std::string text() const;
};

/// Cuts what arrives into lines. Ends are CRLF, or LF alone from a sloppy server.
class LineReader {
  public:
    explicit LineReader(std::size_t longest) : longest_(longest) {}
    void feed(std::string_view octets) { buffer_.append(octets); }
    /// The next whole line; nothing when it is not there yet; `too_large`.
    [[nodiscard]] Result<std::optional<std::string>> next();
    /// What was fed and is not taken: octets after STARTTLS's line must not be there (RFC 3207 §6).
    [[nodiscard]] std::string take_rest();
    [[nodiscard]] bool empty() const { return begin_ == buffer_.size(); }

  private:
    std::string buffer_;
    std::size_t begin_ = 0;
    std::size_t longest_;
};

/// A server's replies (RFC 5321 §4.2). An error is for good: the stream is no SMTP.
class ReplyReader {
  public:
    void feed(std::string_view octets) { lines_.feed(octets); }
    [[nodiscard]] Result<std::optional<Reply>> next();
    [[nodiscard]] bool empty() const { return lines_.empty() && !open_; }

  private:
    LineReader lines_{4096};
    std::optional<Reply> open_;
};

/// "local@domain" as it stands on the wire, checked (RFC 5321 §4.1.2, RFC 6531 §3.3): dot-string or quoted string, a
/// domain of labels or an address literal; no octet that could end a line. `invalid` says what is wrong.
[[nodiscard]] Result<void> check_address(std::string_view address);
/// For comparing: the domain, and by custom the local part, without case.
[[nodiscard]] std::string folded_address(std::string_view address);
[[nodiscard]] std::string_view domain_of(std::string_view address);
[[nodiscard]] std::string_view local_part_of(std::string_view address);
[[nodiscard]] bool is_ascii(std::string_view text);

enum class Verb : unsigned char { lhlo, mail, rcpt, data, rset, noop, quit, vrfy, other };

struct Command {
    Verb verb = Verb::other;
    std::string argument;  ///< LHLO's name; the path of MAIL and RCPT without angle brackets, without source route
    std::optional<std::uint64_t> size;  ///< MAIL's SIZE= (RFC 1870)
    bool utf8 = false;                  ///< SMTPUTF8 (RFC 6531)
};
/// One line of an LMTP client. `invalid`: syntax (501); `unsupported`: a parameter that is not offered (555).
[[nodiscard]] Result<Command> parse_command(std::string_view line);

/// A message as DATA sends it: line ends CRLF, a dot doubled at the beginning of a line, the end's dot (RFC 5321
/// §4.5.2).
[[nodiscard]] std::string stuff_dots(std::string_view message);

/// The other way: takes octets until CRLF.CRLF. A bare CR or LF neither ends a line nor the message, so that nobody
/// smuggles a second one in.
class DotReader {
  public:
    explicit DotReader(std::size_t largest) : largest_(largest) {}
    /// Takes from the front of `octets`; true when the message is whole.
    bool feed(std::string_view& octets);
    [[nodiscard]] bool too_large() const { return too_large_; }
    [[nodiscard]] std::string take() { return std::move(message_); }

  private:
    enum class At : unsigned char { start, text, cr, dot, dot_cr };
    void put(char c);
    std::string message_;
    std::size_t largest_;
    At at_ = At::start;
    bool too_large_ = false;
};

/// base64 with padding (RFC 4648 §4), for AUTH.
[[nodiscard]] std::string base64_encode(std::string_view octets);

}  // namespace quipu::mail
