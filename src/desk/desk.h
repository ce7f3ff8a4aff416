#pragma once
// Cases: what somebody takes care of. Every reader of cases (page, API, command, search, mail, outage correlation) goes
// through this one class, and what the caller may see or do is decided here and nowhere else.
//
//     const platform::Caller house{.id = "system"};  // without grants: the house itself
//     auto opened = TRY(desk.open_or_join(house, "link:lima-guayaquil/down", {
//         .queue = Queue::operations, .title = "Lima–Guayaquil is down", .priority = Priority::urgent,
//         .organisations = {"raap", "cedia"}, .objects = {"link:lima-guayaquil"},
//         .freeze = {{EvidenceKind::series, "measure.minute", "lima/guayaquil", {}, {}}}}));
//     …
//     TRY(desk.close_cause(house, "link:lima-guayaquil/down", "The link is up again."));
//
// Each change is one transaction with its journal events (CaseOpened, CaseNoteAdded… in src/events). The functions that
// take a transaction work inside the caller's; whoever uses them has frozen evidence before (freeze), since that reads
// the archive. All calls block and are safe from any thread: from an event loop use platform::off_loop.
//
// Who sees a case: anybody if it is public; else people of the organisations concerned (see_members there), its
// watchers and its team: who may work_cases at an organisation concerned, or everywhere. A private case and every case
// of the security queue is the team's alone (there: work_cases for the service "security"); for all others it does not
// exist. Public entries of the time line are seen by whoever sees the case, members' by people of the organisations
// concerned and the team, private ones by the team.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/archive.h"
#include "data/database.h"
#include "desk/files.h"
#include "desk/holidays.h"
#include "desk/model.h"
#include "platform/api.h"
#include "platform/service.h"
#include "registry/registry.h"

namespace quipu::desk {

using platform::Caller;
using platform::Page;

/// A file as it comes in. Its type is found from its content.
struct NewAttachment {
    std::string name;
    std::string octets;
};

/// A letter or another message that becomes a note; `who` is what it claims to be from.
struct OutsideNote {
    std::string who;       ///< "mail:ana@uchile.cl"
    std::string who_name;  ///< "Ana"
    std::string text;
    std::vector<KeptFile> attachments;
};

/// What open_or_join did.
struct Opened {
    std::int64_t number = 0;
    enum class How : std::uint8_t { opened, joined, reopened } how = How::opened;
};

/// How the records of an archive stream become columns of a chart. Whoever owns the stream describes it, once.
struct SeriesColumn {
    std::string column;      ///< of the stream's schema
    std::string name, unit;  ///< as shown
    double scale = 1;        ///< shown = kept × scale
    std::string present_if;  ///< nothing is known where this column is 0; empty: always
};
struct SeriesDescription {
    data::StreamSchema schema;
    std::string object_kind;  ///< of its keys: "pair"
    std::vector<SeriesColumn> columns;
};

class Desk {
  public:
    Desk() = default;
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;
    virtual ~Desk() = default;

    // ---- reading

    /// `not_found` also when the caller may not know of it. A merged case is answered itself: `merged_into` leads on.
    [[nodiscard]] virtual Result<Case> find(const Caller& caller, std::int64_t number) = 0;
    /// Of these numbers, in their order, those that the caller may see.
    [[nodiscard]] virtual Result<std::vector<Case>> cases(const Caller& caller,
                                                          std::span<const std::int64_t> numbers) = 0;
    [[nodiscard]] virtual Result<Page<Case>> list(const Caller& caller, const CaseFilter& filter, std::int64_t limit,
                                                  std::string_view cursor = {}) = 0;
    /// In the order of time; `after` is the id of the last entry of the page before. `notes_only`: kind `note` alone.
    [[nodiscard]] virtual Result<Page<Entry>> timeline(const Caller& caller, std::int64_t number, std::int64_t limit,
                                                       std::string_view cursor = {}, bool notes_only = false) = 0;
    [[nodiscard]] virtual Result<std::vector<Evidence>> evidence(const Caller& caller, std::int64_t number) = 0;
    [[nodiscard]] virtual Result<std::vector<Attachment>> attachments(const Caller& caller, std::int64_t number) = 0;
    struct File {
        Attachment attachment;
        std::string octets;
    };
    [[nodiscard]] virtual Result<File> attachment(const Caller& caller, std::int64_t number, std::int64_t id) = 0;
    /// Who could take care of it: of those who have an account, its team. By name.
    [[nodiscard]] virtual Result<std::vector<Candidate>> candidates(const Caller& caller, std::int64_t number) = 0;
    /// The team sees all; others only themselves.
    [[nodiscard]] virtual Result<std::vector<Watcher>> watchers(const Caller& caller, std::int64_t number) = 0;
    [[nodiscard]] virtual Result<std::vector<Statistic>> statistics(const Caller& caller,
                                                                    const StatisticFilter& filter) = 0;
    [[nodiscard]] virtual Result<std::vector<QueueState>> queues(const Caller& caller) = 0;
    /// Public holidays of a country, with what the configuration says against the list.
    [[nodiscard]] virtual std::vector<Holiday> holidays(std::string_view country, std::chrono::year year) const = 0;
    /// Whether the caller is of the case's team.
    [[nodiscard]] virtual bool may_work(const Caller& caller, const Case& what) const = 0;
    /// Whether somebody without an account follows the case, by mail address.
    [[nodiscard]] virtual Result<bool> is_watching(std::int64_t number, std::string_view watcher) = 0;

    // ---- opening and closing

    /// Whoever is signed in may open a help or performance case for an organisation where they are a member; the team
    /// opens any. The one who opens it watches it.
    [[nodiscard]] virtual Result<std::int64_t> open(const Caller& caller, const NewCase& wanted) = 0;
    [[nodiscard]] virtual Result<std::int64_t> open(data::Transaction& transaction, const Caller& caller,
                                                    const NewCase& wanted, std::vector<Evidence> frozen) = 0;
    /// One cause, one case: the open case of this cause gets a line ("joined") and what it lacks of objects,
    /// organisations and evidence; a case of it that was closed not longer ago than the flapping time is opened again;
    /// else a new one is opened.
    [[nodiscard]] virtual Result<Opened> open_or_join(const Caller& caller, std::string_view cause,
                                                      const NewCase& wanted) = 0;
    [[nodiscard]] virtual Result<Opened> open_or_join(data::Transaction& transaction, const Caller& caller,
                                                      std::string_view cause, const NewCase& wanted,
                                                      std::vector<Evidence> frozen) = 0;
    /// The case of this cause, if one is open; answers its number. `why` becomes a public note.
    [[nodiscard]] virtual Result<std::optional<std::int64_t>> close_cause(const Caller& caller, std::string_view cause,
                                                                          std::string_view why) = 0;
    [[nodiscard]] virtual Result<std::optional<std::int64_t>> close_cause(data::Transaction& transaction,
                                                                          const Caller& caller, std::string_view cause,
                                                                          std::string_view why) = 0;
    [[nodiscard]] virtual Result<std::optional<std::int64_t>> case_of_cause(std::string_view cause) = 0;

    // ---- working on it; a merged case leads to the one that it has gone into

    /// `expected` is the version that is changed: `precondition_failed` when it is another.
    [[nodiscard]] virtual Result<Case> change(const Caller& caller, std::int64_t number,
                                              std::optional<std::int64_t> expected, const CaseEdit& edit) = 0;
    /// A note; of the team, the first public one is the answer. Answers its id.
    [[nodiscard]] virtual Result<std::int64_t> add_note(const Caller& caller, std::int64_t number,
                                                        const NewNote& note) = 0;
    [[nodiscard]] virtual Result<std::int64_t> add_note(data::Transaction& transaction, const Caller& caller,
                                                        std::int64_t number, const NewNote& note) = 0;
    /// Keeps a file durably, for a note that is added later. Not within a transaction: it waits for the disk.
    [[nodiscard]] virtual Result<KeptFile> keep(const NewAttachment& file) = 0;
    /// A note from somebody whom nobody has verified. It opens a waiting, solved or closed case again.
    [[nodiscard]] virtual Result<std::int64_t> add_outside_note(data::Transaction& transaction, std::int64_t number,
                                                                const OutsideNote& note) = 0;
    [[nodiscard]] virtual Result<Attachment> attach(const Caller& caller, std::int64_t number,
                                                    const NewAttachment& file, Visibility visibility) = 0;
    /// Links objects to it that it is not linked to yet, KIND:ID.
    [[nodiscard]] virtual Result<void> link(const Caller& caller, std::int64_t number,
                                            std::span<const std::string> objects) = 0;
    [[nodiscard]] virtual Result<void> watch(const Caller& caller, std::int64_t number, const Watcher& watcher) = 0;
    [[nodiscard]] virtual Result<void> unwatch(const Caller& caller, std::int64_t number, std::string_view watcher) = 0;
    /// `number` goes into `into`: its time line, evidence, files, watchers, objects and messages.
    [[nodiscard]] virtual Result<Case> merge(const Caller& caller, std::int64_t number, std::int64_t into) = 0;
    /// These entries of the time line become a case of their own; answers its number.
    [[nodiscard]] virtual Result<std::int64_t> split(const Caller& caller, std::int64_t number,
                                                     std::span<const std::int64_t> entries, std::string_view title) = 0;

    // ---- evidence

    /// Once for each stream, at provision.
    virtual void describe_series(SeriesDescription description) = 0;
    /// What is wished, as it is now. What is not there is left out.
    [[nodiscard]] virtual Result<std::vector<Evidence>> freeze(std::span<const EvidenceWish> wishes) = 0;
    [[nodiscard]] virtual Result<void> add_evidence(const Caller& caller, std::int64_t number,
                                                    std::vector<Evidence> frozen) = 0;

    // ---- mail threads

    [[nodiscard]] virtual Result<std::optional<std::int64_t>> case_of_message(std::string_view message_id) = 0;
    [[nodiscard]] virtual Result<void> remember_message(data::Transaction& transaction, std::int64_t number,
                                                        std::string_view message_id) = 0;
    /// The messages of a case, oldest first: References of the next letter.
    [[nodiscard]] virtual Result<std::vector<std::string>> messages_of(std::int64_t number) = 0;
};

class DeskService : public platform::Service {
  public:
    /// Everybody who has an account, as they would call; before the service is provisioned. Without it nobody is a
    /// candidate.
    virtual void ask_people_by(std::function<std::vector<Caller>()> people) = 0;
    /// There from provision on, until this service is destroyed.
    [[nodiscard]] virtual Desk& desk() = 0;
};

/// What `registry` answers (asked from provision on) outlives the service.
[[nodiscard]] std::unique_ptr<DeskService> make_desk_service(std::function<registry::Registry&()> registry);

extern const std::vector<data::Migration> kDeskMigrations;

}  // namespace quipu::desk
