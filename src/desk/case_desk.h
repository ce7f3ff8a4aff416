#pragma once
// The desk itself. Its functions stand in four files: case_desk.cpp (what all share), case_desk_read.cpp,
// case_desk_open.cpp (open, join, close by cause), case_desk_work.cpp (notes, changes, merge, split).

#include <functional>
#include <map>
#include <memory>

#include "base/guarded.h"
#include "desk/desk.h"
#include "desk/evidence.h"
#include "desk/files.h"
#include "desk/sight.h"
#include "desk/store.h"

namespace quipu::desk {

/// What the configuration says of the desk.
struct Rules {
    std::string country;  ///< whose working time counts where no organisation says; empty: UTC without holidays
    std::string language = "en";
    BusinessHours hours;
    std::vector<HolidayChange> holidays;
    Promises promises;
    Nanoseconds flapping = std::chrono::minutes(30);  ///< a cause that is back so soon opens its case again
    ByteCount largest_attachment{10 * 1024 * 1024};
    ByteCount attachments_a_day{200 * 1024 * 1024};  ///< of one person
};

class CaseDesk final : public Desk {
  public:
    struct House {
        data::Database& database;
        data::Journal& journal;
        const data::Archive& archive;
        const registry::Registry& registry;
        const Clock& clock;
    };
    /// `looked_at` is called, from the writer's thread, when the time of the next escalation may be another.
    CaseDesk(const House& house, Files files, Rules rules, std::function<void()> looked_at = {});

    Result<Case> find(const Caller& caller, std::int64_t number) override;
    Result<std::vector<Case>> cases(const Caller& caller, std::span<const std::int64_t> numbers) override;
    Result<Page<Case>> list(const Caller& caller, const CaseFilter& filter, std::int64_t limit,
                            std::string_view cursor) override;
    Result<Page<Entry>> timeline(const Caller& caller, std::int64_t number, std::int64_t limit, std::string_view cursor,
                                 bool notes_only) override;
    Result<std::vector<Evidence>> evidence(const Caller& caller, std::int64_t number) override;
    Result<std::vector<Attachment>> attachments(const Caller& caller, std::int64_t number) override;
    Result<File> attachment(const Caller& caller, std::int64_t number, std::int64_t id) override;
    Result<std::vector<Candidate>> candidates(const Caller& caller, std::int64_t number) override;
    Result<std::vector<Watcher>> watchers(const Caller& caller, std::int64_t number) override;
    Result<std::vector<Statistic>> statistics(const Caller& caller, const StatisticFilter& filter) override;
    Result<std::vector<QueueState>> queues(const Caller& caller) override;
    std::vector<Holiday> holidays(std::string_view country, std::chrono::year year) const override;
    bool may_work(const Caller& caller, const Case& what) const override;
    Result<bool> is_watching(std::int64_t number, std::string_view watcher) override;

    Result<std::int64_t> open(const Caller& caller, const NewCase& wanted) override;
    Result<std::int64_t> open(data::Transaction& transaction, const Caller& caller, const NewCase& wanted,
                              std::vector<Evidence> frozen) override;
    Result<Opened> open_or_join(const Caller& caller, std::string_view cause, const NewCase& wanted) override;
    Result<Opened> open_or_join(data::Transaction& transaction, const Caller& caller, std::string_view cause,
                                const NewCase& wanted, std::vector<Evidence> frozen) override;
    Result<std::optional<std::int64_t>> close_cause(const Caller& caller, std::string_view cause,
                                                    std::string_view why) override;
    Result<std::optional<std::int64_t>> close_cause(data::Transaction& transaction, const Caller& caller,
                                                    std::string_view cause, std::string_view why) override;
    Result<std::optional<std::int64_t>> case_of_cause(std::string_view cause) override;

    Result<Case> change(const Caller& caller, std::int64_t number, std::optional<std::int64_t> expected,
                        const CaseEdit& edit) override;
    Result<std::int64_t> add_note(const Caller& caller, std::int64_t number, const NewNote& note) override;
    Result<std::int64_t> add_note(data::Transaction& transaction, const Caller& caller, std::int64_t number,
                                  const NewNote& note) override;
    Result<KeptFile> keep(const NewAttachment& file) override;
    Result<std::int64_t> add_outside_note(data::Transaction& transaction, std::int64_t number,
                                          const OutsideNote& note) override;
    Result<Attachment> attach(const Caller& caller, std::int64_t number, const NewAttachment& file,
                              Visibility visibility) override;
    Result<void> link(const Caller& caller, std::int64_t number, std::span<const std::string> objects) override;
    Result<void> watch(const Caller& caller, std::int64_t number, const Watcher& watcher) override;
    Result<void> unwatch(const Caller& caller, std::int64_t number, std::string_view watcher) override;
    Result<Case> merge(const Caller& caller, std::int64_t number, std::int64_t into) override;
    Result<std::int64_t> split(const Caller& caller, std::int64_t number, std::span<const std::int64_t> entries,
                               std::string_view title) override;

    void describe_series(SeriesDescription description) override;
    Result<std::vector<Evidence>> freeze(std::span<const EvidenceWish> wishes) override;
    Result<void> add_evidence(const Caller& caller, std::int64_t number, std::vector<Evidence> frozen) override;

    Result<std::optional<std::int64_t>> case_of_message(std::string_view message_id) override;
    Result<void> remember_message(data::Transaction& transaction, std::int64_t number,
                                  std::string_view message_id) override;
    Result<std::vector<std::string>> messages_of(std::int64_t number) override;

    // ---- for the service

    /// Other rules, when it is started again. Not while calls run.
    void set_rules(Rules rules);
    /// Who has an account. Once, before calls run.
    void ask_people_by(std::function<std::vector<Caller>()> people) { people_ = std::move(people); }
    /// Tells of every service clock that is due; answers when to look again.
    [[nodiscard]] Result<std::optional<Time>> escalate();
    /// A report of a problem becomes a help case, once.
    [[nodiscard]] Result<void> take_report(const data::Event& event);
    /// Removes files that no case names; how many.
    [[nodiscard]] Result<std::size_t> sweep_files();

  private:
    using Transaction = data::Transaction;
    using Row = store::Row;

    /// A case in hand, and how the caller stands to it.
    struct Held {
        Row row;
        Relation relation = Relation::none;
    };
    [[nodiscard]] Sight sight_of(const Caller& caller) const { return {caller, *house_.registry.now()}; }
    /// `not_found` when it does not exist for the caller, `forbidden` when they stand below `least`. `follow`: to the
    /// case that it has gone into.
    [[nodiscard]] Result<Held> hold(Transaction& transaction, const Caller& caller, std::int64_t number, Relation least,
                                    bool follow) const;
    /// The one that is worked on: not merged.
    [[nodiscard]] Result<Held> hold_open(Transaction& transaction, const Caller& caller, std::int64_t number,
                                         Relation least) const;
    /// As the caller may see it.
    [[nodiscard]] Case shown(const Row& row, Relation relation) const;
    [[nodiscard]] std::shared_ptr<const Calendar> calendar_of(const Case& what) const;
    /// Calls f with the engine for this case's working time.
    template <class F>
    decltype(auto) with_engine(const Case& what, F&& f) const {
        const auto calendar = calendar_of(what);
        return f(CaseEngine(rules_.promises, *calendar));
    }

    /// Writes the row with a new version and the time of its next escalation.
    [[nodiscard]] Result<void> save(Transaction& transaction, Row& row) const;
    /// Adds a line to the time line; notes are counted in the row.
    [[nodiscard]] Result<std::int64_t> add_line(Transaction& transaction, Row& row, const Caller& caller,
                                                Entry entry) const;
    template <class E>
    [[nodiscard]] Result<void> tell(Transaction& transaction, const Row& row, const Caller& caller, E event) const;
    [[nodiscard]] Result<void> tell_change(Transaction& transaction, const Row& row, const Caller& caller,
                                           std::vector<std::string> changed) const;
    /// After the progress of the row has moved: state in the case, its line and its event.
    [[nodiscard]] Result<void> follow_state(Transaction& transaction, Row& row, const Caller& caller, State before,
                                            std::vector<std::string> changed = {}) const;
    [[nodiscard]] Result<void> keep_evidence(Transaction& transaction, Row& row, std::vector<Evidence> frozen) const;
    [[nodiscard]] Result<void> check(const NewCase& wanted) const;
    [[nodiscard]] Result<void> check_lists(const std::vector<std::string>& organisations,
                                           const std::vector<std::string>& objects) const;
    [[nodiscard]] std::string country_of(const std::vector<std::string>& organisations) const;
    [[nodiscard]] std::string language_of(const Caller& caller, const NewCase& wanted) const;
    [[nodiscard]] Result<Row> make_case(Transaction& transaction, const Caller& caller, const NewCase& wanted,
                                        std::string_view cause) const;
    [[nodiscard]] Result<Row> open_row(Transaction& transaction, const Caller& caller, const NewCase& wanted,
                                       std::string_view cause, std::vector<Evidence> frozen) const;
    Result<void> may_send(data::Transaction& transaction, const Caller& caller, std::size_t octets) const;
    [[nodiscard]] Result<Attachment> keep_file(Transaction& transaction, Row& row, const std::string& who,
                                               const KeptFile& file, Visibility visibility, std::int64_t entry) const;

    House house_;
    Files files_;
    Rules rules_;
    std::shared_ptr<const Holidays> holidays_;
    std::function<void()> looked_at_;
    std::function<std::vector<Caller>()> people_;
    Freezer freezer_;
    using Calendars = std::map<std::string, std::shared_ptr<const Calendar>, std::less<>>;
    mutable Guarded<Calendars> calendars_;
};

}  // namespace quipu::desk
