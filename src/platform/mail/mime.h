#pragma once
// Letters as octets (RFC 5322, RFC 2045 and what follows), by GMime behind this wall.
//
// Limits of what is read: 25 MB whole, MIME parts nested 20 deep, 200 parts, text 1 MB, 30 attachments of 10 MB each,
// 100 addresses of a header, 200 references, a subject of 500 octets. What is over is left out and named, never an
// error: a letter is taken if it can be understood at all. Text in an unknown or damaged charset is read as well as it
// goes.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/mail/codec_dsn.h"
#include "platform/mail/inbox.h"
#include "platform/mail/letter.h"

namespace quipu::mail {

/// What of its header tells a machine's letter from a person's.
struct Origin {
    std::string auto_submitted;  ///< RFC 3834 §5, lower case; empty when absent
    std::string precedence;      ///< bulk, list, junk, lower case
    std::string list_id;
    std::string loop;                       ///< X-Loop, one a line
    std::vector<std::string> delivered_to;  ///< Delivered-To, X-Original-To: for mail that comes without an envelope
    bool null_return_path = false;
    std::size_t received = 0;  ///< Received fields: how many hands it went through
};

struct ParsedLetter {
    Received letter;
    Origin origin;
    std::optional<DeliveryReport> report;  ///< of a multipart/report; delivery-status (RFC 3464)
};

[[nodiscard]] Result<ParsedLetter> parse_letter(ByteSpan octets);

/// What the queue adds to a letter.
struct Stamp {
    std::string message_id;
    Time date{};
    Address from;
    std::string loop;  ///< X-Loop: what our own letters are known by
};
/// The letter as SMTP sends it: ASCII alone but for addresses that are not, lines of CRLF and at most 998 octets, text
/// as format=flowed. `invalid` names the address that can't be written.
[[nodiscard]] Result<std::string> write_letter(const Letter& letter, const Stamp& stamp);

/// Paragraphs as format=flowed lines (RFC 3676): soft breaks, space-stuffed; "-- " stays.
[[nodiscard]] std::string flow_text(std::string_view text);
/// What an HTML document says, as plain text: no script, no style, nothing fetched.
[[nodiscard]] std::string text_of_html(std::string_view html);
/// Without the quotation of an earlier letter at the end, and what introduces it.
[[nodiscard]] std::string without_quotation(std::string_view text);

}  // namespace quipu::mail
