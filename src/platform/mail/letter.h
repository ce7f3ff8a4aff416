#pragma once
// Mail that goes out. Whoever has something to say makes a Letter and gives it to Mail inside the transaction that is
// the reason for it: committed together or not at all. From then on the queue owns it: it is sent, tried again, and
// told as failed if it can't be delivered.
//
//     TRY(mail.send(transaction, {.purpose = "case", .once = "case:41/opened/ana", .about = "case:41",
//                                 .to = {{"Ana", "ana@reuna.cl"}}, .subject = …, .text = …}));
//
// Texts in three languages by template, rules and digests: platform/notify/notify.h.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/result.h"
#include "base/time.h"
#include "data/database.h"
#include "platform/mail/language.h"

namespace quipu::mail {

/// A mailbox: a name as shown, and "local@domain".
struct Address {
    std::string name;
    std::string address;
    bool operator==(const Address&) const = default;
    static constexpr auto describe() {
        return fields(field<&Address::name>("name", "Name as shown").at_most_long(200),
                      field<&Address::address>("address", "Mail address").required().at_most_long(320));
    }
};

struct Attachment {
    std::string name;
    std::string media_type = "application/octet-stream";
    std::string octets;
};

struct Letter {
    std::string purpose;  ///< what it is for, as the queue shows it: "invitation", "case", "notice"
    std::string once;     ///< a letter of the same key is taken once, ever; empty: each is another
    std::string about;    ///< KIND:ID of the object; what is answered to the letter is about it too: "case:41"
    std::vector<Address> to;
    std::optional<Address> from;      ///< the house's own when absent
    std::optional<Address> reply_to;  ///< where answers go, such as Mail::case_address
    std::string subject;
    std::string text;  ///< UTF-8; paragraphs are lines, folded as format=flowed (RFC 3676)
    Language language = Language::en;
    std::string in_reply_to;              ///< Message-ID without angle brackets
    std::vector<std::string> references;  ///< the same, oldest first
    std::vector<Attachment> attachments;
    bool automatic = true;                    ///< Auto-Submitted: auto-generated (RFC 3834 §5)
    bool secret = false;                      ///< lets somebody in: never shown, erased once it is sent
    Nanoseconds life = std::chrono::days(5);  ///< given up after this
};

/// Mail to an address came back for good, or was given up.
struct Failure {
    Address to;          ///< name empty
    std::string status;  ///< RFC 3463: "5.1.1"
    std::string reason;
    std::string subject;  ///< of the letter; empty for a secret one
    std::string purpose, about;
    std::int64_t letter = 0;
};

class Mail {
  public:
    Mail() = default;
    Mail(const Mail&) = delete;
    Mail& operator=(const Mail&) = delete;
    virtual ~Mail() = default;

    /// Takes the letter in the caller's transaction; answers its Message-ID (without angle brackets), that of the
    /// first letter when `once` was seen before. `invalid` names an address or header field that can't be sent.
    [[nodiscard]] virtual Result<std::string> send(data::Transaction& transaction, const Letter& letter) = 0;
    /// In a transaction of its own.
    [[nodiscard]] virtual Result<std::string> send(const Letter& letter) = 0;

    /// Where answers about case `number` go: "help+41.k3v9q2m7xw@DOMAIN". It can't be guessed for another case.
    [[nodiscard]] virtual std::string case_address(std::int64_t number) const = 0;
    /// Mail to it has come back for good: see that the contact is corrected.
    [[nodiscard]] virtual Result<bool> is_failing(std::string_view address) = 0;

    /// Told in the transaction that marks an address as failing, once until a letter gets through again.
    using OnFailure = std::function<Result<void>(data::Transaction&, const Failure&)>;
    virtual void tell_failures(OnFailure tell) = 0;
};

}  // namespace quipu::mail
