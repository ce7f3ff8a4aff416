#pragma once
// The desk's tables: named queries, each inside a transaction of the caller's. What may be seen is a condition that
// Sight (sight.h) makes.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/database.h"
#include "desk/engine_case.h"
#include "desk/model.h"

namespace quipu::desk::store {

/// A case as it stands in its row.
struct Row {
    Case what;  ///< without what depends on who asks: its counts, and clocks as they are shown
    Progress progress;
    std::optional<Time> look_at;
    /// Notes and files by visibility: public, members, private.
    std::int64_t notes[3] = {0, 0, 0};
    std::int64_t files[3] = {0, 0, 0};
};

/// A condition with its parameters.
struct Condition {
    std::string sql;
    std::vector<data::Cell> cells;
    void add(std::string_view more, std::vector<data::Cell> with = {});
};

/// The next number of a case, or of anything else.
[[nodiscard]] Result<std::int64_t> next_number(data::Transaction& transaction, std::string_view counter);

[[nodiscard]] Result<std::optional<Row>> find(data::Transaction& transaction, std::int64_t number);
[[nodiscard]] Result<void> insert(data::Transaction& transaction, const Row& row);
/// Writes the whole row with the version that it has, and its marks.
[[nodiscard]] Result<void> update(data::Transaction& transaction, const Row& row);
/// Rows that satisfy the condition, in that order, at most `limit`.
[[nodiscard]] Result<std::vector<Row>> select(data::Transaction& transaction, const Condition& condition,
                                              std::string_view order, std::int64_t limit);

/// A list of texts as one parameter: `value IN (…)`, the same statement however many there are.
[[nodiscard]] std::string in_list(data::Dialect dialect, std::string_view column);
[[nodiscard]] data::Cell list_cell(std::span<const std::string> list);

// ---- marks: by what cases are found

[[nodiscard]] Result<void> set_marks(data::Transaction& transaction, std::int64_t number, std::string_view facet,
                                     const std::vector<std::string>& values);
[[nodiscard]] Result<void> set_words(data::Transaction& transaction, const Case& what);

// ---- time line

[[nodiscard]] Result<void> add_entry(data::Transaction& transaction, std::int64_t number, const Entry& entry);
[[nodiscard]] Result<std::vector<Entry>> entries(data::Transaction& transaction, std::int64_t number, Visibility up_to,
                                                 bool notes_only, std::int64_t after_time, std::int64_t after_id,
                                                 std::int64_t limit);
/// Those of a case with these ids.
[[nodiscard]] Result<std::vector<Entry>> entries(data::Transaction& transaction, std::int64_t number,
                                                 std::span<const std::int64_t> ids);
/// All entries, evidence, files, messages and causes of `from` become `to`'s.
[[nodiscard]] Result<void> move_all(data::Transaction& transaction, std::int64_t from, std::int64_t to);
[[nodiscard]] Result<void> move_entries(data::Transaction& transaction, std::int64_t from, std::int64_t to,
                                        std::span<const std::int64_t> ids);
/// Notes and files by visibility, evidence, and watchers, counted anew.
[[nodiscard]] Result<void> count_again(data::Transaction& transaction, Row& row);

// ---- evidence and files

[[nodiscard]] Result<void> add_evidence(data::Transaction& transaction, std::int64_t number, const Evidence& evidence);
[[nodiscard]] Result<std::vector<Evidence>> evidence(data::Transaction& transaction, std::int64_t number);
[[nodiscard]] Result<void> add_attachment(data::Transaction& transaction, std::int64_t number, std::int64_t entry,
                                          const Attachment& attachment);
[[nodiscard]] Result<std::vector<Attachment>> attachments(data::Transaction& transaction, std::int64_t number,
                                                          Visibility up_to);

/// Octets of the files that somebody has sent since then.
[[nodiscard]] Result<std::int64_t> attached_by(data::Transaction& transaction, std::string_view who, Time since);
/// Whether an attachment of any case has this content.
[[nodiscard]] Result<bool> is_attached(data::Transaction& transaction, std::string_view sha256);

// ---- watchers, causes, messages

[[nodiscard]] Result<std::vector<Watcher>> watchers(data::Transaction& transaction, std::int64_t number);
/// Answers whether something changed.
[[nodiscard]] Result<bool> watch(data::Transaction& transaction, std::int64_t number, const Watcher& watcher);
[[nodiscard]] Result<bool> unwatch(data::Transaction& transaction, std::int64_t number, std::string_view watcher);
[[nodiscard]] Result<bool> is_watching(data::Transaction& transaction, std::int64_t number, std::string_view watcher);

struct Cause {
    std::int64_t number = 0;
    bool showing = false;
};
[[nodiscard]] Result<std::optional<Cause>> cause(data::Transaction& transaction, std::string_view name);
[[nodiscard]] Result<void> set_cause(data::Transaction& transaction, std::string_view name, const Cause& cause);
/// Causes that still show of a case.
[[nodiscard]] Result<std::int64_t> causes_showing(data::Transaction& transaction, std::int64_t number);

[[nodiscard]] Result<std::optional<std::int64_t>> case_of_message(data::Transaction& transaction,
                                                                  std::string_view message_id);
[[nodiscard]] Result<void> remember_message(data::Transaction& transaction, std::int64_t number,
                                            std::string_view message_id, Time time);
[[nodiscard]] Result<std::vector<std::string>> messages_of(data::Transaction& transaction, std::int64_t number);

// ---- figures

struct Figure {
    Queue queue = Queue::help;
    State state = State::new_;
    Time opened{};
    std::optional<Time> answered, solved;
    bool answer_late = false, solution_late = false;
    std::vector<std::string> organisations;
};
[[nodiscard]] Result<std::vector<Figure>> figures(data::Transaction& transaction, const Condition& condition);
/// Open cases by queue: how many, unanswered, late, nobody's, waiting.
[[nodiscard]] Result<std::vector<QueueState>> queue_states(data::Transaction& transaction, const Condition& condition,
                                                           Time now);

/// When the next of its clocks runs out; the end of time when none runs. The order of a work queue.
[[nodiscard]] std::int64_t due_of(const Row& row);

}  // namespace quipu::desk::store
