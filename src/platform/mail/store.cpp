#include "platform/mail/store.h"

#include <map>

#include "data/instants.h"
#include "platform/mail/codec_smtp.h"

namespace quipu::mail {
namespace {

std::string text_of(RecipientState state) {
    return std::string(enum_name(state));
}
data::Blob blob_of(std::string_view text) {
    return {text.begin(), text.end()};
}
std::string text_of(const data::Blob& blob) {
    return {blob.begin(), blob.end()};
}

constexpr std::string_view kEntryColumns =
    "l.id, l.purpose, l.about, l.subject, r.address, r.state, r.attempts, l.created_ns, r.next_ns, r.code, r.status, "
    "r.answer";

std::vector<QueueEntry> entries_of(const data::Rows& rows) {
    std::vector<QueueEntry> out;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        QueueEntry entry;
        entry.id = rows.integer(row, 0);
        entry.purpose = rows.text(row, 1);
        entry.about = rows.text(row, 2);
        entry.subject = rows.text(row, 3);
        entry.address = rows.text(row, 4);
        entry.state = enum_value<RecipientState>(rows.text(row, 5)).value_or(RecipientState::failed);
        entry.attempts = rows.integer(row, 6);
        entry.created = data::time_at(rows, row, 7);
        if (entry.state == RecipientState::queued) entry.next = data::time_at(rows, row, 8);
        entry.code = rows.integer(row, 9);
        entry.status = rows.text(row, 10);
        entry.answer = rows.text(row, 11);
        out.push_back(std::move(entry));
    }
    return out;
}

constexpr std::string_view kLetterColumns =
    "id, message_id, purpose, about, subject, secret, created_ns, expires_ns, message";

std::optional<StoredLetter> letter_of(const data::Rows& rows) {
    if (rows.empty()) return std::nullopt;
    StoredLetter out;
    out.id = rows.integer(0, 0);
    out.message_id = rows.text(0, 1);
    out.purpose = rows.text(0, 2);
    out.about = rows.text(0, 3);
    out.subject = rows.text(0, 4);
    out.secret = rows.integer(0, 5) != 0;
    out.created = data::time_at(rows, 0, 6);
    out.expires = data::time_at(rows, 0, 7);
    if (!rows.is_null(0, 8)) out.message = text_of(rows.blob(0, 8));
    return out;
}

/// Nobody waits for a secret letter any more: what it says goes.
Result<void> erase_if_secret(data::Transaction& transaction, std::int64_t letter) {
    TRY(transaction.run(
        "UPDATE mail_letters SET message = NULL WHERE id = ? AND secret = 1 AND NOT EXISTS (SELECT 1 FROM "
        "mail_recipients WHERE letter = ? AND state IN ('queued', 'sending'))",
        letter, letter));
    return {};
}

}  // namespace

const std::vector<data::Migration> kMailMigrations = {
    {"mail.001.queue",
     "CREATE TABLE mail_letters (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    message_id TEXT NOT NULL UNIQUE,\n"
     "    once_key TEXT UNIQUE,\n"
     "    purpose TEXT NOT NULL,\n"
     "    about TEXT NOT NULL,\n"
     "    subject TEXT NOT NULL,\n"
     "    secret BIGINT NOT NULL,\n"
     "    created_ns BIGINT NOT NULL,\n"
     "    expires_ns BIGINT NOT NULL,\n"
     "    message BLOB\n"
     ");\n"
     "CREATE TABLE mail_recipients (\n"
     "    letter BIGINT NOT NULL,\n"
     "    address TEXT NOT NULL,\n"
     "    state TEXT NOT NULL,\n"
     "    attempts BIGINT NOT NULL,\n"
     "    next_ns BIGINT NOT NULL,\n"
     "    claimed_by TEXT NOT NULL,\n"
     "    code BIGINT NOT NULL,\n"
     "    status TEXT NOT NULL,\n"
     "    answer TEXT NOT NULL,\n"
     "    changed_ns BIGINT NOT NULL,\n"
     "    PRIMARY KEY (letter, address)\n"
     ");\n"
     "CREATE INDEX mail_recipients_due ON mail_recipients (state, next_ns);\n"
     "CREATE TABLE mail_failing (\n"
     "    folded TEXT PRIMARY KEY,\n"
     "    address TEXT NOT NULL,\n"
     "    since_ns BIGINT NOT NULL,\n"
     "    status TEXT NOT NULL,\n"
     "    reason TEXT NOT NULL\n"
     ");\n"
     "CREATE TABLE mail_received (\n"
     "    message_id TEXT PRIMARY KEY,\n"
     "    taken_ns BIGINT NOT NULL,\n"
     "    outcome TEXT NOT NULL,\n"
     "    about TEXT NOT NULL,\n"
     "    sender TEXT NOT NULL\n"
     ");\n"
     "CREATE INDEX mail_received_sender ON mail_received (sender, taken_ns);\n"},
};

Result<std::optional<std::string>> Store::taken_once(data::Transaction& transaction, std::string_view once) {
    const auto rows = TRY(transaction.run("SELECT message_id FROM mail_letters WHERE once_key = ?", std::string(once)));
    if (rows.empty()) return std::nullopt;
    return rows.text(0, 0);
}

Result<std::int64_t> Store::add(data::Transaction& transaction, const NewLetter& letter) {
    const auto last = TRY(transaction.run("SELECT COALESCE(MAX(id), 0) FROM mail_letters"));
    const std::int64_t id = last.integer(0, 0) + 1;
    TRY(transaction.run(
        "INSERT INTO mail_letters (id, message_id, once_key, purpose, about, subject, secret, created_ns, expires_ns, "
        "message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id, letter.message_id, letter.once.empty() ? data::Cell() : data::Cell(letter.once), letter.purpose,
        letter.about, letter.secret ? std::string() : letter.subject, std::int64_t{letter.secret},
        data::count_of(letter.created), data::count_of(letter.expires), blob_of(letter.message)));
    for (const std::string& address : letter.recipients)
        TRY(transaction.run(
            "INSERT INTO mail_recipients (letter, address, state, attempts, next_ns, claimed_by, code, status, answer, "
            "changed_ns) VALUES (?, ?, 'queued', 0, ?, '', 0, '', '', ?) ON CONFLICT (letter, address) DO NOTHING",
            id, address, data::count_of(letter.created), data::count_of(letter.created)));
    return id;
}

Result<std::vector<DueLetter>> Store::claim(std::string_view claimer, std::size_t most) {
    std::vector<DueLetter> out;
    const std::int64_t now = data::count_of(clock_.now());
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        out.clear();
        const auto due = TRY(transaction.run(
            "SELECT letter, MIN(next_ns) FROM mail_recipients WHERE state = 'queued' AND next_ns <= ? GROUP BY letter "
            "ORDER BY MIN(next_ns), letter LIMIT ?",
            now, static_cast<std::int64_t>(most)));
        for (std::size_t row = 0; row < due.size(); ++row) {
            const std::int64_t id = due.integer(row, 0);
            const auto whole = TRY(transaction.run("SELECT message, expires_ns FROM mail_letters WHERE id = ?", id));
            const auto to = TRY(transaction.run(
                "UPDATE mail_recipients SET state = 'sending', claimed_by = ?, changed_ns = ? WHERE letter = ? AND "
                "state = 'queued' AND next_ns <= ? RETURNING address, attempts",
                std::string(claimer), now, id, now));
            if (whole.empty() || to.empty()) continue;
            DueLetter letter{.id = id,
                             .message = text_of(whole.blob(0, 0)),
                             .expires = data::time_at(whole, 0, 1),
                             .recipients = {}};
            for (std::size_t i = 0; i < to.size(); ++i)
                letter.recipients.push_back({to.text(i, 0), to.integer(i, 1)});
            out.push_back(std::move(letter));
        }
        return {};
    }));
    return out;
}

Result<std::int64_t> Store::release(std::string_view claimer) {
    std::int64_t count = 0;
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        count = TRY(
            transaction.run("UPDATE mail_recipients SET state = 'queued' WHERE state = 'sending' AND claimed_by = ?",
                            std::string(claimer)))
        .affected();
        return {};
    }));
    return count;
}

Result<void> Store::release(std::int64_t letter) {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(transaction.run("UPDATE mail_recipients SET state = 'queued' WHERE state = 'sending' AND letter = ?",
                            letter));
        return {};
    });
}

Result<void> Store::settle(data::Transaction& transaction, std::int64_t letter, std::span<const Settled> settled) {
    const std::int64_t now = data::count_of(clock_.now());
    for (const Settled& each : settled)
        TRY(
            transaction.run("UPDATE mail_recipients SET state = ?, attempts = attempts + 1, next_ns = ?, code = ?, "
                            "status = ?, answer = "
                            "?, changed_ns = ? WHERE letter = ? AND address = ? AND state = 'sending'",
                            text_of(each.step.state), data::count_of(each.step.next), std::int64_t{each.outcome.code},
                            each.outcome.status, each.outcome.text.substr(0, 500), now, letter, each.address));
    return erase_if_secret(transaction, letter);
}

Result<std::vector<Failure>> Store::expire(data::Transaction& transaction) {
    const std::int64_t now = data::count_of(clock_.now());
    const auto rows =
        TRY(transaction.run("SELECT l.id, r.address, l.subject, l.purpose, l.about, r.status, r.answer FROM "
                            "mail_recipients r JOIN mail_letters l "
                            "ON l.id = r.letter WHERE r.state = 'queued' AND l.expires_ns < ? LIMIT 100",
                            now));
    std::vector<Failure> out;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        TRY(transaction.run(
            "UPDATE mail_recipients SET state = 'expired', changed_ns = ? WHERE letter = ? AND address = ?", now,
            rows.integer(row, 0), rows.text(row, 1)));
        TRY(erase_if_secret(transaction, rows.integer(row, 0)));
        out.push_back({.to = {"", rows.text(row, 1)},
                       .status = rows.text(row, 5),
                       .reason = rows.text(row, 6),
                       .subject = rows.text(row, 2),
                       .purpose = rows.text(row, 3),
                       .about = rows.text(row, 4),
                       .letter = rows.integer(row, 0)});
    }
    return out;
}

Result<std::size_t> Store::due_letters(std::size_t most) const {
    const auto rows = TRY(
        database_.query("SELECT DISTINCT letter FROM mail_recipients WHERE state = 'queued' AND next_ns <= ? LIMIT ?",
                        data::count_of(clock_.now()), static_cast<std::int64_t>(most)));
    return rows.size();
}

Result<std::vector<QueueEntry>> Store::list(const QueueFilter& filter) const {
    const std::string state = filter.state ? text_of(*filter.state) : std::string();
    const auto rows = TRY(database_.query("SELECT " + std::string(kEntryColumns) +
                                              " FROM mail_recipients r JOIN mail_letters l ON l.id = r.letter WHERE (? "
                                              "= '' OR r.state = ?) AND (? = '' OR "
                                              "l.purpose = ?) AND (? = '' OR r.address = ?) AND (? = 0 OR l.id < ?) "
                                              "ORDER BY l.id DESC, r.address LIMIT ?",
                                          state, state, filter.purpose, filter.purpose, filter.address, filter.address,
                                          filter.before, filter.before, static_cast<std::int64_t>(filter.limit)));
    return entries_of(rows);
}

Result<std::vector<QueueEntry>> Store::recipients_of(std::int64_t letter) const {
    return entries_of(
        TRY(database_.query("SELECT " + std::string(kEntryColumns) +
                                " FROM mail_recipients r JOIN mail_letters l ON l.id = r.letter WHERE l.id = ? "
                                "ORDER BY r.address",
                            letter)));
}

Result<std::optional<StoredLetter>> Store::letter(std::int64_t id) const {
    return letter_of(
        TRY(database_.query("SELECT " + std::string(kLetterColumns) + " FROM mail_letters WHERE id = ?", id)));
}

Result<std::int64_t> Store::retry(std::int64_t letter) {
    std::int64_t count = 0;
    const Time now = clock_.now();
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(transaction.run("UPDATE mail_letters SET expires_ns = ? WHERE id = ? AND expires_ns < ?",
                            data::count_of(now + std::chrono::days(1)), letter,
                            data::count_of(now + std::chrono::days(1))));
        count = TRY(
            transaction.run("UPDATE mail_recipients SET state = 'queued', next_ns = ?, changed_ns = ? WHERE letter = ? "
                            "AND state IN ('queued', 'failed', 'expired', 'dropped') AND EXISTS (SELECT 1 FROM "
                            "mail_letters WHERE id = ? AND message IS NOT NULL)",
                            data::count_of(now), data::count_of(now), letter, letter))
        .affected();
        return {};
    }));
    return count;
}

Result<std::int64_t> Store::drop(std::int64_t letter) {
    std::int64_t count = 0;
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        count = TRY(transaction.run(
            "UPDATE mail_recipients SET state = 'dropped', changed_ns = ? WHERE letter = ? AND state = 'queued'",
            data::count_of(clock_.now()), letter))
        .affected();
        return erase_if_secret(transaction, letter);
    }));
    return count;
}

Result<std::int64_t> Store::count(RecipientState state) const {
    return TRY(database_.query("SELECT COUNT(*) FROM mail_recipients WHERE state = ?", text_of(state)))
    .integer(0, 0);
}

Result<void> Store::forget(Time before) {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        // The newest stays, so that its number is not given again.
        constexpr std::string_view kOld =
            "(SELECT id FROM mail_letters l WHERE created_ns < ? AND id < (SELECT MAX(id) FROM mail_letters) AND NOT "
            "EXISTS "
            "(SELECT 1 FROM mail_recipients r WHERE r.letter = l.id AND r.state IN ('queued', 'sending')))";
        TRY(transaction.run("DELETE FROM mail_recipients WHERE letter IN " + std::string(kOld),
                            data::count_of(before)));
        TRY(transaction.run("DELETE FROM mail_letters WHERE id IN " + std::string(kOld), data::count_of(before)));
        TRY(transaction.run("DELETE FROM mail_received WHERE taken_ns < ?", data::count_of(before)));
        return {};
    });
}

Result<bool> Store::mark_failing(data::Transaction& transaction, std::string_view address, std::string_view status,
                                 std::string_view reason) {
    const auto done = TRY(
        transaction.run("INSERT INTO mail_failing (folded, address, since_ns, status, reason) VALUES (?, ?, ?, ?, ?) "
                        "ON CONFLICT (folded) DO NOTHING",
                        folded_address(address), std::string(address), data::count_of(clock_.now()),
                        std::string(status), std::string(reason.substr(0, 500))));
    return done.affected() > 0;
}

Result<void> Store::clear_failing(data::Transaction& transaction, std::string_view address) {
    TRY(transaction.run("DELETE FROM mail_failing WHERE folded = ?", folded_address(address)));
    return {};
}

Result<bool> Store::is_failing(std::string_view address) const {
    return !TRY(database_.query("SELECT 1 FROM mail_failing WHERE folded = ?", folded_address(address)))
    .empty();
}

Result<std::vector<FailingAddress>> Store::failing() const {
    const auto rows =
        TRY(database_.query("SELECT address, since_ns, status, reason FROM mail_failing ORDER BY folded"));
    std::vector<FailingAddress> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({rows.text(row, 0), data::time_at(rows, row, 1), rows.text(row, 2), rows.text(row, 3)});
    return out;
}

Result<bool> Store::was_received(data::Transaction& transaction, std::string_view message_id) {
    return !TRY(transaction.run("SELECT 1 FROM mail_received WHERE message_id = ?", std::string(message_id)))
    .empty();
}

Result<void> Store::note_received(data::Transaction& transaction, std::string_view message_id, std::string_view outcome,
                                  std::string_view about, std::string_view sender) {
    TRY(transaction.run(
        "INSERT INTO mail_received (message_id, taken_ns, outcome, about, sender) VALUES (?, ?, ?, ?, ?)",
        std::string(message_id), data::count_of(clock_.now()), std::string(outcome), std::string(about),
        folded_address(sender)));
    return {};
}

Result<std::int64_t> Store::opened_by(std::string_view sender, Time since) const {
    return TRY(
        database_.query("SELECT COUNT(*) FROM mail_received WHERE sender = ? AND taken_ns > ? AND outcome = 'opened'",
                        folded_address(sender), data::count_of(since)))
    .integer(0, 0);
}

Result<std::string> Store::about_of(std::string_view message_id) const {
    const auto rows =
        TRY(database_.query("SELECT about FROM mail_letters WHERE message_id = ? UNION ALL SELECT about FROM "
                            "mail_received WHERE message_id = ?",
                            std::string(message_id), std::string(message_id)));
    return rows.empty() ? std::string() : rows.text(0, 0);
}

Result<std::optional<StoredLetter>> Store::sent_as(std::string_view message_id) const {
    return letter_of(TRY(database_.query(
        "SELECT " + std::string(kLetterColumns) + " FROM mail_letters WHERE message_id = ?", std::string(message_id))));
}

}  // namespace quipu::mail
