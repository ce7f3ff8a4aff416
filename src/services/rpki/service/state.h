#pragma once
// What the last validation gave, ready for questions. Immutable.

#include <memory>

#include "services/rpki/origin/guard.h"
#include "services/rpki/origin/slurm.h"
#include "services/rpki/origin/validity.h"
#include "services/rpki/service/routing_view.h"
#include "services/rpki/service/rows.h"

namespace quipu::rpki {

/// The tree of authorities as it was validated.
struct Tree {
    std::vector<AnchorRow> anchors;
    std::vector<PointRow> points;     ///< sorted by manifest
    std::vector<RefusedRow> refused;  ///< sorted by object
    Totals totals;
};
[[nodiscard]] std::shared_ptr<const Tree> tree_of(const Validator& validator,
                                                  std::span<const TrustAnchorLocator> locators);

struct State {
    Time made{};         ///< when it was put together
    Time validated{};    ///< as of when
    double seconds = 0;  ///< that the validation took
    std::size_t points_examined = 0;
    std::shared_ptr<const Tree> tree;
    std::shared_ptr<const AnchoredPayloads> passed;  ///< by the guard
    std::shared_ptr<const PayloadSet> served;        ///< with local exceptions
    SlurmEffect slurm;
    std::shared_ptr<const ValidityIndex> validity;  ///< of what is served
    std::shared_ptr<const Members> members;
    std::shared_ptr<const MemberPoints> member_points;
    std::shared_ptr<const RoutingView> routing;  ///< routes by what is served
    std::optional<HeldChange> held;

    /// The trust anchor that a served VRP stands under; "slurm" if it is an exception of our own.
    [[nodiscard]] std::string anchor_of(const Vrp& vrp) const;
};

/// Where a published route or VRP is shown: "AS64496".
[[nodiscard]] std::string asn_text(Asn as);
[[nodiscard]] VrpRow row_of(const State& state, const Vrp& vrp);

}  // namespace quipu::rpki
