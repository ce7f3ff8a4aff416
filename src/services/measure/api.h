#pragma once
// Routes under /api/v1/measure.

#include "platform/service.h"
#include "registry/registry.h"
#include "services/measure/live.h"
#include "services/measure/path_history.h"
#include "services/measure/points.h"
#include "services/measure/streams.h"

namespace quipu::measure {

enum class LinkState : std::uint8_t { up, degraded, down, unknown };
constexpr auto describe_enum(LinkState) {
    return names<LinkState>({{LinkState::up, "up"},
                             {LinkState::degraded, "degraded"},
                             {LinkState::down, "down"},
                             {LinkState::unknown, "unknown"}});
}

/// A link of the registry with what the pairs at its ends tell of it.
struct MeasuredLink {
    std::string id, a, b;
    LinkState state = LinkState::unknown;
    std::optional<std::int64_t> floor_us, above_floor_us;
    std::optional<Pair> forward, backward;
    std::vector<std::string> clock_fault;
    static constexpr auto describe() {
        using T = MeasuredLink;
        return fields(
            field<&T::id>("id", "The link").required().references("links"),
            field<&T::a>("a", "One end").required().references("sites"),
            field<&T::b>("b", "Other end").required().references("sites"),
            field<&T::state>(
                "state",
                "down: nothing passes, or packets go another way; degraded: lossy or slow; unknown: not measured")
                .required(),
            field<&T::floor_us>("floor_us", "What light needs along it").format("us"),
            field<&T::above_floor_us>("above_floor_us", "The slower direction's median above that").format("us"),
            field<&T::forward>("forward", "From a to b"), field<&T::backward>("backward", "From b to a"),
            field<&T::clock_fault>("clock_fault", "Ends whose clock is wrong").references("sites"));
    }
};

/// The links in service with their state.
[[nodiscard]] std::vector<MeasuredLink> measured_links(const registry::Picture& picture, const Live& live, Time now);

/// What the routes need; all of it lives as long as they are open.
struct Rooms {
    const Clock& clock;
    const Store& store;
    const Live& live;
    const PathHistory& paths;
    const Points& points;
    const PointStore& point_store;
    registry::Registry& registry;
    std::shared_ptr<PairStreams> streams;
    data::Journal* journal = nullptr;
};
void add_routes(platform::Api& api, const Rooms& rooms);
/// How pairs are, now, then and over a time: api_pairs.cpp.
void add_pair_routes(platform::Api& api, const Rooms& rooms);
/// Profiles, histograms over time, statements for institutions: api_views.cpp.
void add_view_routes(platform::Api& api, const Rooms& rooms);

}  // namespace quipu::measure
