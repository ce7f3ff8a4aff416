#pragma once
// Mail that comes in, as the desk sees it. The mail service has parsed the letter, dropped repeats, bounces and
// automatic answers, and found out which case it is about; an Inbox says who may write there and keeps it. The
// program's catalogue gives the mail service the desk's Inbox; without one, letters are refused for now (451) and stay
// with the sender.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "platform/mail/letter.h"

namespace quipu::mail {

/// A letter as it was understood. Nothing in it is authenticated: `from` is what the sender wrote.
struct Received {
    std::string message_id;               ///< without angle brackets; made from the content when the letter has none
    std::vector<std::string> answers_to;  ///< In-Reply-To, then References, nearest first
    std::optional<Address> from;
    std::vector<Address> to, cc;
    std::string subject;      ///< one line
    std::string text;         ///< UTF-8, line ends \n; plain text, or what the HTML says
    bool quoted_cut = false;  ///< `text` is without the quotation at the end
    std::vector<Attachment> attachments;
    std::vector<std::string> dropped;  ///< names of attachments that were over a limit
    std::string language;              ///< Content-Language, if it was said
    std::optional<Time> date;          ///< what the sender's clock said
    bool automatic = false;  ///< a machine wrote it: nobody is answered by mail (RFC 3834 §2), nor made a watcher
};

class Inbox {
  public:
    Inbox() = default;
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;
    virtual ~Inbox() = default;

    /// The case that a letter of this Message-ID belongs to, by the desk's own record.
    [[nodiscard]] virtual Result<std::optional<std::int64_t>> case_of_message(std::string_view message_id) = 0;
    /// Whether the case is there and takes notes from this address: its reporter, watchers and contacts.
    [[nodiscard]] virtual Result<bool> may_write(std::int64_t number, std::string_view address) = 0;
    /// Before the transaction of `add_note` or `open`: what waits for the disk, such as writing the attachments. It
    /// does no harm if neither follows.
    [[nodiscard]] virtual Result<void> prepare(const Received& /*letter*/) { return {}; }
    /// Adds a note that is marked "by mail, sender not verified". In the transaction that marks the letter as taken.
    [[nodiscard]] virtual Result<void> add_note(data::Transaction& transaction, std::int64_t number,
                                                const Received& letter) = 0;
    /// Opens a help case; answers its number. `related`: the case that the letter answers but may not write to.
    [[nodiscard]] virtual Result<std::int64_t> open(data::Transaction& transaction, const Received& letter,
                                                    std::optional<std::int64_t> related) = 0;
};

}  // namespace quipu::mail
