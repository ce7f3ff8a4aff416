#pragma once
// Until when what members have holds: the publication points that their VRPs come from.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/rpki/engine.h"
#include "services/rpki/origin/members.h"
#include "services/rpki/service/rows.h"

namespace quipu::rpki {

/// What a member's VRPs stand on.
struct MemberPoint {
    std::string manifest;
    PointState state = PointState::valid;
    std::int64_t vrps = 0;             ///< the member's
    std::optional<Time> next_update;   ///< of the manifest
    std::optional<Time> certificates;  ///< the first of its ROAs' certificates expires then
    std::optional<Time> authority;     ///< the authority's certificate expires then
    static constexpr auto describe() {
        using T = MemberPoint;
        return fields(field<&T::manifest>("manifest", "Address of its manifest").required(),
                      field<&T::state>("state", "valid, stored or failed").required(),
                      field<&T::vrps>("vrps", "The member's VRPs in it").required(),
                      field<&T::next_update>("next_update", "The manifest is stale then (RFC 9286 §4.2.1)"),
                      field<&T::certificates>("certificates", "The first of its ROAs expires then"),
                      field<&T::authority>("authority", "The authority's certificate expires then"));
    }
    /// The first of the three.
    [[nodiscard]] std::optional<Time> first() const;
};
using MemberPoints = std::map<std::string, std::vector<MemberPoint>, std::less<>>;
[[nodiscard]] MemberPoints member_points_of(const Validator& validator, const Members& members);

}  // namespace quipu::rpki
