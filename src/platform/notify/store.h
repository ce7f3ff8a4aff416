#pragma once
// Rules, notices, messages that gather, and what each has read, in SQL.

#include <optional>
#include <string>
#include <vector>

#include "data/database.h"
#include "platform/notify/engine_plan.h"

namespace quipu::notify {

/// A notice as it is kept.
struct Kept {
    std::int64_t id = 0;
    Time time{};
    std::string topic, about, text;
    Severity severity = Severity::info;
    Values values;
    std::vector<std::string> references;
};

/// A message that is due: one notice or several.
struct Message {
    std::int64_t id = 0;
    Recipient recipient;
    Channel channel = Channel::mail;
    std::string url;
    std::int64_t rule = 0;
    bool digest = false;
    std::int64_t attempts = 0;
    Time created{};
};

class Store {
  public:
    explicit Store(data::Database& database) : database_(database) {}

    // ---- rules

    [[nodiscard]] Result<std::vector<Rule>> rules() const;
    [[nodiscard]] Result<std::optional<Rule>> rule(std::int64_t id) const;
    /// Answers its number.
    [[nodiscard]] Result<std::int64_t> add_rule(Rule rule);
    /// `precondition_failed` when it is not this version any more.
    [[nodiscard]] Result<void> put_rule(const Rule& rule, std::int64_t version);
    [[nodiscard]] Result<void> remove_rule(std::int64_t id, std::int64_t version);

    // ---- notices

    /// Its number; nothing when one of this key was kept before.
    [[nodiscard]] Result<std::optional<std::int64_t>> keep(data::Transaction& transaction, const Notice& notice,
                                                           Time now);
    [[nodiscard]] Result<void> show(data::Transaction& transaction, std::string_view recipient, std::int64_t notice);
    /// Joins the message that gathers for this group, or begins one, not sooner than `calm` after the last.
    [[nodiscard]] Result<void> gather(data::Transaction& transaction, const Delivery& delivery, std::int64_t notice,
                                      Time now, Nanoseconds calm);

    // ---- messages

    [[nodiscard]] Result<std::vector<Message>> due(Time now, std::size_t most) const;
    [[nodiscard]] Result<std::vector<Kept>> items_of(data::Transaction& transaction, std::int64_t message) const;
    enum class MessageState : std::uint8_t { gathering, sent, failed };
    [[nodiscard]] Result<void> settle(data::Transaction& transaction, std::int64_t message, MessageState state,
                                      Time now, std::string_view answer);
    /// A webhook that did not answer well: once more at `next`.
    [[nodiscard]] Result<void> postpone(std::int64_t message, Time next, std::string_view answer);

    // ---- what somebody sees in the portal

    /// Newest first below `before` (0: all), or oldest first above `after`.
    struct ShownQuery {
        std::string recipient;
        std::int64_t before = 0;
        std::optional<std::int64_t> after;
        bool unread = false;
        std::size_t limit = 100;
    };
    struct ShownNotice {
        Kept notice;
        bool read = false;
    };
    [[nodiscard]] Result<std::vector<ShownNotice>> shown(const ShownQuery& query) const;
    [[nodiscard]] Result<std::int64_t> unread(std::string_view recipient) const;
    [[nodiscard]] Result<std::int64_t> mark_read(std::string_view recipient, const std::vector<std::int64_t>& ids,
                                                 std::int64_t up_to, Time now);
    [[nodiscard]] Result<std::int64_t> newest() const;
    [[nodiscard]] Result<void> forget(Time before);

  private:
    data::Database& database_;
};

extern const std::vector<data::Migration> kNotifyMigrations;

}  // namespace quipu::notify
