#pragma once
// The workflow of accreditation, without clock and storage: a step and the time in, the accreditation after it out.
//
//     draft ─submit▶ submitted ─approve, approve▶ reviewed ─accredit▶ accredited ⇄ suspended
//       ▲               │ refuse (back to the team)  │ reject         │ term over │ renewed by another
//       └───────────────┘                            ▼                ▼           ▼
//     withdraw, before the decision ▶ withdrawn   refused          expired     renewed
//
// Who may take a step at all is decided by the caller's permissions before; here is what holds for everybody: evidence
// for every mandatory criterion, two different reviewers who review for another organisation than the applicant's, a
// reason for what goes against the team. Every step stands in the history.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "desk/pert/api.h"

namespace quipu::pert {

/// What a team shows, in one of the languages es, pt, en.
[[nodiscard]] std::vector<Criterion> criteria_in(std::string_view language);

struct AccreditationTerms {
    std::chrono::days term{730};
    std::vector<int> remind_days = {60, 30, 7};  ///< ahead of the end, falling
};

/// A step that somebody takes.
struct AccreditationInput {
    AccreditationStep step = AccreditationStep::submit;
    std::string who;
    std::string organisation;  ///< for which they act
    std::string note;
};

/// Takes the step or says why not: `conflict` in a state that has no such step, `forbidden` for a reviewer who may not
/// review this team, `invalid` for what is missing. `renewed` is the accreditation that this one follows.
[[nodiscard]] Result<void> take_step(Accreditation& accreditation, const AccreditationInput& input, Time now,
                                     const AccreditationTerms& terms, Accreditation* renewed = nullptr);

/// What the clock alone does: an end that has come, or a reminder ahead of it. Empty: nothing.
struct AccreditationTick {
    bool expired = false;
    std::optional<int> remind_days;  ///< days that are left
};
[[nodiscard]] AccreditationTick tick(Accreditation& accreditation, Time now, const AccreditationTerms& terms);

/// Where a team stands by all its accreditations, and until when.
struct TeamStanding {
    Standing standing = Standing::registered;
    std::optional<Date> until;
    bool operator==(const TeamStanding&) const = default;
};
[[nodiscard]] TeamStanding standing_of(std::span<const Accreditation> accreditations, Time now);

}  // namespace quipu::pert
