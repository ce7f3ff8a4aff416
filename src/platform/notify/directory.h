#pragma once
// Who people are, as notifications see them. Accounts and the registry live on other floors: the program's catalogue
// implements this with both.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "platform/mail/letter.h"
#include "platform/notify/notify.h"

namespace quipu::notify {

struct Recipient {
    std::string
        id;  ///< "person:ID" of an account as Caller::id says it, "registry:ID" or "mail:ADDRESS" for who has none
    mail::Address mailbox;  ///< empty address: can't be written to
    mail::Language language = mail::Language::en;
    std::string zone = "UTC";  ///< IANA name
    std::vector<std::string> organisations;
    bool operator==(const Recipient&) const = default;
};

class Directory {
  public:
    Directory() = default;
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    virtual ~Directory() = default;

    /// Those whom `to` names; empty when nobody is.
    [[nodiscard]] virtual std::vector<Recipient> find(const To& to) = 0;
    /// The owner of a rule, by Recipient::id.
    [[nodiscard]] virtual std::optional<Recipient> recipient(std::string_view id) = 0;
    /// Whether a rule's owner may know of what concerns this organisation (empty: the network itself).
    [[nodiscard]] virtual bool may_know(std::string_view id, std::string_view organisation) = 0;
    /// Who is told when mail to somebody fails: the managers of their organisations.
    [[nodiscard]] virtual std::vector<Recipient> managers_of(std::string_view address) = 0;
};

}  // namespace quipu::notify
