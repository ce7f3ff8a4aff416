#pragma once
// What the last validation gave, ready for questions. Immutable.

#include <memory>

#include "services/rpki/origin/guard.h"
#include "services/rpki/origin/routing.h"
#include "services/rpki/origin/slurm.h"
#include "services/rpki/origin/validity.h"
#include "services/rpki/service/member_points.h"
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

/// The routes that are looked at, judged by what is served.
struct RouteView {
    std::shared_ptr<const std::vector<Route>> routes;  ///< sorted, each once
    std::vector<MemberRouting> members;                ///< by id
    std::vector<JudgedRoute> invalid;                  ///< everybody's, sorted
    std::int64_t valid = 0, not_found = 0;
    [[nodiscard]] const MemberRouting* find(std::string_view member) const;
};
[[nodiscard]] std::shared_ptr<const RouteView> view_of(std::shared_ptr<const std::vector<Route>> routes,
                                                       const Members& members, const ValidityIndex& validity);

struct State {
    Time validated{};    ///< as of when
    double seconds = 0;  ///< that the validation took
    std::size_t points_examined = 0;
    std::shared_ptr<const Tree> tree;
    std::shared_ptr<const AnchoredPayloads> passed;  ///< by the guard
    std::shared_ptr<const PayloadSet> served;        ///< with local exceptions
    SlurmEffect slurm;
    std::shared_ptr<const ValidityIndex> validity;  ///< of what is served
    std::shared_ptr<const Members> members;
    std::shared_ptr<const RouteView> routes;
    std::shared_ptr<const MemberPoints> member_points;
    std::optional<HeldChange> held;

    /// The trust anchor that a served VRP stands under; "slurm" if it is an exception of our own.
    [[nodiscard]] std::string anchor_of(const Vrp& vrp) const;
};

/// Where a published route or VRP is shown: "AS64496".
[[nodiscard]] std::string asn_text(Asn as);
[[nodiscard]] VrpRow row_of(const State& state, const Vrp& vrp);

}  // namespace quipu::rpki
