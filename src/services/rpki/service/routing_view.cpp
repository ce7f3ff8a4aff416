#include "services/rpki/service/routing_view.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "services/rpki/origin/mrt.h"

namespace quipu::rpki {
namespace {

namespace fs = std::filesystem;

Result<std::vector<Route>> routes_of_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in) return fail(ErrorCode::io, "the file can't be read", path);
    return parse_routes(text, path);
}

Result<std::vector<Route>> routes_of_file(const std::string& path) {
    RouteGatherer gatherer;
    if (path.ends_with(".txt")) {
        for (const Route& route : TRY(routes_of_text(path)))
            gatherer.add(route);
    } else {
        TRY(read_mrt_file(path, [&](const MrtRoute& found) {
            if (found.kind != MrtRoute::Kind::withdrawn) gatherer.add(found.route);
        }));
    }
    return gatherer.take();
}

void earlier(std::optional<Time>& first, std::int64_t seconds) {
    const Time time{std::chrono::seconds(seconds)};
    if (!first || time < *first) first = time;
}

}  // namespace

void RouteFiles::refresh(Time now) {
    bool changed = false;
    for (const std::string& path : paths_) {
        File& file = files_[path];
        file.row.name = path;
        std::error_code fault;
        const std::int64_t modified = fs::last_write_time(path, fault).time_since_epoch().count();
        const std::uintmax_t size = fault ? 0 : fs::file_size(path, fault);
        if (fault) {
            file.row.error = fault.message();
            file.modified = 0;
            continue;
        }
        if (modified == file.modified && size == file.size) continue;
        file.modified = modified;
        file.size = size;
        auto found = routes_of_file(path);
        if (!found) {
            file.row.error = found.error().text();
            continue;
        }
        file.routes = std::move(*found);
        file.row.error.clear();
        file.row.read = now;
        file.row.routes = static_cast<std::int64_t>(file.routes.size());
        changed = true;
    }
    std::shared_ptr<const std::vector<Route>> routes;
    if (changed) {
        RouteGatherer all;
        for (const auto& [path, file] : files_)
            for (const Route& route : file.routes)
                all.add(route);
        routes = std::make_shared<const std::vector<Route>>(all.take());
    }
    std::vector<RouteFileRow> rows;
    for (const auto& [path, file] : files_)
        rows.push_back(file.row);
    shown_.with([&](Shown& shown) {
        if (routes) shown.routes = std::move(routes);
        shown.rows = std::move(rows);
    });
}

std::optional<Time> MemberPoint::first() const {
    std::optional<Time> out;
    for (const auto& time : {next_update, certificates, authority})
        if (time && (!out || *time < *out)) out = time;
    return out;
}

MemberPoints member_points_of(const Validator& validator, const Members& members) {
    MemberPoints out;
    validator.for_each_point([&](const Authority& authority, const PointOutcome& point) {
        for (const PointOutcome::Object& object : point.accepted)
            for (std::uint32_t i = object.first_vrp; i < object.first_vrp + object.vrp_count; ++i) {
                const Members::Member* member = members.holder_of(point.vrps[i].prefix());
                if (member == nullptr) continue;
                std::vector<MemberPoint>& points = out[member->id];
                if (points.empty() || points.back().manifest != authority.manifest) {
                    MemberPoint& made = points.emplace_back();
                    made.manifest = authority.manifest;
                    made.state = point.stored  ? PointState::stored
                                 : point.valid ? PointState::valid
                                               : PointState::failed;
                    if (point.next_update != 0) earlier(made.next_update, point.next_update);
                    earlier(made.authority, authority.not_after);
                }
                ++points.back().vrps;
                earlier(points.back().certificates, object.not_after);
            }
    });
    return out;
}

const MemberRouting* RoutingView::find(std::string_view member) const {
    const auto at = std::ranges::lower_bound(of_members, member, {}, &MemberRouting::member);
    return at != of_members.end() && at->member == member ? &*at : nullptr;
}

std::shared_ptr<const RoutingView> routing_view_of(std::shared_ptr<const std::vector<Route>> routes,
                                                   std::shared_ptr<const ValidityIndex> validity,
                                                   std::shared_ptr<const Members> members) {
    auto out = std::make_shared<RoutingView>();
    out->of_members = routing_of(*members, *routes, *validity);
    std::vector<Validity> judged(routes->size());
    validity->validity(*routes, judged);
    for (std::size_t i = 0; i < judged.size(); ++i)
        switch (judged[i]) {
            case Validity::valid: ++out->valid; break;
            case Validity::not_found: ++out->not_found; break;
            case Validity::invalid: out->invalids.push_back((*routes)[i]); break;
        }
    out->routes = std::move(routes);
    out->validity = std::move(validity);
    out->members = std::move(members);
    return out;
}

}  // namespace quipu::rpki
