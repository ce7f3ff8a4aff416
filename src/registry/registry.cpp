#include "registry/registry.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <fmt/format.h>
#include <mutex>
#include <unordered_set>

#include "events/events.h"
#include "registry/faults.h"
#include "registry/picture_builder.h"
#include "registry/records.h"
#include "registry/relations.h"
#include "registry/resources.h"
#include "registry/rules.h"
#include "registry/store.h"

namespace quipu::registry {
namespace {

constexpr std::int64_t kRowsAtOnce = 10'000;
constexpr std::size_t kPastPictures = 32;

using Objects = std::vector<std::shared_ptr<const Object>>;

/// The changes with every id filled in, and their objects, read and canonical; a null object removes.
struct Wanted {
    ChangeSet set;
    Objects objects;
};

/// What is to be written, and what is answered.
struct Plan {
    std::vector<Difference> differences;
    std::vector<store::Row> rows;
    Objects objects;  ///< of the rows
};

/// The id that a change means: given beside the object, in it, or made from a resource's value.
std::string meant_id(const Change& change) {
    if (!change.id.empty()) return change.id;
    if (const Value* id = change.object.find("id"); id != nullptr && id->if_string() != nullptr)
        return *id->if_string();
    const Value* value = change.object.find("value");
    if (!is_resource(change.kind) || value == nullptr) return {};
    std::string text;
    if (const auto* string = value->if_string()) text = *string;
    if (const auto* number = value->if_integer()) text = fmt::to_string(*number);
    const auto canonical = canonical_value(change.kind, text);
    return canonical ? id_from(change.kind, *canonical) : std::string();
}

/// Reads each object by itself. Faulty objects stay in, so that others that refer to them are not called wrong as well.
Wanted read_changes(ChangeSet set, Faults& faults) {
    Wanted wanted;
    for (Change& change : set.changes) {
        change.id = meant_id(change);
        if (change.object.is_null()) {
            wanted.objects.emplace_back();
            continue;
        }
        if (change.object.if_object() != nullptr && change.object.find("id") == nullptr && !change.id.empty())
            change.object.set("id", Value(change.id));
        ReadContext context(set.source);
        Object object;
        const std::string path = faults.path_of(change);
        if (path.empty()) {
            object = read_kind(change.kind, change.object, context);
        } else {
            const ReadContext::Step step(context, path);
            object = read_kind(change.kind, change.object, context);
        }
        if (!context.ok()) faults.add(context.error());
        check_object(change.kind, object, [&](std::string_view field, std::string what) {
            // A field that could not be read at all has been reported; its default says nothing more.
            if (context.ok()) faults.add(ErrorCode::invalid, change, field, std::move(what));
        });
        if (!id_of(object).empty() && id_of(object) != change.id)
            faults.add(
                ErrorCode::invalid, change, "id",
                fmt::format("is \"{}\", but the change is to \"{}\": an id stays for good", id_of(object), change.id));
        set_id(object, change.id);
        wanted.objects.push_back(std::make_shared<const Object>(std::move(object)));
    }
    wanted.set = std::move(set);
    return wanted;
}

void check_duplicates(const ChangeSet& set, Faults& faults) {
    std::unordered_set<std::string> seen;
    for (const Change& change : set.changes)
        if (!change.id.empty() && !seen.insert(fmt::format("{}/{}", index_of(change.kind), change.id)).second)
            faults.add(ErrorCode::invalid, change, "id", fmt::format("\"{}\" appears twice", change.id));
}

void check_version(const Change& change, const Version* newest, Faults& faults) {
    const bool there = newest != nullptr && newest->object != nullptr;
    if (change.object.is_null() && !there)
        return faults.add(ErrorCode::not_found, change, {}, fmt::format("there is no \"{}\" to remove", change.id));
    if (!change.expected_version) return;
    const std::int64_t version = there ? newest->number : 0;
    if (version == *change.expected_version) return;
    if (*change.expected_version == 0)
        faults.add(ErrorCode::conflict, change, "id", fmt::format("\"{}\" is there already", change.id));
    else if (!there)
        faults.add(ErrorCode::not_found, change, {}, fmt::format("there is no \"{}\"", change.id));
    else
        faults.add(ErrorCode::precondition_failed, change, {},
                   fmt::format("was changed meanwhile: it is at version {}, not {}; read it again", version,
                               *change.expected_version));
}

/// Who follows, apart from the registry itself, so that a handle may outlive it.
class Followers {
  public:
    std::shared_ptr<void> add(const std::shared_ptr<Followers>& self, Registry::Follower follower) {
        const std::scoped_lock lock(mutex_);
        const std::uint64_t number = ++last_;
        list_.emplace_back(number, std::move(follower));
        // Waits for a call that is under way: when the handle is gone, so is the follower.
        return {nullptr, [self, number](void*) {
                    const std::scoped_lock inner(self->mutex_);
                    std::erase_if(self->list_, [&](const auto& f) { return f.first == number; });
                }};
    }

    void tell(const std::shared_ptr<const Picture>& picture) {
        const std::scoped_lock lock(mutex_);
        if (picture->revision() <= told_) return;
        told_ = picture->revision();
        const auto list = list_;
        for (const auto& [number, follower] : list)
            follower(picture);
    }

  private:
    std::recursive_mutex mutex_;  // a follower may let go of itself
    std::uint64_t last_ = 0;
    std::int64_t told_ = 0;
    std::vector<std::pair<std::uint64_t, Registry::Follower>> list_;
};

class SqlRegistry final : public Registry {
  public:
    SqlRegistry(data::Database& database, data::Journal& journal, const Clock& clock)
        : database_(database), journal_(journal), clock_(clock) {}

    Result<void> load() {
        TRY(database_.read([&](data::Transaction& t) -> Result<void> { return absorb_until(t, TRY(store::head(t))); }));
        const std::scoped_lock lock(mutex_);
        publish();
        return {};
    }

    std::shared_ptr<const Picture> now() const override {
        auto picture = now_.load();
        if (picture->day() == today()) return picture;
        const std::scoped_lock lock(mutex_);
        now_ = PictureBuilder::build(records_, seq_, today(), false);
        everything_ = PictureBuilder::build(records_, seq_, today(), true);
        return now_.load();
    }

    std::shared_ptr<const Picture> everything() const override { return everything_.load(); }

    Result<std::shared_ptr<const Picture>> as_of(Date day) const override {
        if (!day.ok()) return fail(ErrorCode::invalid, "is not a day of the calendar", "as_of");
        if (day == today()) return now();
        const std::scoped_lock lock(mutex_);
        for (auto at = past_.begin(); at != past_.end(); ++at) {
            if ((*at)->day() != day) continue;
            std::rotate(past_.begin(), at, at + 1);
            return past_.front();
        }
        past_.push_front(PictureBuilder::build(records_, seq_, day, false));
        if (past_.size() > kPastPictures) past_.pop_back();
        return past_.front();
    }

    Result<std::vector<Difference>> apply(const ChangeSet& set) override {
        Faults faults(set);
        if (set.effective && *set.effective > today())
            return fail(ErrorCode::invalid, fmt::format("{} is yet to come", format_date(*set.effective)), "effective",
                        "a change is recorded when it is true; what is to come stands in the object's own dates "
                        "(since, planned, activated)");
        const Wanted wanted = read_changes(set, faults);
        check_duplicates(wanted.set, faults);
        if (!faults.ok()) return std::unexpected(whole_error(wanted, faults));

        Plan made;
        if (set.dry_run) {
            TRY(refresh());
            {
                const std::scoped_lock lock(mutex_);
                made = TRY(plan(wanted));
            }
            if (set.permit) TRY(set.permit(made.differences, *everything()));
            return std::move(made.differences);
        }
        auto written = database_.write([&](data::Transaction& transaction) -> Result<void> {
            const std::int64_t head = TRY(store::lock_head(transaction));
            TRY(absorb_until(transaction, head));
            {
                const std::scoped_lock lock(mutex_);
                made = TRY(plan(wanted));
            }
            if (made.rows.empty()) return {};
            if (set.permit) TRY(set.permit(made.differences, *everything()));
            for (store::Row& row : made.rows)
                row.seq += head;
            TRY(store::insert(transaction, made.rows));
            TRY(store::set_head(transaction, made.rows.back().seq));
            return append_events(transaction, wanted.set, made);
        });
        if (!written) return std::unexpected(written.error());
        {
            const std::scoped_lock lock(mutex_);
            absorb(made.rows, made.objects);
            publish();
        }
        followers_->tell(now());
        return std::move(made.differences);
    }

    Result<std::vector<Revision>> history(Kind kind, std::string_view id) const override {
        std::vector<store::Row> rows;
        auto done = database_.read([&](data::Transaction& transaction) -> Result<void> {
            rows = TRY(store::rows_of(transaction, kind, id));
            return {};
        });
        if (!done) return std::unexpected(done.error());
        if (rows.empty())
            return fail(ErrorCode::not_found, fmt::format("there is no \"{}\" in {}", id, enum_name(kind)));
        std::vector<Revision> revisions;
        Value before;
        for (store::Row& row : rows) {
            Value after = row.body ? TRY(parse_json(*row.body, "registry_versions")) : Value();
            revisions.push_back({row.version, row.recorded, row.effective, std::move(row.who), std::move(row.why),
                                 std::move(row.action), std::move(before), after});
            before = std::move(after);
        }
        std::ranges::reverse(revisions);
        return revisions;
    }

    Result<bool> refresh() override {
        TRY(database_.read([&](data::Transaction& t) -> Result<void> { return absorb_until(t, TRY(store::head(t))); }));
        {
            const std::scoped_lock lock(mutex_);
            if (!publish()) return false;
        }
        followers_->tell(now());
        return true;
    }

    std::shared_ptr<void> follow(Follower follower) override {
        return followers_->add(followers_, std::move(follower));
    }

  private:
    Date today() const { return date_of(clock_.now()); }

    std::int64_t revision() const {
        const std::scoped_lock lock(mutex_);
        return seq_;
    }

    /// With the faults among objects as well, as far as they can be seen: whoever mends a file wants all of them at
    /// once.
    Error whole_error(const Wanted& wanted, Faults& faults) {
        const std::scoped_lock lock(mutex_);
        check_relations(wanted.set, overlay_of(wanted), faults);
        return faults.error();
    }

    Overlay overlay_of(const Wanted& wanted) const {
        Overlay overlay(records_);
        for (std::size_t i = 0; i < wanted.objects.size(); ++i)
            overlay.set(wanted.set.changes[i].kind, wanted.set.changes[i].id, wanted.objects[i]);
        return overlay;
    }

    Result<Plan> plan(const Wanted& wanted) const {
        Faults faults(wanted.set);
        for (const Change& change : wanted.set.changes)
            check_version(change, records_.newest(change.kind, change.id), faults);
        check_relations(wanted.set, overlay_of(wanted), faults);
        if (!faults.ok()) return std::unexpected(faults.error());

        Plan out;
        const Time now = clock_.now();
        for (std::size_t i = 0; i < wanted.objects.size(); ++i) {
            const Change& change = wanted.set.changes[i];
            const Version* newest = records_.newest(change.kind, change.id);
            const Object* before = newest == nullptr ? nullptr : newest->object.get();
            const auto& after = wanted.objects[i];
            std::optional<std::string> body;
            if (after != nullptr) body = text_of(*after);
            Difference difference{change.kind, change.id, "created", {}, {}, newest == nullptr ? 0 : newest->number};
            if (before != nullptr && body && text_of(*before) == *body) {
                difference.action = "unchanged";
                out.differences.push_back(std::move(difference));
                continue;
            }
            if (after == nullptr)
                difference.action = "removed";
            else if (before != nullptr)
                difference.action = "changed";
            if (before != nullptr) difference.before = value_of(*before);
            if (after != nullptr) difference.after = value_of(*after);
            ++difference.version;
            out.rows.push_back({static_cast<std::int64_t>(out.rows.size()) + 1, change.kind, change.id,
                                difference.version, wanted.set.effective.value_or(date_of(now)), now,
                                wanted.set.who.empty() ? "system" : wanted.set.who, wanted.set.why, difference.action,
                                std::move(body)});
            out.objects.push_back(after);
            out.differences.push_back(std::move(difference));
        }
        return out;
    }

    Result<void> append_events(data::Transaction& transaction, const ChangeSet& set, const Plan& made) {
        events::RegistryImported imported{set.source};
        for (const store::Row& row : made.rows) {
            TRY(journal_.append(
                transaction, fmt::format("{}:{}", enum_name(row.kind), row.id),
                events::ObjectChanged{std::string(enum_name(row.kind)), row.id, row.action, row.version, row.why},
                row.who));
            (row.action == "created"   ? imported.created
             : row.action == "changed" ? imported.changed
                                       : imported.removed) += 1;
        }
        if (set.source.empty()) return {};
        return journal_.append(transaction, "import:" + set.source, imported, made.rows.front().who);
    }

    /// Reads rows that are not in memory yet. What is read has been committed, whatever becomes of the transaction.
    Result<void> absorb_until(data::Transaction& transaction, std::int64_t head) {
        for (std::int64_t known = revision(); known < head; known = revision()) {
            const auto rows = TRY(store::rows_after(transaction, known, kRowsAtOnce));
            if (rows.empty())
                return fail(ErrorCode::corrupt, "versions of the registry are missing", "registry_versions");
            Objects objects;
            for (const store::Row& row : rows)
                objects.push_back(TRY(object_of(row)));
            const std::scoped_lock lock(mutex_);
            absorb(rows, objects);
        }
        return {};
    }

    static Result<std::shared_ptr<const Object>> object_of(const store::Row& row) {
        if (!row.body) return nullptr;
        const std::string name = fmt::format("registry version {}", row.seq);
        const Value value = TRY(parse_json(*row.body, name));
        ReadContext context(name);
        Object object = read_kind(row.kind, value, context);
        if (!context.ok()) return std::unexpected(context.error());
        return std::make_shared<const Object>(std::move(object));
    }

    /// Takes in rows that follow what is known; others are known already. Under the lock.
    void absorb(const std::vector<store::Row>& rows, const Objects& objects) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const store::Row& row = rows[i];
            if (row.seq <= seq_) continue;
            records_.add(row.kind, row.id, {row.version, row.effective, row.recorded, row.who, objects[i]});
            seq_ = row.seq;
            dirty_[index_of(row.kind)] = true;
        }
    }

    /// New pictures of what was taken in, whoever took it in; answers whether there was anything. Under the lock.
    bool publish() {
        if (now_.load() != nullptr && now_.load()->revision() == seq_) return false;
        const auto make = [&](const std::shared_ptr<const Picture>& before, bool everything) {
            return before == nullptr || before->day() != today()
                       ? PictureBuilder::build(records_, seq_, today(), everything)
                       : PictureBuilder::rebuild(*before, records_, seq_, dirty_);
        };
        now_ = make(now_.load(), false);
        everything_ = make(everything_.load(), true);
        dirty_ = {};
        past_.clear();
        return true;
    }

    data::Database& database_;
    data::Journal& journal_;
    const Clock& clock_;
    mutable std::mutex mutex_;  ///< records_, seq_, dirty_, past_; never held across I/O
    Records records_;
    std::int64_t seq_ = 0;
    PictureBuilder::Dirty dirty_{};                            ///< taken in and in no picture yet
    mutable std::deque<std::shared_ptr<const Picture>> past_;  ///< the last asked for comes first
    mutable std::atomic<std::shared_ptr<const Picture>> now_;
    mutable std::atomic<std::shared_ptr<const Picture>> everything_;
    std::shared_ptr<Followers> followers_ = std::make_shared<Followers>();
};

}  // namespace

Result<std::unique_ptr<Registry>> Registry::open(data::Database& database, data::Journal& journal, const Clock& clock) {
    auto registry = std::make_unique<SqlRegistry>(database, journal, clock);
    TRY(registry->load());
    return registry;
}

}  // namespace quipu::registry
