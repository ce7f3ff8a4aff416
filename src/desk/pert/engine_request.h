#pragma once
// A request for technical information from one team to another, without clock and storage.
//
//     asked ─accept▶ accepted ─answer▶ answered ─close▶ closed
//       │ answer ────────────────────────▲ │
//       │ decline (either)               └─┴ reopen ▶ accepted
//       ▼
//     declined                    close before an answer: the asking team takes it back

#include <string>

#include "base/result.h"
#include "desk/pert/api.h"

namespace quipu::pert {

/// Which side the one who acts stands on; the permission was asked before.
enum class Side : std::uint8_t { asking, asked };

struct RequestInput {
    RequestStep step = RequestStep::accept;
    std::string who;
    Side side = Side::asked;
    std::string note;
};
/// The side whose step it is.
[[nodiscard]] Side side_of(RequestStep step);

/// Takes the step or says why not: `conflict` in a state that has no such step, `forbidden` for the other side's,
/// `invalid` for what is missing.
[[nodiscard]] Result<void> take_step(TechnicalRequest& request, const RequestInput& input, Time now);

/// What the clock alone does: one reminder a day ahead (at half the time when it is shorter), and one note when the due
/// time has passed.
enum class RequestTick : std::uint8_t { nothing, remind, overdue };
[[nodiscard]] RequestTick tick(TechnicalRequest& request, Time now);

}  // namespace quipu::pert
