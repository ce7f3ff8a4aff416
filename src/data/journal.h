#pragma once
// The journal: what happened, in order. Events are appended in the same transaction as the change that they tell of
// (the outbox), numbered without gaps in the order of commit, and read by durable subscriptions that resume where they
// stopped.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/result.h"
#include "base/time.h"
#include "base/value.h"
#include "data/database.h"

namespace quipu::data {

/// One thing that happened. `type` is the event struct's name (src/events), `subject` the object it is about
/// ("pair:santiago/panama", "link:santiago-panama"), `body` the struct itself.
struct Event {
    std::int64_t id = 0;
    Time time{};
    std::string type;
    std::string subject;
    std::string actor;  ///< who: "system", "agent:santiago", a person's id
    Value body;

    static constexpr auto describe() {
        return fields(field<&Event::id>("id", "Position in the journal").read_only().required(),
                      field<&Event::time>("time", "When it happened").required(),
                      field<&Event::type>("type", "What happened: the event's name").required(),
                      field<&Event::subject>("subject", "The object it is about, KIND:ID").required(),
                      field<&Event::actor>("actor", "Who did it").required(),
                      field<&Event::body>("body", "The event's own fields").required());
    }
};

struct EventFilter {
    std::int64_t after = 0;   ///< only ids above
    std::int64_t before = 0;  ///< only ids below; 0: no bound
    std::optional<Time> since;
    std::optional<Time> until;
    std::string type = {};
    std::string subject = {};
    std::vector<std::string> only_types = {};     ///< one of these; no bound when empty
    std::vector<std::string> without_types = {};  ///< none of these
    std::size_t limit = 100;
    bool newest_first = false;
};

class Journal {
  public:
    /// Its tables are made by kJournalMigrations. `clock` outlives the journal.
    Journal(Database& database, const Clock& clock);
    ~Journal();

    /// Appends inside the caller's transaction. E is a described struct of src/events with `static constexpr
    /// std::string_view kType`.
    template <Described E>
    [[nodiscard]] Result<void> append(Transaction& transaction, std::string_view subject, const E& event,
                                      std::string_view actor = "system") {
        return append(transaction, E::kType, subject, actor, json_text(event));
    }
    [[nodiscard]] Result<void> append(Transaction& transaction, std::string_view type, std::string_view subject,
                                      std::string_view actor, std::string body_json);
    /// In a transaction of its own.
    template <Described E>
    [[nodiscard]] Result<void> append(std::string_view subject, const E& event, std::string_view actor = "system") {
        return database_.write([&](Transaction& t) { return append(t, subject, event, actor); });
    }

    [[nodiscard]] Result<std::vector<Event>> events(const EventFilter& filter) const;

    /// Delivers each event once in order to `deliver` from a thread of its own, from where the subscription named
    /// `name` stopped last (a new one starts at the end, or at the beginning if `from_start`). The position is kept
    /// after each successful delivery; an error is retried with back-off. Ends when the handle is destroyed, which
    /// waits for a delivery under way: never from within `deliver`. One subscription of a name at a time (`conflict`).
    class Subscription {
      public:
        virtual ~Subscription() = default;
        [[nodiscard]] virtual std::int64_t position() const = 0;
    };
    [[nodiscard]] Result<std::unique_ptr<Subscription>> subscribe(std::string name, bool from_start,
                                                                  std::function<Result<void>(const Event&)> deliver);
    /// Not durable: called (from the writer's thread, briefly) after each commit that appended; for SSE.
    using Wake = std::function<void()>;
    [[nodiscard]] std::shared_ptr<void> on_append(Wake wake);

  private:
    struct Impl;
    Database& database_;
    std::shared_ptr<Impl> impl_;
};

extern const std::vector<Migration> kJournalMigrations;

}  // namespace quipu::data
