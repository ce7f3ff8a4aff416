#include "data/journal.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "base/log.h"
#include "data/instants.h"

namespace quipu::data {
namespace {

using namespace std::chrono_literals;

// How long an event that another program appended to the same database may stay unseen. Our own are seen at once.
constexpr auto kLookEvery = 1s;
constexpr auto kFirstPause = 100ms;
constexpr auto kLongestPause = 30s;
constexpr std::size_t kBatch = 256;

constexpr LogEvent kDeliveryFailed{
    LogLevel::warning, "JOURNAL_DELIVERY_FAILED",
    "A subscriber of the journal did not take an event; it is offered again after a pause.",
    "See the error; events behind this one wait."};
constexpr LogEvent kReadFailed{LogLevel::warning, "JOURNAL_READ_FAILED",
                               "The journal could not be read; it is tried again after a pause.",
                               "See the error; check the database."};

Result<Event> event_of(const Rows& rows, std::size_t row) {
    Event event;
    event.id = rows.integer(row, 0);
    event.time = time_of(rows.integer(row, 1));
    event.type = rows.text(row, 2);
    event.subject = rows.text(row, 3);
    event.actor = rows.text(row, 4);
    event.body = TRY(parse_json(rows.text(row, 5), "event " + std::to_string(event.id)));
    return event;
}

Result<std::vector<Event>> read_events(Database& database, const EventFilter& filter) {
    std::string sql = "SELECT id, time, type, subject, actor, body FROM journal_events WHERE id > ?";
    std::vector<Cell> cells = {filter.after};
    const auto and_where = [&](std::string_view condition, Cell cell) {
        sql.append(" AND ").append(condition);
        cells.push_back(std::move(cell));
    };
    if (filter.before > 0) and_where("id < ?", filter.before);
    if (filter.since) and_where("time >= ?", count_of(*filter.since));
    if (filter.until) and_where("time < ?", count_of(*filter.until));
    if (!filter.type.empty()) and_where("type = ?", filter.type);
    if (!filter.subject.empty()) and_where("subject = ?", filter.subject);
    const auto and_type = [&](std::string_view condition, const std::vector<std::string>& types) {
        if (types.empty()) return;
        sql.append(" AND type ").append(condition).append(" (");
        for (std::size_t i = 0; i < types.size(); ++i) {
            sql += i == 0 ? "?" : ", ?";
            cells.emplace_back(types[i]);
        }
        sql += ')';
    };
    and_type("IN", filter.only_types);
    and_type("NOT IN", filter.without_types);
    sql += filter.newest_first ? " ORDER BY id DESC LIMIT ?" : " ORDER BY id LIMIT ?";
    cells.emplace_back(static_cast<std::int64_t>(filter.limit));

    std::vector<Event> events;
    TRY(database.read([&](Transaction& transaction) -> Result<void> {
        const Rows rows = TRY(transaction.execute(sql, cells));
        events.clear();
        events.reserve(rows.size());
        for (std::size_t row = 0; row < rows.size(); ++row)
            events.push_back(TRY(event_of(rows, row)));
        return {};
    }));
    return events;
}

Result<std::int64_t> last_id(Database& database) {
    return TRY(database.query("SELECT last FROM journal_counter"))
    .integer(0, 0);
}

}  // namespace

const std::vector<Migration> kJournalMigrations = {
    {"journal.001.events", R"(
CREATE TABLE journal_events (
    id BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    actor TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX journal_events_time ON journal_events (time);
CREATE INDEX journal_events_type ON journal_events (type, id);
CREATE INDEX journal_events_subject ON journal_events (subject, id);
CREATE TABLE journal_counter (last BIGINT NOT NULL);
INSERT INTO journal_counter (last) VALUES (0);
CREATE TABLE journal_subscriptions (
    name TEXT PRIMARY KEY,
    position BIGINT NOT NULL
);
)"},
};

/// A caller of on_append. Its lock is held while it is called, so that it is never called after it has gone.
struct Listener {
    std::recursive_mutex mutex;
    Journal::Wake wake;
};

/// What outlives single calls: who waits for events, and the thread that looks for those of other programs.
struct Journal::Impl {
    Impl(Database& d, const Clock& c) : database(d), clock(c) {}

    Database& database;
    const Clock& clock;

    std::mutex mutex;
    std::condition_variable changed;  // an event came, or stopping
    std::uint64_t changes = 0;        // rises with each wake
    bool stopping = false;
    std::vector<std::weak_ptr<Listener>> listeners;
    std::set<std::string> subscribed;
    std::thread watcher;
    std::int64_t seen = 0;  // the last event that everybody was woken for

    void wake_all() {
        std::vector<std::shared_ptr<Listener>> all;
        {
            const std::scoped_lock lock(mutex);
            ++changes;
            std::erase_if(listeners, [](const auto& listener) { return listener.expired(); });
            for (const auto& listener : listeners)
                if (auto alive = listener.lock()) all.push_back(std::move(alive));
        }
        changed.notify_all();
        for (const auto& listener : all) {
            const std::scoped_lock lock(listener->mutex);
            if (listener->wake) listener->wake();
        }
    }

    /// Begins to look for what other programs append, when the first one listens.
    void watch() {
        const auto last = last_id(database);
        const std::scoped_lock lock(mutex);
        if (watcher.joinable() || stopping) return;
        if (last) seen = *last;
        watcher = std::thread([this] { look(); });
    }

    void look() {
        std::unique_lock lock(mutex);
        while (!stopping) {
            changed.wait_for(lock, kLookEvery, [&] { return stopping; });
            if (stopping) return;
            lock.unlock();
            const auto last = last_id(database);
            lock.lock();
            if (!last || *last <= seen) continue;
            seen = *last;
            lock.unlock();
            wake_all();
            lock.lock();
        }
    }

    void stop() {
        {
            const std::scoped_lock lock(mutex);
            stopping = true;
        }
        changed.notify_all();
        if (watcher.joinable()) watcher.join();
    }
};

namespace {

class Follower final : public Journal::Subscription {
  public:
    using Deliver = std::function<Result<void>(const Event&)>;

    template <class Impl>
    Follower(const std::shared_ptr<Impl>& impl, std::string name, std::int64_t position, Deliver deliver)
        : name_(std::move(name)), position_(position), deliver_(std::move(deliver)) {
        thread_ = std::thread([this, impl] { run(*impl); });
        leave_ = [this, impl] {
            {
                const std::scoped_lock lock(impl->mutex);
                stopping_ = true;
            }
            impl->changed.notify_all();
            thread_.join();
            const std::scoped_lock lock(impl->mutex);
            impl->subscribed.erase(name_);
        };
    }
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;
    ~Follower() override { leave_(); }

    [[nodiscard]] std::int64_t position() const override { return position_; }

  private:
    template <class Impl>
    void run(Impl& impl) {
        auto pause = kFirstPause;
        std::unique_lock lock(impl.mutex);
        while (!stopping_) {
            const std::uint64_t changes = impl.changes;
            lock.unlock();
            const Result<std::size_t> delivered = deliver_batch(impl.database);
            lock.lock();
            if (!delivered) {
                impl.changed.wait_for(lock, pause, [&] { return stopping_.load(); });
                pause = std::min<std::chrono::milliseconds>(pause * 2, kLongestPause);
                continue;
            }
            pause = kFirstPause;
            if (*delivered == 0) impl.changed.wait(lock, [&] { return stopping_ || impl.changes != changes; });
        }
    }

    Result<std::size_t> deliver_batch(Database& database) {
        EventFilter filter;
        filter.after = position_;
        filter.limit = kBatch;
        const auto events = read_events(database, filter);
        if (!events) {
            log(kReadFailed, {{"subscription", name_}, {"error", events.error().text()}});
            return std::unexpected(events.error());
        }
        for (const Event& event : *events) {
            if (stopping_) break;
            auto taken = deliver_(event);
            if (taken) taken = keep(database, event.id);
            if (!taken) {
                log(kDeliveryFailed, {{"subscription", name_}, {"event", event.id}, {"error", taken.error().text()}});
                return std::unexpected(taken.error());
            }
        }
        return events->size();
    }

    Result<void> keep(Database& database, std::int64_t id) {
        TRY(database.write([&](Transaction& transaction) -> Result<void> {
            TRY(transaction.run("UPDATE journal_subscriptions SET position = ? WHERE name = ?", id, name_));
            return {};
        }));
        position_ = id;
        return {};
    }

    std::string name_;
    std::atomic<std::int64_t> position_;
    Deliver deliver_;
    std::atomic<bool> stopping_ = false;
    std::function<void()> leave_;
    std::thread thread_;
};

}  // namespace

Journal::Journal(Database& database, const Clock& clock)
    : database_(database), impl_(std::make_shared<Impl>(database, clock)) {}

Journal::~Journal() {
    impl_->stop();
}

Result<void> Journal::append(Transaction& transaction, std::string_view type, std::string_view subject,
                             std::string_view actor, std::string body_json) {
    // The counter's row is locked until the commit, so the numbers have no gaps and rise in the order of the commits.
    const Rows numbered = TRY(transaction.run("UPDATE journal_counter SET last = last + 1 RETURNING last"));
    TRY(transaction.run("INSERT INTO journal_events (id, time, type, subject, actor, body) VALUES (?, ?, ?, ?, ?, ?)",
                        numbered.integer(0, 0), count_of(impl_->clock.now()), std::string(type), std::string(subject),
                        std::string(actor), std::move(body_json)));
    transaction.on_commit([impl = impl_] { impl->wake_all(); });
    return {};
}

Result<std::vector<Event>> Journal::events(const EventFilter& filter) const {
    return read_events(database_, filter);
}

Result<std::unique_ptr<Journal::Subscription>> Journal::subscribe(std::string name, bool from_start,
                                                                  std::function<Result<void>(const Event&)> deliver) {
    {
        const std::scoped_lock lock(impl_->mutex);
        if (!impl_->subscribed.insert(name).second)
            return fail(ErrorCode::conflict, "there is a subscription of this name already", name);
    }
    std::int64_t position = 0;
    const auto begun = database_.write([&](Transaction& transaction) -> Result<void> {
        const Rows known = TRY(transaction.run("SELECT position FROM journal_subscriptions WHERE name = ?", name));
        if (!known.empty()) {
            position = known.integer(0, 0);
            return {};
        }
        position = from_start ? 0 : TRY(transaction.run("SELECT last FROM journal_counter"))
        .integer(0, 0);
        TRY(transaction.run("INSERT INTO journal_subscriptions (name, position) VALUES (?, ?)", name, position));
        return {};
    });
    if (!begun) {
        const std::scoped_lock lock(impl_->mutex);
        impl_->subscribed.erase(name);
        return std::unexpected(begun.error());
    }
    impl_->watch();
    return std::make_unique<Follower>(impl_, std::move(name), position, std::move(deliver));
}

std::shared_ptr<void> Journal::on_append(Wake wake) {
    auto listener = std::make_shared<Listener>();
    listener->wake = std::move(wake);
    {
        const std::scoped_lock lock(impl_->mutex);
        impl_->listeners.emplace_back(listener);
    }
    impl_->watch();
    // The handle's end waits for a call that is under way.
    return {listener.get(), [listener](void*) {
                const std::scoped_lock lock(listener->mutex);
                listener->wake = nullptr;
            }};
}

}  // namespace quipu::data
