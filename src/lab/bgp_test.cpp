#include "lab/bgp.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/test_bgp.h"

namespace quipu::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

using Bgp = BgpTest;

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
    EXPECT_EQ(refused(hijack("2001:db8:1::/48", "quito")), "taken");
    EXPECT_EQ(refused(hijack("2001:db8::/32", "lima")), "invalid") << "its institution's is the member's";
    EXPECT_EQ(refused(hijack("::/0", "quito")), "invalid");
}

TEST_F(Bgp, HijacksAreBoundedAndARepetitionIsNone) {
    std::vector<Hijack> hijacks;
    HijackChange change{*net::Prefix::parse("2001:db8::/48"), "quito"};
    for (std::size_t i = 0; i < kMostHijacks; ++i) {
        change.prefix = *net::Prefix::parse(fmt::format("2001:db8:{:x}::/48", i));
        hijacks = *changed(bgp_, hijacks, change);
    }
    EXPECT_EQ(changed(bgp_, hijacks, change)->size(), kMostHijacks);
    change.prefix = *net::Prefix::parse("2001:db8:ffff::/48");
    EXPECT_EQ(changed(bgp_, hijacks, change).error().code, ErrorCode::too_large);
    change.prefix = hijacks.front().prefix;
    change.stop = true;
    EXPECT_EQ(changed(bgp_, hijacks, change)->size(), kMostHijacks - 1);
}

TEST_F(Bgp, ThePrefixOfWhoHoldsThePartIsThePartsHolders) {
    bgp_.accesses[0].prefixes.push_back(*net::Prefix::parse("192.0.0.0/16"));
    EXPECT_EQ(holder_of(bgp_, *net::Prefix::parse("192.0.2.0/25"))->site, "lima");
    EXPECT_EQ(holder_of(bgp_, *net::Prefix::parse("192.0.3.0/24"))->site, "panama");
    EXPECT_EQ(holder_of(bgp_, *net::Prefix::parse("10.0.0.0/8")), nullptr);
}

TEST_F(Bgp, ConfigurationsNameEachSession) {
    const std::string members =
        members_configuration(bgp_, {hijack("192.0.2.128/25", "quito"), hijack("2001:db8:1::/48", "panama")});
    EXPECT_THAT(members, HasSubstr("# raap at lima\nipv4 table routes1_4;\nprotocol static own1_4 {\n    ipv4 { table "
                                   "routes1_4; };\n    route 192.0.2.0/24 blackhole;\n}"));
    EXPECT_THAT(members, HasSubstr("table routes3_4; };\n    route 192.0.2.128/25 blackhole;\n}"));
    EXPECT_THAT(members, HasSubstr("ipv6 { table routes0_6; };\n    route 2001:db8:1::/48 blackhole;\n}"));
    EXPECT_THAT(members, Not(HasSubstr("routes3_6; };\n    route")));
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
