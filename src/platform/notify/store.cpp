#include "platform/notify/store.h"

#include <algorithm>

#include "data/instants.h"

namespace quipu::notify {
namespace {

std::string json_of(const Values& values) {
    Value out{Value::Object{}};
    for (const auto& [name, value] : values)
        out.set(name, value);
    return to_json(out);
}
Values values_of(const std::string& json) {
    Values out;
    const auto value = parse_json(json);
    if (!value || value->if_object() == nullptr) return out;
    for (const auto& [name, each] : *value->if_object())
        if (each.if_string() != nullptr) out.emplace(name, *each.if_string());
    return out;
}
std::string json_of(const std::vector<std::string>& list) {
    Value out{Value::Array{}};
    for (const std::string& each : list)
        out.push(each);
    return to_json(out);
}
std::vector<std::string> list_of(const std::string& json) {
    std::vector<std::string> out;
    const auto value = parse_json(json);
    if (!value || value->if_array() == nullptr) return out;
    for (const Value& each : *value->if_array())
        if (each.if_string() != nullptr) out.push_back(*each.if_string());
    return out;
}

constexpr std::string_view kNoticeColumns =
    "n.id, n.time_ns, n.topic, n.about, n.severity, n.text_name, n.filled, n.refs";

Kept kept_at(const data::Rows& rows, std::size_t row) {
    Kept out;
    out.id = rows.integer(row, 0);
    out.time = data::time_at(rows, row, 1);
    out.topic = rows.text(row, 2);
    out.about = rows.text(row, 3);
    out.severity = enum_value<Severity>(rows.text(row, 4)).value_or(Severity::info);
    out.text = rows.text(row, 5);
    out.values = values_of(rows.text(row, 6));
    out.references = list_of(rows.text(row, 7));
    return out;
}

Result<Rule> rule_at(const data::Rows& rows, std::size_t row) {
    Rule rule = TRY(read<Rule>(TRY(parse_json(rows.text(row, 3))), "rule"));
    rule.id = rows.integer(row, 0);
    rule.owner = rows.text(row, 1);
    rule.version = rows.integer(row, 2);
    return rule;
}

/// Without what stands in columns of its own.
std::string body_of(Rule rule) {
    rule.id = 0;
    rule.owner.clear();
    rule.version = 0;
    return json_text(rule);
}

std::unexpected<Error> changed_meanwhile() {
    return fail(ErrorCode::precondition_failed, "the rule has changed since it was read", {}, "read it again");
}

}  // namespace

const std::vector<data::Migration> kNotifyMigrations = {
    {"notify.001.notices",
     "CREATE TABLE notify_rules (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    owner TEXT NOT NULL,\n"
     "    version BIGINT NOT NULL,\n"
     "    body TEXT NOT NULL\n"
     ");\n"
     "CREATE TABLE notify_notices (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    notice_key TEXT UNIQUE,\n"
     "    time_ns BIGINT NOT NULL,\n"
     "    topic TEXT NOT NULL,\n"
     "    about TEXT NOT NULL,\n"
     "    severity TEXT NOT NULL,\n"
     "    text_name TEXT NOT NULL,\n"
     "    filled TEXT NOT NULL,\n"
     "    refs TEXT NOT NULL\n"
     ");\n"
     "CREATE TABLE notify_shown (\n"
     "    recipient TEXT NOT NULL,\n"
     "    notice BIGINT NOT NULL,\n"
     "    read_ns BIGINT,\n"
     "    PRIMARY KEY (recipient, notice)\n"
     ");\n"
     "CREATE TABLE notify_messages (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    recipient TEXT NOT NULL,\n"
     "    channel TEXT NOT NULL,\n"
     "    url TEXT NOT NULL,\n"
     "    rule BIGINT NOT NULL,\n"
     "    gathered_by TEXT NOT NULL,\n"
     "    state TEXT NOT NULL,\n"
     "    due_ns BIGINT NOT NULL,\n"
     "    created_ns BIGINT NOT NULL,\n"
     "    sent_ns BIGINT NOT NULL,\n"
     "    attempts BIGINT NOT NULL,\n"
     "    answer TEXT NOT NULL,\n"
     "    name TEXT NOT NULL,\n"
     "    address TEXT NOT NULL,\n"
     "    language TEXT NOT NULL\n"
     ");\n"
     "CREATE INDEX notify_messages_due ON notify_messages (state, due_ns);\n"
     "CREATE INDEX notify_messages_group ON notify_messages (recipient, channel, gathered_by);\n"
     "CREATE TABLE notify_items (\n"
     "    message BIGINT NOT NULL,\n"
     "    notice BIGINT NOT NULL,\n"
     "    PRIMARY KEY (message, notice)\n"
     ");\n"},
};

Result<std::vector<Rule>> Store::rules() const {
    const auto rows = TRY(database_.query("SELECT id, owner, version, body FROM notify_rules ORDER BY id"));
    std::vector<Rule> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back(TRY(rule_at(rows, row)));
    return out;
}

Result<std::optional<Rule>> Store::rule(std::int64_t id) const {
    const auto rows = TRY(database_.query("SELECT id, owner, version, body FROM notify_rules WHERE id = ?", id));
    if (rows.empty()) return std::nullopt;
    return TRY(rule_at(rows, 0));
}

Result<std::int64_t> Store::add_rule(Rule rule) {
    std::int64_t id = 0;
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        id = TRY(transaction.run("SELECT COALESCE(MAX(id), 0) FROM notify_rules"))
        .integer(0, 0) + 1;
        TRY(transaction.run("INSERT INTO notify_rules (id, owner, version, body) VALUES (?, ?, 1, ?)", id, rule.owner,
                            body_of(rule)));
        return {};
    }));
    return id;
}

Result<void> Store::put_rule(const Rule& rule, std::int64_t version) {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        const auto done = TRY(transaction.run(
            "UPDATE notify_rules SET owner = ?, body = ?, version = version + 1 WHERE id = ? AND version = ?",
            rule.owner, body_of(rule), rule.id, version));
        if (done.affected() == 0) return changed_meanwhile();
        return {};
    });
}

Result<void> Store::remove_rule(std::int64_t id, std::int64_t version) {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        const auto done = TRY(transaction.run("DELETE FROM notify_rules WHERE id = ? AND version = ?", id, version));
        if (done.affected() == 0) return changed_meanwhile();
        return {};
    });
}

Result<std::optional<std::int64_t>> Store::keep(data::Transaction& transaction, const Notice& notice, Time now) {
    if (!notice.key.empty() &&
        !TRY(transaction.run("SELECT 1 FROM notify_notices WHERE notice_key = ?", notice.key)).empty())
        return std::nullopt;
    const std::int64_t id = TRY(transaction.run("SELECT COALESCE(MAX(id), 0) FROM notify_notices"))
    .integer(0, 0) + 1;
    TRY(transaction.run(
        "INSERT INTO notify_notices (id, notice_key, time_ns, topic, about, severity, text_name, filled, refs) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id, notice.key.empty() ? data::Cell() : data::Cell(notice.key), data::count_of(now), notice.topic, notice.about,
        std::string(enum_name(notice.severity)), notice.text, json_of(notice.values), json_of(notice.references)));
    return id;
}

Result<void> Store::show(data::Transaction& transaction, std::string_view recipient, std::int64_t notice) {
    TRY(
        transaction.run("INSERT INTO notify_shown (recipient, notice, read_ns) VALUES (?, ?, NULL) ON CONFLICT "
                        "(recipient, notice) DO NOTHING",
                        std::string(recipient), notice));
    return {};
}

Result<void> Store::gather(data::Transaction& transaction, const Delivery& delivery, std::int64_t notice, Time now,
                           Nanoseconds calm) {
    const std::string channel(enum_name(delivery.channel));
    const auto before =
        TRY(transaction.run("SELECT id, state, sent_ns FROM notify_messages WHERE recipient = ? AND channel = ? AND "
                            "gathered_by = ? AND url = ? ORDER BY id DESC LIMIT 1",
                            delivery.recipient.id, channel, delivery.group, delivery.url));
    std::int64_t id = 0;
    // A webhook whose first try failed is on its way: what comes now is another message.
    const bool joins = !before.empty() && before.text(0, 1) == "gathering" &&
                       TRY(transaction.run("SELECT attempts FROM notify_messages WHERE id = ?", before.integer(0, 0)))
    .integer(0, 0) == 0;
    if (joins) {
        id = before.integer(0, 0);
    } else {
        Time due = delivery.due;
        if (!before.empty()) due = std::max(due, data::time_at(before, 0, 2) + calm);
        id = TRY(transaction.run("SELECT COALESCE(MAX(id), 0) FROM notify_messages"))
        .integer(0, 0) + 1;
        TRY(
            transaction.run("INSERT INTO notify_messages (id, recipient, channel, url, rule, gathered_by, state, "
                            "due_ns, created_ns, sent_ns, "
                            "attempts, answer, name, address, language) VALUES (?, ?, ?, ?, ?, ?, 'gathering', ?, ?, "
                            "0, 0, '', ?, ?, ?)",
                            id, delivery.recipient.id, channel, delivery.url, delivery.rule, delivery.group,
                            data::count_of(due), data::count_of(now), delivery.recipient.mailbox.name,
                            delivery.recipient.mailbox.address, std::string(enum_name(delivery.recipient.language))));
    }
    TRY(transaction.run(
        "INSERT INTO notify_items (message, notice) VALUES (?, ?) ON CONFLICT (message, notice) DO NOTHING", id,
        notice));
    return {};
}

Result<std::vector<Message>> Store::due(Time now, std::size_t most) const {
    const auto rows = TRY(database_.query(
        "SELECT id, recipient, channel, url, rule, gathered_by, attempts, created_ns, name, address, language "
        "FROM notify_messages WHERE state = 'gathering' AND due_ns <= ? ORDER BY due_ns, id LIMIT ?",
        data::count_of(now), static_cast<std::int64_t>(most)));
    std::vector<Message> out;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        Message message;
        message.id = rows.integer(row, 0);
        message.recipient.id = rows.text(row, 1);
        message.channel = enum_value<Channel>(rows.text(row, 2)).value_or(Channel::mail);
        message.url = rows.text(row, 3);
        message.rule = rows.integer(row, 4);
        message.digest = rows.text(row, 5).starts_with("digest/");
        message.attempts = rows.integer(row, 6);
        message.created = data::time_at(rows, row, 7);
        message.recipient.mailbox = {rows.text(row, 8), rows.text(row, 9)};
        message.recipient.language = enum_value<mail::Language>(rows.text(row, 10)).value_or(mail::Language::en);
        out.push_back(std::move(message));
    }
    return out;
}

Result<std::vector<Kept>> Store::items_of(data::Transaction& transaction, std::int64_t message) const {
    const auto rows = TRY(transaction.run(
        "SELECT " + std::string(kNoticeColumns) +
            " FROM notify_items i JOIN notify_notices n ON n.id = i.notice WHERE i.message = ? ORDER BY n.id",
        message));
    std::vector<Kept> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back(kept_at(rows, row));
    return out;
}

Result<void> Store::settle(data::Transaction& transaction, std::int64_t message, MessageState state, Time now,
                           std::string_view answer) {
    static constexpr std::string_view kNames[] = {"gathering", "sent", "failed"};
    TRY(transaction.run(
        "UPDATE notify_messages SET state = ?, sent_ns = ?, attempts = attempts + 1, answer = ? WHERE id = ?",
        std::string(kNames[static_cast<std::size_t>(state)]), data::count_of(now), std::string(answer.substr(0, 500)),
        message));
    return {};
}

Result<void> Store::postpone(std::int64_t message, Time next, std::string_view answer) {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(transaction.run("UPDATE notify_messages SET due_ns = ?, attempts = attempts + 1, answer = ? WHERE id = ?",
                            data::count_of(next), std::string(answer.substr(0, 500)), message));
        return {};
    });
}

Result<std::vector<Store::ShownNotice>> Store::shown(const ShownQuery& query) const {
    const bool upwards = query.after.has_value();
    const auto rows = TRY(database_.query("SELECT " + std::string(kNoticeColumns) +
                                              ", s.read_ns FROM notify_shown s JOIN notify_notices n ON n.id = "
                                              "s.notice WHERE s.recipient = ? AND (? = 0 OR n.id < ?) AND "
                                              "n.id > ? AND (? = 0 OR s.read_ns IS NULL) ORDER BY n.id " +
                                              (upwards ? "ASC" : "DESC") + " LIMIT ?",
                                          query.recipient, query.before, query.before, query.after.value_or(0),
                                          std::int64_t{query.unread}, static_cast<std::int64_t>(query.limit)));
    std::vector<ShownNotice> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({kept_at(rows, row), !rows.is_null(row, 8)});
    return out;
}

Result<std::int64_t> Store::unread(std::string_view recipient) const {
    return TRY(database_.query("SELECT COUNT(*) FROM notify_shown WHERE recipient = ? AND read_ns IS NULL",
                               std::string(recipient)))
    .integer(0, 0);
}

Result<std::int64_t> Store::mark_read(std::string_view recipient, const std::vector<std::int64_t>& ids,
                                      std::int64_t up_to, Time now) {
    std::int64_t count = 0;
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        count = 0;
        if (up_to > 0)
            count += TRY(transaction.run(
                "UPDATE notify_shown SET read_ns = ? WHERE recipient = ? AND notice <= ? AND read_ns IS NULL",
                data::count_of(now), std::string(recipient), up_to))
        .affected();
        for (const std::int64_t id : ids)
            count += TRY(transaction.run(
                "UPDATE notify_shown SET read_ns = ? WHERE recipient = ? AND notice = ? AND read_ns IS NULL",
                data::count_of(now), std::string(recipient), id))
        .affected();
        return {};
    }));
    return count;
}

Result<std::int64_t> Store::newest() const {
    return TRY(database_.query("SELECT COALESCE(MAX(id), 0) FROM notify_notices"))
    .integer(0, 0);
}

Result<void> Store::forget(Time before) {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(
            transaction.run("DELETE FROM notify_items WHERE message IN (SELECT id FROM notify_messages WHERE state <> "
                            "'gathering' AND sent_ns < ?)",
                            data::count_of(before)));
        TRY(
            transaction.run("DELETE FROM notify_messages WHERE state <> 'gathering' AND sent_ns < ? AND id < (SELECT "
                            "MAX(id) FROM notify_messages)",
                            data::count_of(before)));
        constexpr std::string_view kOld =
            "(SELECT id FROM notify_notices WHERE time_ns < ? AND id < (SELECT MAX(id) FROM notify_notices) AND NOT "
            "EXISTS "
            "(SELECT 1 FROM notify_items WHERE notice = notify_notices.id))";
        TRY(transaction.run("DELETE FROM notify_shown WHERE notice IN " + std::string(kOld), data::count_of(before)));
        TRY(transaction.run("DELETE FROM notify_notices WHERE id IN " + std::string(kOld), data::count_of(before)));
        return {};
    });
}

}  // namespace quipu::notify
