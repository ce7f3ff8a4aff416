#include "services/rpki/service/route_files.h"

#include <fstream>
#include <iterator>

#include "services/rpki/origin/mrt.h"

namespace quipu::rpki {
namespace {

Result<void> read_text(const std::string& path, RouteGatherer& gatherer) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (in.bad()) return fail(ErrorCode::io, "can't be read", path);
    for (const Route& route : TRY(parse_routes(text, path)))
        gatherer.add(route);
    return {};
}

Result<void> read_table(const std::string& path, RouteGatherer& gatherer) {
    TRY(read_mrt_file(path, [&](const MrtRoute& route) {
        if (route.kind != MrtRoute::Kind::withdrawn) gatherer.add(route.route);
    }));
    return {};
}

}  // namespace

Result<void> RouteFiles::refresh() {
    std::vector<Seen> found;
    for (const std::string& path : paths_) {
        std::error_code fault;
        Seen seen{std::filesystem::last_write_time(path, fault), 0};
        if (!fault) seen.size = std::filesystem::file_size(path, fault);
        if (fault) return fail(ErrorCode::io, "can't be read: " + fault.message(), path);
        found.push_back(seen);
    }
    if (found == seen_) return {};
    RouteGatherer gatherer;
    for (const std::string& path : paths_)
        TRY(path.ends_with(".txt") || path.ends_with(".json") ? read_text(path, gatherer) : read_table(path, gatherer));
    routes_ = std::make_shared<const std::vector<Route>>(gatherer.take());
    seen_ = std::move(found);
    return {};
}

}  // namespace quipu::rpki
