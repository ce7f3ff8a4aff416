#pragma once
// Everything that was ever recorded, in memory: for each object the chain of its versions. Not thread-safe.

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "registry/object.h"

namespace quipu::registry {

struct Version {
    std::int64_t number = 0;
    Date effective{};
    Time changed{};
    std::string who;
    std::shared_ptr<const Object> object;  ///< null: removed
};
using Chain = std::vector<Version>;  ///< by rising number, never empty

class Records {
  public:
    using Chains = std::map<std::string, Chain, std::less<>>;

    [[nodiscard]] const Chains& all(Kind kind) const { return kinds_[index_of(kind)]; }
    /// The newest version, also if it is a removal; nullptr if there never was such an object.
    [[nodiscard]] const Version* newest(Kind kind, std::string_view id) const;
    void add(Kind kind, const std::string& id, Version version) {
        kinds_[index_of(kind)][id].push_back(std::move(version));
    }

    /// The version that is true on `day` by what is known today: the newest of those effective by then. Before them the
    /// first one holds, since ever: what an object says of its own life decides whether it was there, not the day on
    /// which somebody wrote it down.
    [[nodiscard]] static const Version& on_day(const Chain& chain, Date day);

  private:
    std::array<Chains, kKindCount> kinds_;
};

/// The newest state with changes laid over it, as it would be if they were made.
class Overlay {
  public:
    explicit Overlay(const Records& records) : records_(records) {}

    /// A null object removes.
    void set(Kind kind, const std::string& id, std::shared_ptr<const Object> object) {
        wanted_[index_of(kind)].insert_or_assign(id, std::move(object));
    }
    [[nodiscard]] bool changes(Kind kind) const { return !wanted_[index_of(kind)].empty(); }
    [[nodiscard]] bool changes(Kind kind, std::string_view id) const { return wanted_[index_of(kind)].contains(id); }
    [[nodiscard]] const Object* find(Kind kind, std::string_view id) const;
    /// Every object that would be there.
    void for_each(Kind kind, const std::function<void(const Object&)>& visit) const;

  private:
    const Records& records_;
    std::array<std::map<std::string, std::shared_ptr<const Object>, std::less<>>, kKindCount> wanted_;
};

}  // namespace quipu::registry
