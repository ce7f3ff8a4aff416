#include "services/rpki/service/member_points.h"

namespace quipu::rpki {
namespace {

void earlier(std::optional<Time>& first, std::int64_t seconds) {
    const Time time{std::chrono::seconds(seconds)};
    if (!first || time < *first) first = time;
}

}  // namespace

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

}  // namespace quipu::rpki
