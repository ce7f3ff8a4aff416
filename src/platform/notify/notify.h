#pragma once
// Telling people. Whoever has news makes a Notice; who is told, by which channel and when follows from the notice's
// addressees, from each person's rules (topics, organisations, severity, digest, quiet hours), and from what was told
// already. One storm makes one message; nothing is told twice.
//
//     TRY(notifier.send(transaction, {.topic = "circuit.failed", .key = "circuit:7/failed/3", .cause =
//     "link:lima-guayaquil",
//                                     .about = "circuit:7", .organisations = {"raap"}, .severity = Severity::warning,
//                                     .text = "circuit-failed", .values = {{"circuit", "7"}},
//                                     .to = {To::at("raap", "noc")}}));

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/result.h"
#include "data/database.h"
#include "data/journal.h"
#include "platform/mail/language.h"
#include "platform/mail/letter.h"

namespace quipu::notify {

enum class Severity : std::uint8_t { info, warning, critical };
constexpr auto describe_enum(Severity) {
    return names<Severity>(
        {{Severity::info, "info"}, {Severity::warning, "warning"}, {Severity::critical, "critical"}});
}

/// Who is to be told.
struct To {
    enum class Kind : std::uint8_t { account, person, role, address };
    Kind kind = Kind::account;
    std::string id;    ///< account's or person's id; organisation's of a role
    std::string role;  ///< of the registry: technical, security, pert, noc…
    mail::Address mailbox = {};
    std::optional<mail::Language> language = {};  ///< of an address

    static To account(std::string id) { return {.kind = Kind::account, .id = std::move(id), .role = {}}; }
    static To person(std::string id) { return {.kind = Kind::person, .id = std::move(id), .role = {}}; }
    /// Those who have the role at the organisation.
    static To at(std::string organisation, std::string role) {
        return {.kind = Kind::role, .id = std::move(organisation), .role = std::move(role)};
    }
    /// Somebody who has no account here: an invitation, a reporter of a problem.
    static To address(mail::Address mailbox, std::optional<mail::Language> language = {}) {
        return {.kind = Kind::address, .id = {}, .role = {}, .mailbox = std::move(mailbox), .language = language};
    }
};

/// Named values for a text's placeholders. Names are the same in all languages.
using Values = std::map<std::string, std::string, std::less<>>;

struct Notice {
    std::string topic;  ///< "case.opened": what rules choose by; dots go from general to particular
    std::string key;    ///< told once, ever: "case:41/opened"; empty: each is news
    std::string cause;  ///< what a storm is gathered by: "link:santiago-panama"; the topic when empty
    std::string about;  ///< KIND:ID that the portal leads to
    std::vector<std::string> organisations;  ///< concerned: rules choose by them too
    Severity severity = Severity::info;
    std::string text;  ///< name of the text (texts.h), in three languages
    Values values;
    std::vector<To> to;    ///< told whatever their rules say of topics; others only if a rule of theirs asks for it
    bool only_to = false;  ///< nobody else, whatever rules say
    bool at_once = false;  ///< no gathering, digest or quiet hours: the person is waiting for it
    bool secret = false;   ///< by mail alone; never shown, erased once sent: invitation, recovery
    std::vector<std::string> references = {};  ///< Message-IDs that a letter about it answers to, oldest first
};

/// A text in one language, Mustache {{name}}; a line whose placeholders are all empty is left out.
struct Text {
    std::string_view name;
    mail::Language language;
    std::string_view subject;
    std::string_view body;
};

class Notifier {
  public:
    Notifier() = default;
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;
    virtual ~Notifier() = default;

    /// Takes the notice in the caller's transaction. `invalid` for a text that is not known or a placeholder that has
    /// no value; a key that was told is no error.
    [[nodiscard]] virtual Result<void> send(data::Transaction& transaction, const Notice& notice) = 0;
    [[nodiscard]] virtual Result<void> send(const Notice& notice) = 0;
    /// Texts of a service of its own, each in all three languages; they live as long as the program. Once, at
    /// provision.
    [[nodiscard]] virtual Result<void> add_texts(std::span<const Text> texts) = 0;
    /// Makes notices of the journal's events, each once, in order; asked from start on. What it answers is sent with
    /// the key "NAME/EVENT" if it has none. Once, at provision, by whoever knows what an event means (the catalogue for
    /// cases).
    using Source = std::function<Result<std::vector<Notice>>(const data::Event&)>;
    virtual void follow(std::string name, Source source) = 0;
};

}  // namespace quipu::notify
