#pragma once
// What every service asks: an immutable picture of the registry, swapped whole after each change, and the changes
// themselves. Reading never waits; a reader keeps its picture for as long as it likes.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "data/database.h"
#include "data/journal.h"
#include "net/address.h"
#include "registry/model.h"

namespace quipu::registry {

/// An object with what the registry knows of the record itself.
template <class T>
struct Entry {
    T object;
    std::int64_t version = 1;  ///< rises by one with each change: the ETag
    Time changed{};
    std::string changed_by;
};

/// All objects as they were (or are to be) on one day. Lists are sorted by id. Both ends of every link are there.
class Picture {
  public:
    template <class T>
    [[nodiscard]] const std::vector<Entry<T>>& all() const;  ///< Organisation, Person, Site, Equipment, Link
    [[nodiscard]] const std::vector<Entry<Resource>>& resources(Kind kind) const;
    template <class T>
    [[nodiscard]] const Entry<T>* find(std::string_view id) const;
    [[nodiscard]] const Entry<Resource>* find_resource(Kind kind, std::string_view id) const;
    /// The organisation that owns the longest prefix covering the address; nullptr if nobody's.
    [[nodiscard]] const Entry<Organisation>* owner_of(const net::IpAddress& address) const;
    /// Rises with each change; equal pictures of today have equal revisions.
    [[nodiscard]] std::int64_t revision() const { return revision_; }
    [[nodiscard]] Date day() const;
    /// Links in service (activated, not retired) on the picture's day.
    [[nodiscard]] std::vector<const Entry<Link>*> links_in_service() const;

  private:
    friend class PictureBuilder;
    struct Impl;
    std::shared_ptr<const Impl> impl_;
    std::int64_t revision_ = 0;
};

/// One wanted change, already parsed. `object` null removes.
struct Change {
    Kind kind = Kind::sites;
    std::string id;
    Value object;
    std::optional<std::int64_t>
        expected_version;    ///< refuses with precondition_failed if it is another; 0: must be new
    std::uint32_t line = 0;  ///< in the imported text, for messages
};
struct ChangeSet {
    std::vector<Change> changes;
    std::string who;
    std::string why;
    std::string source;  ///< file name for an import; empty for a single edit
    std::optional<Date>
        effective;  ///< the day from which the change is true; today if left out, never later than today
    bool dry_run = false;
    /// Asked with what would change and what is there, before anything is written; an error stops all of it.
    std::function<Result<void>(const std::vector<struct Difference>&, const Picture& everything)> permit = {};
};
struct Difference {
    Kind kind = Kind::sites;
    std::string id;
    std::string action;  ///< created, changed, removed, unchanged
    Value before, after;
    std::int64_t version = 0;
    static constexpr auto describe() {
        using T = Difference;
        return fields(field<&T::kind>("kind", "Collection").required(), field<&T::id>("id", "Object").required(),
                      field<&T::action>("action", "created, changed, removed").required(),
                      field<&T::before>("before", "The object before; null if new"),
                      field<&T::after>("after", "The object after; null if removed"),
                      field<&T::version>("version", "Version after the change"));
    }
};
struct Revision {
    std::int64_t version = 0;
    Time changed{};
    Date effective{};
    std::string who, why, action;
    Value before, after;
    static constexpr auto describe() {
        using T = Revision;
        return fields(field<&T::version>("version", "Its number").required(),
                      field<&T::changed>("changed", "When it was recorded").required(),
                      field<&T::effective>("effective", "From which day it is true").required(),
                      field<&T::who>("who", "Who did it").required(), field<&T::why>("why", "The reason given"),
                      field<&T::action>("action", "created, changed, removed").required(),
                      field<&T::before>("before", "Before"), field<&T::after>("after", "After"));
    }
};

class Registry {
  public:
    /// Loads everything; tables by kRegistryMigrations.
    static Result<std::unique_ptr<Registry>> open(data::Database& database, data::Journal& journal, const Clock& clock);
    virtual ~Registry() = default;

    /// As of today: what is over (`until`, `retired`) or not yet there is absent.
    [[nodiscard]] virtual std::shared_ptr<const Picture> now() const = 0;
    /// All that is on record, also what is over or yet to come; its day is today.
    [[nodiscard]] virtual std::shared_ptr<const Picture> everything() const = 0;
    /// As of a day: what was true then by what is known today. Objects outside their own life are absent, links not yet
    /// activated stay in the list (their dates say so) if their planned date has come. Pictures of past days are
    /// cached.
    [[nodiscard]] virtual Result<std::shared_ptr<const Picture>> as_of(Date day) const = 0;
    /// All or nothing, in one transaction with its journal events. Every fault is reported (field paths, lines), not
    /// only the first: unknown references, cycles of parents, resources that somebody else owns (`conflict` says who),
    /// removals of what is used. What changes nothing is answered as "unchanged" and makes no version.
    [[nodiscard]] virtual Result<std::vector<Difference>> apply(const ChangeSet& set) = 0;
    [[nodiscard]] virtual Result<std::vector<Revision>> history(Kind kind, std::string_view id) const = 0;
    /// Takes in what other processes have changed in the same database; answers whether there was anything.
    [[nodiscard]] virtual Result<bool> refresh() = 0;
    /// Called after each change with the new picture, from the writer's thread; for services that follow.
    using Follower = std::function<void(std::shared_ptr<const Picture>)>;
    [[nodiscard]] virtual std::shared_ptr<void> follow(Follower follower) = 0;
};

extern const std::vector<data::Migration> kRegistryMigrations;

}  // namespace quipu::registry
