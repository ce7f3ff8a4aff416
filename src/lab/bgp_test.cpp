#include "lab/bgp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quipu::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

registry::Organisation organisation(std::string id, registry::OrganisationType type, std::string parent = {}) {
    registry::Organisation out;
    out.id = out.name = std::move(id);
    out.type = type;
    if (!parent.empty()) out.parent = std::move(parent);
    return out;
}
registry::Resource resource(std::string value, std::string owner) {
    registry::Resource out;
    out.value = std::move(value);
    out.organisation = std::move(owner);
    return out;
}
registry::Site site(std::string id, std::string owner) {
    registry::Site out;
    out.id = out.name = std::move(id);
    out.organisation = std::move(owner);
    out.pop = true;
    return out;
}

class Bgp : public testing::Test {
  protected:
    Bgp() {
        using enum registry::OrganisationType;
        network_.sites = {site("panama", "net"), site("lima", "raap"), site("cusco", "raap"), site("quito", "cedia")};
        add_members(network_,
                    {organisation("net", regional), organisation("raap", nren, "net"),
                     organisation("unmsm", institution, "raap"), organisation("cedia", nren, "net")},
                    {resource("64500", "net"), resource("64501", "raap"), resource("not a number", "cedia")},
                    {resource("192.0.2.0/24", "raap"), resource("2001:db8::/32", "unmsm"),
                     resource("198.51.100.0/24", "cedia"), resource("203.0.113.0/24", "net")});
        plan_ = *make_plan(network_, "t", 7);
        bgp_ = make_bgp_plan(network_, plan_);
    }
    static Hijack hijack(const char* prefix, const char* site) { return {*net::Prefix::parse(prefix), site}; }

    Network network_{"test", {}, {}};
    Plan plan_;
    BgpPlan bgp_;
};

TEST_F(Bgp, MembersAnnounceOnceWhatIsTheirsAndTheirInstitutions) {
    EXPECT_EQ(bgp_.as, 64500U);
    ASSERT_EQ(bgp_.accesses.size(), 4U);
    EXPECT_GE(bgp_.accesses[0].as, 4'200'000'000U) << "the network's own site has nobody of its own there";
    EXPECT_EQ(bgp_.accesses[1].as, 64501U);
    EXPECT_EQ(bgp_.accesses[1].prefixes.size(), 2U);
    EXPECT_EQ(bgp_.accesses[2].as, 64501U);
    EXPECT_TRUE(bgp_.accesses[2].prefixes.empty());
    EXPECT_TRUE(bgp_.accesses[3].prefixes.empty())
        << "without an AS number of its own it would be the network that announces";
}

TEST_F(Bgp, AHijackIsOfWhatAnotherAnnounces) {
    const auto refused = [&](const Hijack& one) {
        const auto checked = check_hijack(bgp_, one);
        return checked ? std::string("taken") : std::string(name_of(checked.error().code));
    };
    EXPECT_EQ(refused(hijack("192.0.2.0/24", "quito")), "taken");
    EXPECT_EQ(refused(hijack("192.0.2.128/25", "panama")), "taken");
    EXPECT_EQ(refused(hijack("192.0.2.0/24", "cusco")), "invalid") << "the same AS stands there";
    EXPECT_EQ(refused(hijack("192.0.2.0/23", "quito")), "invalid");
    EXPECT_EQ(refused(hijack("192.0.2.0/24", "nowhere")), "not-found");
}

TEST_F(Bgp, ConfigurationsNameEachSession) {
    const std::string members = members_configuration(bgp_, {hijack("192.0.2.128/25", "quito")});
    EXPECT_THAT(members, HasSubstr("# raap at lima\nipv4 table routes1_4;\nprotocol static own1_4 {\n    ipv4 { table "
                                   "routes1_4; };\n    route 192.0.2.0/24 blackhole;\n}"));
    EXPECT_THAT(members, HasSubstr("table routes3_4; };\n    route 192.0.2.128/25 blackhole;\n}"));
    const std::string open = bgp_configuration(plan_, bgp_, 1, false);
    EXPECT_THAT(open, HasSubstr("filter validated4 { accept; }"));
    EXPECT_THAT(open, HasSubstr("    local 10.252.0.2 as 64500;\n    neighbor 10.252.0.3 as 64501;"));
    EXPECT_THAT(open, HasSubstr("protocol bgp point3_6 {"));
    EXPECT_THAT(open, Not(HasSubstr("protocol bgp point1_")));
    const std::string validated = bgp_configuration(plan_, bgp_, 1, true);
    EXPECT_THAT(validated, Not(HasSubstr("filter validated4 {")));
    EXPECT_THAT(bird_configuration(plan_, 1, "router id 192.0.2.1;\nprotocol device { }\n"),
                Not(HasSubstr("scan time")));
}

}  // namespace
}  // namespace quipu::lab
