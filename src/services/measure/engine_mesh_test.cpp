#include "services/measure/engine_mesh.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>

namespace quipu::measure {
namespace {

MeshPoint point(std::string site, std::vector<std::string_view> addresses) {
    MeshPoint out{.site = std::move(site), .addresses = {}};
    for (const auto text : addresses)
        out.addresses.push_back(*net::IpAddress::parse(text));
    return out;
}

TEST(Mesh, EveryOrderedPairHasASenderAndAReceiverThatAgree) {
    std::vector<MeshPoint> points;
    for (int i = 0; i < 13; ++i)
        points.push_back(point("site-" + std::to_string(i), {"10.0.0." + std::to_string(i + 1)}));
    const auto mesh = mesh_of(points);
    std::map<std::string, Assignment> all;
    for (const auto& p : mesh)
        all[p.site] = assignment_for(mesh, p.site, {});
    std::size_t sessions = 0;
    for (const auto& [from, assignment] : all) {
        EXPECT_EQ(assignment.send.size(), 12U);
        for (const auto& session : assignment.send) {
            ++sessions;
            const auto& other = all.at(session.site).receive;
            const auto match = std::ranges::find(other, from, &AssignedSession::site);
            ASSERT_NE(match, other.end());
            EXPECT_EQ(match->schedule(), session.schedule());
            EXPECT_EQ(session.address.address, std::ranges::find(mesh, session.site, &MeshPoint::site)->addresses[0]);
        }
    }
    EXPECT_EQ(sessions, 13U * 12U);
}

TEST(Mesh, PointsMeetOverAFamilyThatBothHave) {
    const auto mesh = mesh_of({point("a", {"2001:db8::1"}), point("b", {"10.0.0.2", "2001:db8::2"}),
                               point("c", {"10.0.0.3"}), point("d", {})});
    EXPECT_EQ(mesh.size(), 3U);
    const auto a = assignment_for(mesh, "a", {});
    ASSERT_EQ(a.send.size(), 1U);
    EXPECT_TRUE(a.send[0].address.address.is_v6());
    EXPECT_EQ(assignment_for(mesh, "b", {}).send.size(), 2U);
    EXPECT_TRUE(assignment_for(mesh, "elsewhere", {}).send.empty());
}

TEST(Mesh, AnAssignmentSurvivesItsJson) {
    const auto mesh = mesh_of({point("a", {"10.0.0.1"}), point("b", {"10.0.0.2"})});
    const auto assignment = assignment_for(mesh, "a", {});
    const auto back = read<Assignment>(*parse_json(to_json(to_value(assignment))));
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(*back, assignment);
}

}  // namespace
}  // namespace quipu::measure
