#pragma once
// The world as the collectors see it, held against the VRPs that routers get: the files of routes, each member's
// prefixes, and what is invalid.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "services/rpki/engine.h"
#include "services/rpki/origin/routing.h"
#include "services/rpki/service/rows.h"

namespace quipu::rpki {

/// Files with routes. One that is broken stays as it was last read well.
class RouteFiles {
  public:
    /// MRT files, compressed or not; NAME.txt holds lines "PREFIX => AS".
    explicit RouteFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}

    /// Reads those that changed since; blocks. From one thread at a time.
    void refresh(Time now);
    /// Of all files, sorted, each once; the same object as long as nothing changed.
    [[nodiscard]] std::shared_ptr<const std::vector<Route>> routes() const {
        return shown_.with([](const Shown& shown) { return shown.routes; });
    }
    [[nodiscard]] std::vector<RouteFileRow> status() const {
        return shown_.with([](const Shown& shown) { return shown.rows; });
    }

  private:
    struct File {
        std::int64_t modified = 0;
        std::uintmax_t size = 0;
        std::vector<Route> routes;
        RouteFileRow row;
    };
    struct Shown {
        std::shared_ptr<const std::vector<Route>> routes = std::make_shared<const std::vector<Route>>();
        std::vector<RouteFileRow> rows;
    };
    const std::vector<std::string> paths_;
    std::map<std::string, File, std::less<>> files_;
    Guarded<Shown> shown_;
};

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

/// Immutable.
struct RoutingView {
    std::shared_ptr<const std::vector<Route>> routes;
    std::shared_ptr<const ValidityIndex> validity;  ///< by which it was judged
    std::shared_ptr<const Members> members;
    std::vector<MemberRouting> of_members;  ///< sorted by member
    std::vector<Route> invalids;            ///< sorted
    std::int64_t valid = 0, not_found = 0;

    [[nodiscard]] const MemberRouting* find(std::string_view member) const;
};
[[nodiscard]] std::shared_ptr<const RoutingView> routing_view_of(std::shared_ptr<const std::vector<Route>> routes,
                                                                 std::shared_ptr<const ValidityIndex> validity,
                                                                 std::shared_ptr<const Members> members);

}  // namespace quipu::rpki
