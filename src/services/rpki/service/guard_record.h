#pragma once
// What the guard holds and lets pass, told: once each in the journal, whatever fails in between, and from there as one
// case of network operations for each held change.

#include "data/journal.h"
#include "desk/desk.h"
#include "registry/registry.h"
#include "services/rpki/service/rounds.h"

namespace quipu::rpki {

/// The subject of the guard's events; a change's cause is "rpki:guard/NUMBER".
inline constexpr std::string_view kGuardSubject = "rpki:guard";
[[nodiscard]] std::string cause_of_change(std::int64_t id);

/// Writes what is not in the journal yet. What could not be written, or was lost by a crash, is told with the next
/// turn.
[[nodiscard]] Result<void> record(data::Journal& journal, const GuardTurn& turn);

/// Opens and closes the cases, from the journal's events. An event that comes again changes nothing.
class GuardCases {
  public:
    GuardCases(data::Database& database, const registry::Registry& registry, desk::Desk& desk)
        : database_(database), registry_(registry), desk_(desk) {}

    [[nodiscard]] Result<void> take(const data::Event& event);

  private:
    [[nodiscard]] Result<void> take_held(const data::Event& event);
    [[nodiscard]] Result<void> take_released(const data::Event& event);

    data::Database& database_;
    const registry::Registry& registry_;
    desk::Desk& desk_;
};

}  // namespace quipu::rpki
