#pragma once
// The queue of letters, failing addresses and what came in, in SQL. Messages are kept as they will be sent.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "data/database.h"
#include "platform/mail/engine_queue.h"
#include "platform/mail/letter.h"

namespace quipu::mail {

/// One recipient of a letter, as the queue's list shows it.
struct QueueEntry {
    std::int64_t id = 0;
    std::string purpose, about, subject;
    std::string address;
    RecipientState state = RecipientState::queued;
    std::int64_t attempts = 0;
    Time created{};
    std::optional<Time> next;
    std::int64_t code = 0;
    std::string status, answer;
    static constexpr auto describe() {
        using T = QueueEntry;
        return fields(field<&T::id>("id", "The letter's number").required(),
                      field<&T::address>("address", "Recipient").required(),
                      field<&T::state>("state", "queued, sending, sent, failed, expired, dropped").required(),
                      field<&T::attempts>("attempts", "Tries so far").required(),
                      field<&T::purpose>("purpose", "What it is for").required(),
                      field<&T::about>("about", "The object it is about, KIND:ID"),
                      field<&T::subject>("subject", "Its subject; empty for a secret one"),
                      field<&T::created>("created", "When it was accepted").required(),
                      field<&T::next>("next", "When it is tried again"),
                      field<&T::code>("code", "SMTP code of the last answer; 0: none"),
                      field<&T::status>("status", "Enhanced status (RFC 3463)"),
                      field<&T::answer>("answer", "What the server said"));
    }
};

struct QueueFilter {
    std::optional<RecipientState> state;
    std::string purpose;
    std::string address;
    std::int64_t before = 0;  ///< letters below this number; 0: all
    std::size_t limit = 100;
};

struct FailingAddress {
    std::string address;
    Time since{};
    std::string status, reason;
    static constexpr auto describe() {
        using T = FailingAddress;
        return fields(field<&T::address>("address", "Mail address").required(),
                      field<&T::since>("since", "When mail to it came back first").required(),
                      field<&T::status>("status", "Enhanced status (RFC 3463)"),
                      field<&T::reason>("reason", "What the server said"));
    }
};

/// A letter that is to be sent now, claimed for one sender.
struct DueLetter {
    std::int64_t id = 0;
    std::string message;
    Time expires{};
    struct To {
        std::string address;
        std::int64_t attempts = 0;
    };
    std::vector<To> recipients;
};

struct NewLetter {
    std::string message_id, once, purpose, about, subject;
    bool secret = false;
    Time created{}, expires{};
    std::string message;
    std::vector<std::string> recipients;
};

struct StoredLetter {
    std::int64_t id = 0;
    std::string message_id, purpose, about, subject;
    bool secret = false;
    Time created{}, expires{};
    std::string message;  ///< empty when it was erased
};

class Store {
  public:
    Store(data::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

    // ---- letters out

    /// The Message-ID of the letter that was taken under this key before.
    [[nodiscard]] Result<std::optional<std::string>> taken_once(data::Transaction& transaction, std::string_view once);
    [[nodiscard]] Result<std::int64_t> add(data::Transaction& transaction, const NewLetter& letter);
    /// Those that are due, at most `most`, as `sending` for `claimer`.
    [[nodiscard]] Result<std::vector<DueLetter>> claim(std::string_view claimer, std::size_t most);
    /// What a claimer left behind when it died is queued again.
    [[nodiscard]] Result<std::int64_t> release(std::string_view claimer);
    /// What of a letter could not be tried goes back as it was.
    [[nodiscard]] Result<void> release(std::int64_t letter);
    struct Settled {
        std::string address;
        Outcome outcome;
        NextStep step;
    };
    /// After an attempt; a secret letter that nobody waits for any more is erased. Answers those that fail newly.
    [[nodiscard]] Result<void> settle(data::Transaction& transaction, std::int64_t letter,
                                      std::span<const Settled> settled);
    /// Those whose time is over, as `expired`; at most 100 at once. Answers them.
    [[nodiscard]] Result<std::vector<Failure>> expire(data::Transaction& transaction);
    /// How many are due now; counts no further than `most`.
    [[nodiscard]] Result<std::size_t> due_letters(std::size_t most) const;

    [[nodiscard]] Result<std::vector<QueueEntry>> list(const QueueFilter& filter) const;
    [[nodiscard]] Result<std::vector<QueueEntry>> recipients_of(std::int64_t letter) const;
    [[nodiscard]] Result<std::optional<StoredLetter>> letter(std::int64_t id) const;
    /// What is not sent yet is tried at once; also what was given up. Answers how many recipients.
    [[nodiscard]] Result<std::int64_t> retry(std::int64_t letter);
    /// What is not sent yet never will be.
    [[nodiscard]] Result<std::int64_t> drop(std::int64_t letter);
    [[nodiscard]] Result<std::int64_t> count(RecipientState state) const;
    /// Letters that nobody waits for and that are older than this are deleted.
    [[nodiscard]] Result<void> forget(Time before);

    // ---- addresses that fail

    /// True when it was not failing before.
    [[nodiscard]] Result<bool> mark_failing(data::Transaction& transaction, std::string_view address,
                                            std::string_view status, std::string_view reason);
    [[nodiscard]] Result<void> clear_failing(data::Transaction& transaction, std::string_view address);
    [[nodiscard]] Result<bool> is_failing(std::string_view address) const;
    [[nodiscard]] Result<std::vector<FailingAddress>> failing() const;

    // ---- letters in

    [[nodiscard]] Result<bool> was_received(data::Transaction& transaction, std::string_view message_id);
    [[nodiscard]] Result<void> note_received(data::Transaction& transaction, std::string_view message_id,
                                             std::string_view outcome, std::string_view about, std::string_view sender);
    /// Cases that this sender has opened since then.
    [[nodiscard]] Result<std::int64_t> opened_by(std::string_view sender, Time since) const;
    /// What a letter of this Message-ID, sent or received, is about; empty when it is not known.
    [[nodiscard]] Result<std::string> about_of(std::string_view message_id) const;
    /// The letter that this Message-ID is of, among those sent.
    [[nodiscard]] Result<std::optional<StoredLetter>> sent_as(std::string_view message_id) const;

  private:
    data::Database& database_;
    const Clock& clock_;
};

extern const std::vector<data::Migration> kMailMigrations;

}  // namespace quipu::mail
