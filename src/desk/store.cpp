#include "desk/store.h"

#include <array>
#include <fmt/format.h>
#include <limits>

#include "data/instants.h"
#include "desk/words.h"

namespace quipu::desk::store {
namespace {

constexpr std::int64_t kNeverDue = std::numeric_limits<std::int64_t>::max();

data::Cell optional_cell(const std::optional<Time>& time) {
    return time ? data::Cell(data::count_of(*time)) : data::Cell();
}
data::Cell optional_cell(const std::optional<std::int64_t>& number) {
    return number ? data::Cell(*number) : data::Cell();
}

std::string list_json(std::span<const std::string> list) {
    std::string out;
    JsonWriter json(out);
    json.begin_array();
    for (const std::string& each : list)
        json.string(each);
    json.end_array();
    return out;
}

std::vector<std::string> list_of(std::string_view json) {
    std::vector<std::string> out;
    const auto value = parse_json(json);
    if (!value || value->if_array() == nullptr) return out;
    for (const Value& each : *value->if_array())
        if (const auto* text = each.if_string()) out.push_back(*text);
    return out;
}

/// The columns of a case's row, in the order in which they are read and written.
constexpr std::array kColumns =
    std::to_array<std::string_view>({"number",          "version",        "queue",         "state",
                                     "is_open",         "priority",       "visibility",    "title",
                                     "description",     "language",       "owner",         "teams",
                                     "organisations",   "objects",        "country",       "cause",
                                     "opened",          "opened_by",      "changed",       "closed",
                                     "reopened",        "merged_into",    "due",           "look_at",
                                     "answer_promised", "answer_used",    "answer_since",  "answer_due",
                                     "answer_done",     "answer_step",    "answer_late",   "solution_promised",
                                     "solution_used",   "solution_since", "solution_due",  "solution_done",
                                     "solution_step",   "solution_late",  "notes_public",  "notes_members",
                                     "notes_private",   "files_public",   "files_members", "files_private",
                                     "evidence",        "watchers"});

std::string joined(std::string_view between, std::string_view after = {}, std::size_t from = 0) {
    std::string out;
    for (std::size_t i = from; i < kColumns.size(); ++i)
        out += fmt::format("{}{}{}", i == from ? "" : between, kColumns[i], after);
    return out;
}

void push_watch(std::vector<data::Cell>& cells, const Watch& watch) {
    cells.emplace_back(std::int64_t{watch.promised.count()});
    cells.emplace_back(std::int64_t{watch.used.count()});
    cells.push_back(optional_cell(watch.since));
    cells.push_back(optional_cell(watch.due));
    cells.push_back(optional_cell(watch.done));
    cells.emplace_back(watch.step);
    cells.emplace_back(std::int64_t{watch.late});
}

std::vector<data::Cell> cells_of(const Row& row) {
    const Case& c = row.what;
    std::vector<data::Cell> cells;
    cells.reserve(kColumns.size() + 1);
    const auto number = [&](auto value) { cells.emplace_back(static_cast<std::int64_t>(value)); };
    number(c.number);
    number(c.version);
    number(c.queue);
    number(c.state);
    number(is_open(c.state));
    number(c.priority);
    number(c.visibility);
    for (const std::string& text :
         {c.title, c.description, c.language, c.owner.value_or(""), list_json(c.teams), list_json(c.organisations),
          list_json(c.objects), c.country.value_or(""), c.cause.value_or("")})
        cells.emplace_back(text);
    number(data::count_of(c.opened));
    cells.emplace_back(c.opened_by);
    number(data::count_of(c.changed));
    cells.push_back(optional_cell(row.progress.closed));
    number(row.progress.reopened);
    cells.push_back(optional_cell(c.merged_into));
    number(due_of(row));
    cells.push_back(optional_cell(row.look_at));
    push_watch(cells, row.progress.answer);
    push_watch(cells, row.progress.solution);
    for (const std::int64_t notes : row.notes)
        number(notes);
    for (const std::int64_t files : row.files)
        number(files);
    number(c.evidence);
    number(c.watchers);
    return cells;
}

/// Reads a row's cells from left to right.
class RowReader {
  public:
    RowReader(const data::Rows& rows, std::size_t row) : rows_(rows), row_(row) {}
    std::int64_t number() { return rows_.integer(row_, column_++); }
    const std::string& text() { return rows_.text(row_, column_++); }
    std::optional<std::int64_t> optional_number() {
        const std::size_t column = column_++;
        if (rows_.is_null(row_, column)) return std::nullopt;
        return rows_.integer(row_, column);
    }
    Time time() { return Time(Nanoseconds(number())); }
    std::optional<Time> optional_time() {
        const auto ns = optional_number();
        return ns ? std::optional(Time(Nanoseconds(*ns))) : std::nullopt;
    }
    std::optional<std::string> text_or_none() {
        const std::string& value = text();
        return value.empty() ? std::nullopt : std::optional(value);
    }
    template <class E>
    E one_of() {
        return static_cast<E>(number());
    }
    Watch watch() {
        Watch out;
        out.promised = Nanoseconds(number());
        out.used = Nanoseconds(number());
        out.since = optional_time();
        out.due = optional_time();
        out.done = optional_time();
        out.step = number();
        out.late = number() != 0;
        return out;
    }

  private:
    const data::Rows& rows_;
    std::size_t row_, column_ = 0;
};

Row row_at(const data::Rows& rows, std::size_t at) {
    RowReader in(rows, at);
    Row row;
    Case& c = row.what;
    c.number = in.number();
    c.version = in.number();
    c.queue = in.one_of<Queue>();
    c.state = in.one_of<State>();
    in.number();  // is_open
    c.priority = in.one_of<Priority>();
    c.visibility = in.one_of<Visibility>();
    c.title = in.text();
    c.description = in.text();
    c.language = in.text();
    c.owner = in.text_or_none();
    c.teams = list_of(in.text());
    c.organisations = list_of(in.text());
    c.objects = list_of(in.text());
    c.country = in.text_or_none();
    c.cause = in.text_or_none();
    c.opened = in.time();
    c.opened_by = in.text();
    c.changed = in.time();
    c.closed = row.progress.closed = in.optional_time();
    c.reopened = row.progress.reopened = in.number();
    c.merged_into = in.optional_number();
    in.number();  // due
    row.look_at = in.optional_time();
    row.progress.answer = in.watch();
    row.progress.solution = in.watch();
    for (std::int64_t& notes : row.notes)
        notes = in.number();
    for (std::int64_t& files : row.files)
        files = in.number();
    c.evidence = in.number();
    c.watchers = in.number();
    c.escalation = std::max(row.progress.answer.step, row.progress.solution.step);
    row.progress.queue = c.queue;
    row.progress.state = c.state;
    row.progress.priority = c.priority;
    return row;
}

Result<void> set_all_marks(data::Transaction& transaction, const Case& c) {
    TRY(set_marks(transaction, c.number, "organisation", c.organisations));
    TRY(set_marks(transaction, c.number, "object", c.objects));
    return set_marks(transaction, c.number, "team", c.teams);
}

Result<Entry> entry_at(const data::Rows& rows, std::size_t at) {
    RowReader in(rows, at);
    Entry out;
    out.id = in.number();
    out.time = in.time();
    out.kind = enum_value<EntryKind>(in.text()).value_or(EntryKind::note);
    out.visibility = in.one_of<Visibility>();
    out.who = in.text();
    out.who_name = in.text();
    out.text = in.text();
    out.changes = TRY(read<std::vector<FieldChange>>(TRY(parse_json(in.text(), "desk_entries.changes"))));
    out.unverified = in.number() != 0;
    out.origin = in.optional_number();
    return out;
}

constexpr std::string_view kEntryColumns =
    "id, time, kind, visibility, who, who_name, said, changes, unverified, origin";

/// The files that came with each entry.
Result<void> add_files(data::Transaction& transaction, std::int64_t number, std::vector<Entry>& entries) {
    if (entries.empty()) return {};
    const data::Rows rows =
        TRY(transaction.run("SELECT id, entry FROM desk_attachments WHERE number = ? ORDER BY id", number));
    for (std::size_t row = 0; row < rows.size(); ++row)
        for (Entry& entry : entries)
            if (entry.id == rows.integer(row, 1)) entry.attachment_ids.push_back(rows.integer(row, 0));
    return {};
}

}  // namespace

std::int64_t due_of(const Row& row) {
    if (!is_open(row.what.state)) return kNeverDue;
    std::int64_t due = kNeverDue;
    for (const Watch* watch : {&row.progress.answer, &row.progress.solution})
        if (watch->due) due = std::min(due, data::count_of(*watch->due));
    return due;
}

void Condition::add(std::string_view more, std::vector<data::Cell> with) {
    sql += fmt::format("{}({})", sql.empty() ? "" : " AND ", more);
    cells.insert(cells.end(), std::make_move_iterator(with.begin()), std::make_move_iterator(with.end()));
}

Result<std::int64_t> next_number(data::Transaction& transaction, std::string_view counter) {
    const data::Rows rows = TRY(transaction.run(
        "UPDATE desk_counters SET last = last + 1 WHERE name = ? RETURNING last", std::string(counter)));
    if (rows.empty()) return fail(ErrorCode::corrupt, "the desk's counters are missing", "desk_counters");
    return rows.integer(0, 0);
}

Result<std::optional<Row>> find(data::Transaction& transaction, std::int64_t number) {
    static const std::string kSql = fmt::format("SELECT {} FROM desk_cases WHERE number = ?", joined(", "));
    const data::Rows rows = TRY(transaction.run(kSql, number));
    if (rows.empty()) return std::optional<Row>();
    return row_at(rows, 0);
}

Result<void> insert(data::Transaction& transaction, const Row& row) {
    static const std::string kSql = [] {
        std::string marks = "?";
        for (std::size_t i = 1; i < kColumns.size(); ++i)
            marks += ", ?";
        return fmt::format("INSERT INTO desk_cases ({}) VALUES ({})", joined(", "), marks);
    }();
    TRY(transaction.execute(kSql, cells_of(row)));
    TRY(set_all_marks(transaction, row.what));
    return set_words(transaction, row.what);
}

Result<void> update(data::Transaction& transaction, const Row& row) {
    static const std::string kSql = fmt::format("UPDATE desk_cases SET {} WHERE number = ?", joined(", ", " = ?", 1));
    auto cells = cells_of(row);
    cells.erase(cells.begin());
    cells.emplace_back(row.what.number);
    TRY(transaction.execute(kSql, cells));
    return {};
}

Result<std::vector<Row>> select(data::Transaction& transaction, const Condition& condition, std::string_view order,
                                std::int64_t limit) {
    static const std::string kList = joined(", ", "", 0);
    auto cells = condition.cells;
    cells.emplace_back(limit);
    // Which ones first, in order; a whole row is read for these alone.
    const data::Rows rows =
        TRY(transaction.execute(fmt::format("SELECT {} FROM desk_cases WHERE number IN (SELECT number FROM desk_cases "
                                            "WHERE {} ORDER BY {} LIMIT ?) ORDER BY {}",
                                            kList, condition.sql.empty() ? "1 = 1" : condition.sql, order, order),
                                cells));
    std::vector<Row> out;
    out.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back(row_at(rows, i));
    return out;
}

std::string in_list(data::Dialect dialect, std::string_view column) {
    if (dialect == data::Dialect::sqlite) return fmt::format("{} IN (SELECT j.value FROM json_each(?) j)", column);
    // An array is expected to be short, and leads through the index; the rows of a function are expected to be many.
    return fmt::format("{} = ANY (ARRAY(SELECT json_array_elements_text(CAST(? AS json))))", column);
}

data::Cell list_cell(std::span<const std::string> list) {
    return list_json(list);
}

Result<void> set_marks(data::Transaction& transaction, std::int64_t number, std::string_view facet,
                       const std::vector<std::string>& values) {
    TRY(transaction.run("DELETE FROM desk_marks WHERE number = ? AND facet = ?", number, std::string(facet)));
    for (const std::string& value : values)
        TRY(transaction.run("INSERT INTO desk_marks (facet, mark, number) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                            std::string(facet), value, number));
    return {};
}

Result<void> set_words(data::Transaction& transaction, const Case& what) {
    TRY(transaction.run("DELETE FROM desk_words WHERE number = ?", what.number));
    std::string text = what.title + "\n" + what.description;
    for (const std::string& object : what.objects)
        text += "\n" + object;
    std::vector<data::Cell> cells;
    for (const std::string& word : words_of(text)) {
        cells.emplace_back(data::Blob(word.begin(), word.end()));
        cells.emplace_back(what.number);
    }
    if (cells.empty()) return {};
    return transaction.execute_many("INSERT INTO desk_words (word, number) VALUES (?, ?)", 2, cells);
}

// ---- time line

Result<void> add_entry(data::Transaction& transaction, std::int64_t number, const Entry& entry) {
    TRY(
        transaction.run("INSERT INTO desk_entries (id, number, time, kind, visibility, who, who_name, said, changes, "
                        "unverified, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        entry.id, number, data::count_of(entry.time), std::string(enum_name(entry.kind)),
                        static_cast<std::int64_t>(entry.visibility), entry.who, entry.who_name, entry.text,
                        json_text(entry.changes), std::int64_t{entry.unverified}, optional_cell(entry.origin)));
    return {};
}

Result<std::vector<Entry>> entries(data::Transaction& transaction, std::int64_t number, Visibility up_to,
                                   bool notes_only, std::int64_t after_time, std::int64_t after_id,
                                   std::int64_t limit) {
    static const std::string kSql = fmt::format(
        "SELECT {} FROM desk_entries WHERE number = ? AND visibility <= ? AND (kind = 'note' OR ? = 0) "
        "AND (time > ? OR (time = ? AND id > ?)) ORDER BY time, id LIMIT ?",
        kEntryColumns);
    const data::Rows rows = TRY(transaction.run(kSql, number, static_cast<std::int64_t>(up_to),
                                                std::int64_t{notes_only}, after_time, after_time, after_id, limit));
    std::vector<Entry> out;
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back(TRY(entry_at(rows, i)));
    TRY(add_files(transaction, number, out));
    return out;
}

Result<std::vector<Entry>> entries(data::Transaction& transaction, std::int64_t number,
                                   std::span<const std::int64_t> ids) {
    static const std::string kSql =
        fmt::format("SELECT {} FROM desk_entries WHERE number = ? AND id = ?", kEntryColumns);
    std::vector<Entry> out;
    for (const std::int64_t id : ids) {
        const data::Rows rows = TRY(transaction.run(kSql, number, id));
        if (!rows.empty()) out.push_back(TRY(entry_at(rows, 0)));
    }
    return out;
}

Result<void> move_all(data::Transaction& transaction, std::int64_t from, std::int64_t to) {
    TRY(transaction.run("UPDATE desk_entries SET number = ?, origin = COALESCE(origin, ?) WHERE number = ?", to, from,
                        from));
    for (const std::string_view table : {"desk_evidence", "desk_attachments", "desk_messages", "desk_causes"})
        TRY(transaction.run(fmt::format("UPDATE {} SET number = ? WHERE number = ?", table), to, from));
    return {};
}

Result<void> move_entries(data::Transaction& transaction, std::int64_t from, std::int64_t to,
                          std::span<const std::int64_t> ids) {
    for (const std::int64_t id : ids) {
        TRY(transaction.run(
            "UPDATE desk_entries SET number = ?, origin = COALESCE(origin, ?) WHERE number = ? AND id = ?", to, from,
            from, id));
        TRY(transaction.run("UPDATE desk_attachments SET number = ? WHERE number = ? AND entry = ?", to, from, id));
    }
    return {};
}

Result<void> count_again(data::Transaction& transaction, Row& row) {
    for (std::int64_t& notes : row.notes)
        notes = 0;
    for (std::int64_t& files : row.files)
        files = 0;
    const auto count = [&](std::string_view sql, std::int64_t(&into)[3]) -> Result<void> {
        const data::Rows rows = TRY(transaction.run(sql, row.what.number));
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (const auto at = rows.integer(i, 0); at >= 0 && at < 3) into[at] = rows.integer(i, 1);
        return {};
    };
    TRY(count("SELECT visibility, COUNT(*) FROM desk_entries WHERE number = ? AND kind = 'note' GROUP BY visibility",
              row.notes));
    TRY(count("SELECT visibility, COUNT(*) FROM desk_attachments WHERE number = ? GROUP BY visibility", row.files));
    const data::Rows evidence_rows =
        TRY(transaction.run("SELECT COUNT(*) FROM desk_evidence WHERE number = ?", row.what.number));
    row.what.evidence = evidence_rows.integer(0, 0);
    const data::Rows watcher_rows =
        TRY(transaction.run("SELECT COUNT(*) FROM desk_watchers WHERE number = ?", row.what.number));
    row.what.watchers = watcher_rows.integer(0, 0);
    return {};
}

// ---- evidence and files

Result<void> add_evidence(data::Transaction& transaction, std::int64_t number, const Evidence& evidence) {
    TRY(transaction.run("INSERT INTO desk_evidence (id, number, body) VALUES (?, ?, ?)", evidence.id, number,
                        json_text(evidence)));
    return {};
}

Result<std::vector<Evidence>> evidence(data::Transaction& transaction, std::int64_t number) {
    const data::Rows rows = TRY(transaction.run("SELECT body FROM desk_evidence WHERE number = ? ORDER BY id", number));
    std::vector<Evidence> out;
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back(TRY(read<Evidence>(TRY(parse_json(rows.text(i, 0), "desk_evidence.body")))));
    return out;
}

Result<void> add_attachment(data::Transaction& transaction, std::int64_t number, std::int64_t entry,
                            const Attachment& file) {
    TRY(
        transaction.run("INSERT INTO desk_attachments (id, number, entry, visibility, name, media_type, size, sha256, "
                        "time, who) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        file.id, number, entry, static_cast<std::int64_t>(file.visibility), file.name, file.media_type,
                        file.size.octets, file.sha256, data::count_of(file.time), file.who));
    return {};
}

Result<std::vector<Attachment>> attachments(data::Transaction& transaction, std::int64_t number, Visibility up_to) {
    const data::Rows rows =
        TRY(transaction.run("SELECT id, name, media_type, size, sha256, time, who, visibility FROM desk_attachments "
                            "WHERE number = ? AND visibility <= ? ORDER BY id",
                            number, static_cast<std::int64_t>(up_to)));
    std::vector<Attachment> out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        RowReader in(rows, i);
        Attachment& file = out.emplace_back();
        file.id = in.number();
        file.name = in.text();
        file.media_type = in.text();
        file.size = {in.number()};
        file.sha256 = in.text();
        file.time = in.time();
        file.who = in.text();
        file.visibility = in.one_of<Visibility>();
    }
    return out;
}

Result<std::int64_t> attached_by(data::Transaction& transaction, std::string_view who, Time since) {
    const data::Rows rows =
        TRY(transaction.run("SELECT COALESCE(SUM(size), 0) FROM desk_attachments WHERE who = ? AND time >= ?",
                            std::string(who), data::count_of(since)));
    return rows.integer(0, 0);
}

Result<bool> is_attached(data::Transaction& transaction, std::string_view sha256) {
    const data::Rows rows =
        TRY(transaction.run("SELECT 1 FROM desk_attachments WHERE sha256 = ? LIMIT 1", std::string(sha256)));
    return !rows.empty();
}

// ---- watchers, causes, messages

Result<std::vector<Watcher>> watchers(data::Transaction& transaction, std::int64_t number) {
    const data::Rows rows = TRY(transaction.run(
        "SELECT watcher, language, since FROM desk_watchers WHERE number = ? ORDER BY since, watcher", number));
    std::vector<Watcher> out;
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back({rows.text(i, 0), rows.text(i, 1), data::time_at(rows, i, 2)});
    return out;
}

Result<bool> watch(data::Transaction& transaction, std::int64_t number, const Watcher& watcher) {
    const data::Rows rows =
        TRY(transaction.run("INSERT INTO desk_watchers (number, watcher, language, since) VALUES (?, ?, ?, ?) "
                            "ON CONFLICT DO NOTHING",
                            number, watcher.id, watcher.language, data::count_of(watcher.since)));
    return rows.affected() > 0;
}

Result<bool> unwatch(data::Transaction& transaction, std::int64_t number, std::string_view watcher) {
    const data::Rows rows = TRY(
        transaction.run("DELETE FROM desk_watchers WHERE number = ? AND watcher = ?", number, std::string(watcher)));
    return rows.affected() > 0;
}

Result<bool> is_watching(data::Transaction& transaction, std::int64_t number, std::string_view watcher) {
    return !TRY(
        transaction.run("SELECT 1 FROM desk_watchers WHERE number = ? AND watcher = ?", number, std::string(watcher)))
    .empty();
}

Result<std::optional<Cause>> cause(data::Transaction& transaction, std::string_view name) {
    const data::Rows rows =
        TRY(transaction.run("SELECT number, showing FROM desk_causes WHERE cause = ?", std::string(name)));
    if (rows.empty()) return std::optional<Cause>();
    return Cause{rows.integer(0, 0), rows.integer(0, 1) != 0};
}

Result<void> set_cause(data::Transaction& transaction, std::string_view name, const Cause& cause) {
    TRY(
        transaction.run("INSERT INTO desk_causes (cause, number, showing) VALUES (?, ?, ?) "
                        "ON CONFLICT (cause) DO UPDATE SET number = excluded.number, showing = excluded.showing",
                        std::string(name), cause.number, std::int64_t{cause.showing}));
    return {};
}

Result<std::int64_t> causes_showing(data::Transaction& transaction, std::int64_t number) {
    const data::Rows rows =
        TRY(transaction.run("SELECT COUNT(*) FROM desk_causes WHERE number = ? AND showing = 1", number));
    return rows.integer(0, 0);
}

Result<std::optional<std::int64_t>> case_of_message(data::Transaction& transaction, std::string_view message_id) {
    const data::Rows rows =
        TRY(transaction.run("SELECT number FROM desk_messages WHERE message = ?", std::string(message_id)));
    if (rows.empty()) return std::optional<std::int64_t>();
    return rows.integer(0, 0);
}

Result<void> remember_message(data::Transaction& transaction, std::int64_t number, std::string_view message_id,
                              Time time) {
    TRY(transaction.run("INSERT INTO desk_messages (message, number, time) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                        std::string(message_id), number, data::count_of(time)));
    return {};
}

Result<std::vector<std::string>> messages_of(data::Transaction& transaction, std::int64_t number) {
    const data::Rows rows =
        TRY(transaction.run("SELECT message FROM desk_messages WHERE number = ? ORDER BY time, message", number));
    std::vector<std::string> out;
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back(rows.text(i, 0));
    return out;
}

// ---- figures

Result<std::vector<Figure>> figures(data::Transaction& transaction, const Condition& condition) {
    const data::Rows rows = TRY(transaction.execute(
        fmt::format(
            "SELECT queue, state, opened, answer_done, solution_done, answer_late, solution_late, organisations "
            "FROM desk_cases WHERE {}",
            condition.sql.empty() ? "1 = 1" : condition.sql),
        condition.cells));
    std::vector<Figure> out;
    out.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        RowReader in(rows, i);
        Figure& figure = out.emplace_back();
        figure.queue = in.one_of<Queue>();
        figure.state = in.one_of<State>();
        figure.opened = in.time();
        figure.answered = in.optional_time();
        figure.solved = in.optional_time();
        figure.answer_late = in.number() != 0;
        figure.solution_late = in.number() != 0;
        figure.organisations = list_of(in.text());
    }
    return out;
}

Result<std::vector<QueueState>> queue_states(data::Transaction& transaction, const Condition& condition, Time now) {
    std::vector<data::Cell> cells{data::count_of(now)};
    cells.insert(cells.end(), condition.cells.begin(), condition.cells.end());
    const data::Rows rows = TRY(transaction.execute(
        fmt::format("SELECT queue, COUNT(*), SUM(CASE WHEN answer_done IS NULL THEN 1 ELSE 0 END), "
                    "SUM(CASE WHEN due < ? THEN 1 ELSE 0 END), SUM(CASE WHEN owner = '' THEN 1 ELSE 0 END), "
                    "SUM(CASE WHEN state = {} THEN 1 ELSE 0 END) FROM desk_cases WHERE is_open = 1 AND {} "
                    "GROUP BY queue ORDER BY queue",
                    static_cast<int>(State::waiting), condition.sql.empty() ? "1 = 1" : condition.sql),
        cells));
    std::vector<QueueState> out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        RowReader in(rows, i);
        QueueState& state = out.emplace_back();
        state.queue = in.one_of<Queue>();
        state.open = in.number();
        state.unanswered = in.number();
        state.late = in.number();
        state.unowned = in.number();
        state.waiting = in.number();
    }
    return out;
}

}  // namespace quipu::desk::store
