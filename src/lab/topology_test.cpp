#include "lab/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

namespace quipu::lab {
namespace {

using registry::Link;
using registry::Medium;
using registry::Site;

Site placed(std::string id, double latitude = 0, double longitude = 0) {
    Site s;
    s.id = std::move(id);
    s.name = s.id;
    s.pop = true;
    s.latitude = latitude;
    s.longitude = longitude;
    return s;
}
Link link(std::string id, std::string a, std::string b, std::optional<double> km = {}) {
    Link l;
    l.id = std::move(id);
    l.a = std::move(a);
    l.b = std::move(b);
    l.capacity = Bandwidth{622'080'000};
    if (km) l.length = Distance{*km * 1000};
    return l;
}

TEST(Delay, FollowsFromLengthAndMedium) {
    const Site a = placed("a"), b = placed("b");
    EXPECT_EQ(delay_of(link("l", "a", "b", 3000), a, b), std::chrono::milliseconds(15));
    Link radio = link("l", "a", "b", 300);
    radio.medium = Medium::radio;
    EXPECT_EQ(delay_of(radio, a, b), std::chrono::microseconds(1001));
    Link satellite = link("l", "a", "b");
    satellite.medium = Medium::satellite;
    EXPECT_NEAR(std::chrono::duration<double>(delay_of(satellite, a, b)).count(), 0.25, 0.01);
}

TEST(Delay, WithoutLengthFollowsFromTheGlobe) {
    // Santiago–São Paulo: 2,590 km on the globe.
    const Nanoseconds delay = delay_of(link("l", "a", "b"), placed("a", -33.45, -70.67), placed("b", -23.55, -46.63));
    EXPECT_NEAR(std::chrono::duration<double>(delay).count(), 2590 * 1.3 * 5e-6, 0.0002);
}

TEST(Plan, GivesEachEndItsOwnNamesAndAddresses) {
    Network network{"test", {}, {}};
    for (int i = 0; i < 200; ++i)
        network.sites.push_back(placed("site-" + std::to_string(i)));
    for (int i = 0; i < 200; ++i)
        for (int j = i + 1; j < std::min(i + 4, 200); ++j)
            network.links.push_back(link("a-rather-long-name-" + std::to_string(i) + "-" + std::to_string(j),
                                         "site-" + std::to_string(i), "site-" + std::to_string(j), 100));
    const auto plan = make_plan(network, "1a2b3c", 17);
    ASSERT_TRUE(plan) << plan.error().text();
    std::set<std::string> names, interfaces;
    std::set<net::IpAddress> addresses{plan->hub4, plan->hub6};
    for (const Node& node : plan->nodes) {
        EXPECT_LE(node.management_veth.size(), 15U);
        EXPECT_TRUE(names.insert(node.netns).second && names.insert(node.management_veth).second);
        for (const auto& address : {node.loopback4, node.loopback6, node.management4, node.management6})
            EXPECT_TRUE(addresses.insert(address).second) << address.text();
    }
    for (const Wire& wire : plan->wires) {
        EXPECT_LE(wire.interface.size(), 15U);
        EXPECT_TRUE(interfaces.insert(wire.interface).second);
        EXPECT_EQ(wire.impairment.delay, std::chrono::microseconds(500));
        EXPECT_EQ(wire.cost, 50U);
        EXPECT_TRUE(net::Prefix::create(wire.a4, 31)->contains(wire.b4));
        EXPECT_TRUE(net::Prefix::create(wire.a6, 127)->contains(wire.b6));
        for (const auto& address : {wire.a4, wire.b4, wire.a6, wire.b6})
            EXPECT_TRUE(addresses.insert(address).second) << address.text();
    }
    EXPECT_EQ(plan->hub4.text(), "10.255.17.1");
    EXPECT_EQ(plan->hub6.text(), "fd51:7569:7075:11::1");
    EXPECT_EQ(plan->nodes[0].loopback6.text(), "fd51:7569:7075:fe00::1");
}

TEST(Plan, CountsConnectedPairs) {
    Network network{"test", {placed("a"), placed("b"), placed("c"), placed("d")}, {}};
    network.links = {link("ab", "a", "b"), link("bc", "b", "c"), link("ca", "c", "a"), link("cd", "c", "d")};
    const auto plan = make_plan(network, "x", 1);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->connected_pairs({true, true, true, true}), 12U);
    EXPECT_EQ(plan->connected_pairs({false, true, true, true}), 12U);
    EXPECT_EQ(plan->connected_pairs({true, true, true, false}), 6U);
    EXPECT_EQ(plan->connected_pairs({false, false, false, false}), 0U);
}

TEST(Plan, RefusesWhatCannotBeBuilt) {
    EXPECT_EQ(make_plan({"empty", {}, {}}, "x", 1).error().code, ErrorCode::invalid);
    EXPECT_EQ(make_plan({"loop", {placed("a")}, {link("aa", "a", "a")}}, "x", 1).error().where, "link aa");
    Network huge{"huge", {}, {}};
    for (int i = 0; i < 241; ++i)
        huge.sites.push_back(placed("s" + std::to_string(i)));
    EXPECT_EQ(make_plan(huge, "x", 1).error().code, ErrorCode::too_large);
}

TEST(Plan, RouterAnnouncesItsLoopbackAndSpeaksOnItsLinksOnly) {
    Network network{
        "test", {placed("a"), placed("b"), placed("c")}, {link("ab", "a", "b", 1000), link("bc", "b", "c", 1)}};
    const auto plan = make_plan(network, "x", 1);
    ASSERT_TRUE(plan);
    const std::string text = bird_configuration(*plan, 0);
    EXPECT_THAT(text, testing::HasSubstr("router id 10.254.0.1;"));
    EXPECT_THAT(text, testing::HasSubstr("interface \"ab\" { type ptp; cost 500; hello 1; dead 5;"));
    EXPECT_THAT(text, testing::HasSubstr("krt_prefsrc = fd51:7569:7075:fe00::1"));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("\"bc\"")));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr(std::string(kManagement))));
}

TEST(Network, ReadsRedClaraOfNovember2011) {
    const auto day = parse_date("2011-11-28");
    const auto network = read_network(std::string(QUIPU_SOURCE_DIR) + "/networks/redclara-2011.toml", *day);
    ASSERT_TRUE(network) << network.error().text();
    EXPECT_EQ(network->name, "redclara-2011");
    EXPECT_GE(network->sites.size(), 10U);
    EXPECT_GE(network->links.size(), network->sites.size() - 1);
    const auto plan = make_plan(*network, "x", 1);
    ASSERT_TRUE(plan) << plan.error().text();
    EXPECT_EQ(plan->connected_pairs(std::vector<bool>(plan->wires.size(), true)),
              plan->nodes.size() * (plan->nodes.size() - 1));
    const auto wire = plan->find_wire("santiago-panama");
    ASSERT_TRUE(wire);
    EXPECT_EQ(plan->wires[*wire].impairment.delay, std::chrono::microseconds(31250));
    EXPECT_NE(plan->find_node("santiago"), nullptr);
}

TEST(Network, NamesFileAndFault) {
    EXPECT_EQ(read_network("no/such.toml", *parse_date("2011-01-01")).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace quipu::lab
