#pragma once
// Stands between validation and the routers: a change that would drop too large a share of the VRPs is held until a
// person lets it pass, its time is over, or the next run makes it small again. It knows no socket and no clock. Local
// exceptions are applied behind it: what the operator takes away is never held.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"
#include "services/rpki/origin/members.h"
#include "services/rpki/payloads.h"

namespace quipu::rpki {

struct GuardSettings {
    double whole_percent = 10;    ///< of all VRPs
    double anchor_percent = 20;   ///< of one trust anchor's
    double member_percent = 50;   ///< of one member's
    std::int64_t at_least = 1;    ///< fewer VRPs lost than this are never held
    Nanoseconds release_after{};  ///< zero: only a person releases
    static constexpr auto describe() {
        using T = GuardSettings;
        return fields(
            field<&T::whole_percent>("whole_percent", "Hold a change that drops more of all VRPs").between(0, 100),
            field<&T::anchor_percent>("anchor_percent", "Hold a change that drops more of a trust anchor's VRPs")
                .between(0, 100),
            field<&T::member_percent>("member_percent", "Hold a change that drops more of a member's VRPs")
                .between(0, 100),
            field<&T::at_least>("at_least", "Fewer lost VRPs of a scope than this hold nothing").at_least(1),
            field<&T::release_after>("release_after", "A held change passes after so long; 0s: only by a person"));
    }
};

enum class GuardScope : std::uint8_t { whole, anchor, member };
constexpr auto describe_enum(GuardScope) {
    return names<GuardScope>(
        {{GuardScope::whole, "whole"}, {GuardScope::anchor, "anchor"}, {GuardScope::member, "member"}});
}

/// What a change takes from one scope.
struct GuardLoss {
    GuardScope scope = GuardScope::whole;
    std::string name;  ///< trust anchor, or member's id; empty for the whole
    std::int64_t before = 0;
    std::int64_t lost = 0;
    double percent = 0;
    bool too_much = false;              ///< this is what holds the change
    std::vector<std::string> examples;  ///< "200.0.204.0/22-24 AS27750", at most 20
    static constexpr auto describe() {
        using T = GuardLoss;
        return fields(field<&T::scope>("scope", "whole, anchor or member").required(),
                      field<&T::name>("name", "Trust anchor's name, or member's id; empty: of the whole"),
                      field<&T::before>("before", "VRPs that it has now").required(),
                      field<&T::lost>("lost", "VRPs that would go").required(),
                      field<&T::percent>("percent", "Share that would go").required(),
                      field<&T::too_much>("too_much", "More than is let pass").required(),
                      field<&T::examples>("examples", "Some of those that would go").required());
    }
};

/// A change that waits.
struct HeldChange {
    std::int64_t id = 0;  ///< rises with each change that begins to be held; the same while later runs are held too
    Time since{};
    std::optional<Time> release_at;
    std::int64_t lost = 0;          ///< VRPs that would go
    std::int64_t added = 0;         ///< and come
    std::vector<GuardLoss> losses;  ///< those that are too much first, then by share; only scopes that lose something
    static constexpr auto describe() {
        using T = HeldChange;
        return fields(field<&T::id>("id", "Number of the held change").required(),
                      field<&T::since>("since", "Held since").required(),
                      field<&T::release_at>("release_at", "Passes by itself at"),
                      field<&T::lost>("lost", "VRPs that would go").required(),
                      field<&T::added>("added", "VRPs that would come").required(),
                      field<&T::losses>("losses", "By whole, trust anchor and member").required());
    }
};

class Guard {
  public:
    explicit Guard(GuardSettings settings) : settings_(settings) {}

    /// What was served in an earlier life, and what was held then: its number and time go on if the next offer is held.
    void restore(std::shared_ptr<const AnchoredPayloads> served, std::optional<HeldChange> held);
    void configure(GuardSettings settings) { settings_ = settings; }

    enum class Outcome : std::uint8_t {
        passed,     ///< served() is what was offered
        held,       ///< served() is as before, a new change is held: raise it
        still_held  ///< as before; held() tells the latest
    };
    /// A run's result. The first of all passes.
    Outcome offer(std::shared_ptr<const AnchoredPayloads> candidate, const Members& members, Time now);
    /// True if a held change's time was over: served() is the latest offered.
    bool tick(Time now);
    /// A person lets the held change pass; `conflict` if another one, or none, is held.
    Result<void> release(std::int64_t id);

    [[nodiscard]] const std::shared_ptr<const AnchoredPayloads>& served() const { return served_; }
    [[nodiscard]] const std::optional<HeldChange>& held() const { return held_; }

  private:
    void pass();

    GuardSettings settings_;
    std::shared_ptr<const AnchoredPayloads> served_;
    std::shared_ptr<const AnchoredPayloads> waiting_;
    std::optional<HeldChange> held_;
    std::int64_t last_id_ = 0;
};

}  // namespace quipu::rpki
