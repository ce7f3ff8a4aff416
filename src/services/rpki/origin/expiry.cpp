#include "services/rpki/origin/expiry.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace quipu::rpki {
namespace {

/// Ends by member and object; what is named again counts its VRPs together.
class Timeline {
  public:
    void add(const std::string& member, ExpiryKind kind, const std::string& object, std::int64_t at,
             std::int64_t vrps) {
        MemberExpiry& one = ends_[std::tuple(member, kind, object)];
        if (one.member.empty()) {
            one.member = member;
            one.kind = kind;
            one.object = object;
            one.at = Time(std::chrono::seconds(at));
        }
        one.vrps += vrps;
    }
    [[nodiscard]] std::vector<MemberExpiry> take() {
        std::vector<MemberExpiry> out;
        for (auto& [key, one] : ends_)
            out.push_back(std::move(one));
        std::ranges::sort(out, {}, [](const MemberExpiry& one) {
            return std::tuple(one.at, std::string_view(one.member), one.kind, std::string_view(one.object));
        });
        return out;
    }

  private:
    std::map<std::tuple<std::string, ExpiryKind, std::string>, MemberExpiry> ends_;
};

}  // namespace

std::vector<MemberExpiry> expiries_of(const Validator& validator, const Members& members) {
    Timeline timeline;
    validator.for_each_point([&](const Authority& authority, const PointOutcome& point) {
        std::map<std::string, std::int64_t> of_point;
        for (const PointOutcome::Object& object : point.accepted) {
            if (object.kind != ObjectKind::roa) continue;
            std::map<std::string, std::int64_t> of_roa;
            for (const Vrp& vrp : std::span(point.vrps).subspan(object.first_vrp, object.vrp_count))
                members.for_each_concerned(vrp.prefix(), vrp.as,
                                           [&](const Members::Member& member) { ++of_roa[member.id]; });
            for (const auto& [member, vrps] : of_roa) {
                timeline.add(member, ExpiryKind::roa, authority.repository + std::string(point.name(object)),
                             object.not_after, vrps);
                of_point[member] += vrps;
            }
        }
        for (const auto& [member, vrps] : of_point) {
            timeline.add(member, ExpiryKind::manifest, authority.manifest, point.next_update, vrps);
            for (const Authority* above = &authority; above != nullptr; above = above->issuer.get())
                timeline.add(member, ExpiryKind::certificate, above->uri, above->not_after, vrps);
        }
    });
    return timeline.take();
}

}  // namespace quipu::rpki
