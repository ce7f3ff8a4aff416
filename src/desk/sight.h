#pragma once
// What a caller sees of the desk and may do there: the one place that asks Caller::may. The same rule in two forms, as
// a condition for lists and as an answer for one case; a test holds them equal.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "desk/store.h"
#include "platform/api.h"
#include "registry/registry.h"

namespace quipu::desk {

/// The route's tag for roles that are limited to a service.
inline constexpr std::string_view kDeskTag = "desk";
inline constexpr std::string_view kSecurityTag = "security";
/// All organisations, and what belongs to none (Grants::may).
inline constexpr std::string_view kEverywhere = "*";

/// How somebody stands to one case, from the least to the most.
enum class Relation : std::uint8_t {
    none,     ///< it does not exist for them
    reader,   ///< it is public
    watcher,  ///< follows it
    member,   ///< of an organisation concerned
    team,     ///< works on it
};

class Sight {
  public:
    Sight(const platform::Caller& caller, const registry::Picture& picture);

    /// `watching`: whether the caller is among its watchers.
    [[nodiscard]] Relation relation(const Case& what, bool watching) const;
    /// Cases that are not `none`, of desk_cases.
    [[nodiscard]] store::Condition condition(data::Dialect dialect) const;
    /// Whether they may work in this queue at any organisation.
    [[nodiscard]] bool may_work(Queue queue) const;
    /// Whether they may work on what concerns these organisations; none: the house itself.
    [[nodiscard]] bool works_at(Queue queue, const std::vector<std::string>& organisations) const;
    /// Whether they are a member at each of these organisations.
    [[nodiscard]] bool is_member_of_all(const std::vector<std::string>& organisations) const;
    [[nodiscard]] bool signed_in() const { return signed_in_; }

    /// Entries and files that such a caller may read go up to this visibility.
    [[nodiscard]] static Visibility reads_up_to(Relation relation);

  private:
    /// Where somebody holds a permission.
    struct Reach {
        bool everywhere = false;
        std::vector<std::string> organisations;  ///< when not everywhere
        [[nodiscard]] bool includes(const std::vector<std::string>& concerned) const;
        [[nodiscard]] bool nowhere() const { return !everywhere && organisations.empty(); }
    };
    static Reach reach(const platform::Caller& caller, const registry::Picture& picture,
                       platform::Permission permission, std::string_view tag);

    std::string self_;
    bool signed_in_ = false;
    Reach team_, security_, member_;
};

}  // namespace quipu::desk
