#include "services/rpki/origin/routing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "registry/test_registry.h"

namespace quipu::rpki {
namespace {

net::Prefix at(std::string_view text) {
    return *net::Prefix::parse(text);
}
std::vector<Route> sorted(std::vector<Route> routes) {
    std::ranges::sort(routes);
    return routes;
}

TEST(Routing, ToldWhatWouldMakeARouteValid) {
    const ValidityIndex vrps({vrp_of(at("10.0.0.0/8"), 64500, 16)});
    const Remedy shorter = remedy_of(vrps.explain({at("10.1.2.0/24"), 64500}));
    EXPECT_EQ(shorter.kind, RemedyKind::shorten);
    EXPECT_EQ(shorter.needed, vrp_of(at("10.1.2.0/24"), 64500, 24));
    EXPECT_EQ(remedy_of(vrps.explain({at("10.1.0.0/16"), 64501})).kind, RemedyKind::authorise);
    EXPECT_EQ(remedy_of(vrps.explain({at("10.1.2.0/24"), 64501})).kind, RemedyKind::authorise);
    EXPECT_EQ(remedy_of(vrps.explain({at("10.1.0.0/16"), {}})).kind, RemedyKind::no_origin);
    EXPECT_FALSE(remedy_of(vrps.explain({at("10.1.0.0/16"), {}})).needed);
    EXPECT_EQ(remedy_of(vrps.explain({at("10.1.0.0/16"), 64500})).kind, RemedyKind::none);
    // What is needed makes it valid: always.
    const Route route{at("10.1.2.0/24"), 64500};
    EXPECT_EQ(ValidityIndex({vrp_of(at("10.0.0.0/8"), 64500, 16), *shorter.needed}).validity(route), Validity::valid);
}

TEST(Routing, FindsRoasThatAllowMoreThanIsAnnounced) {
    const auto routes =
        sorted({{at("10.0.0.0/22"), 1}, {at("10.0.0.0/23"), 1}, {at("10.0.2.0/23"), 1}, {at("10.0.0.0/24"), 2}});
    EXPECT_FALSE(loose_vrp(vrp_of(at("10.0.0.0/22"), 1, 22), routes));
    EXPECT_FALSE(loose_vrp(vrp_of(at("10.0.0.0/22"), 1, 23), routes));
    const auto loose = loose_vrp(vrp_of(at("10.0.0.0/22"), 1, 24), routes);
    ASSERT_TRUE(loose);
    EXPECT_EQ(loose->announced.size(), 3U);
    EXPECT_TRUE(loose_vrp(vrp_of(at("2001:db8::/32"), 1, 128), routes));
    EXPECT_FALSE(loose_vrp(vrp_of(at("10.0.0.0/22"), 0, 24), routes));
}

TEST(Routing, CountsPerMember) {
    const Members members(std::vector<Members::Member>{
        {.id = "reuna", .name = "REUNA", .prefixes = {at("10.0.0.0/16"), at("192.0.2.0/24")}, .as_numbers = {64500}},
        {.id = "rnp", .name = "RNP", .prefixes = {at("10.0.5.0/24")}, .as_numbers = {64501}}});
    const ValidityIndex vrps({vrp_of(at("10.0.0.0/16"), 64500, 24)});
    const auto routes = sorted({{at("10.0.0.0/16"), 64500},
                                {at("10.0.1.0/24"), 666},
                                {at("10.0.5.0/24"), 64501},
                                {at("172.16.0.0/16"), 64500},
                                {at("11.0.0.0/8"), 7}});
    const auto found = routing_of(members, routes, vrps);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].member, "reuna");
    EXPECT_EQ(found[0].prefixes, 2);
    EXPECT_EQ(found[0].silent, 1);
    EXPECT_EQ(found[0].announced, 3);
    EXPECT_EQ(found[0].covered, 2);
    EXPECT_EQ(found[0].valid, 1);
    EXPECT_EQ(found[0].invalid, 1);
    EXPECT_EQ(found[0].not_found, 1);
    EXPECT_EQ(found[0].routes[0].origin, 666U);
    EXPECT_EQ(found[0].routes[0].reason, "as");
    ASSERT_EQ(found[0].loose.size(), 1U);
    EXPECT_EQ(found[0].loose[0].announced, std::vector{at("10.0.0.0/16")});
    EXPECT_EQ(found[1].announced, 1);
    EXPECT_EQ(found[1].invalid, 1);
    EXPECT_TRUE(found[1].loose.empty());
}

TEST(Routing, ForeseesWhatARoaChanges) {
    const ValidityIndex vrps({vrp_of(at("10.0.0.0/16"), 64500, 16)});
    const auto routes = sorted(
        {{at("10.0.0.0/16"), 64500}, {at("10.0.1.0/24"), 64500}, {at("10.1.0.0/16"), 9}, {at("10.2.0.0/16"), 64500}});
    const RoaWhatIf one = roa_what_if(routes, vrps, {.add = {vrp_of(at("10.0.0.0/8"), 64500, 24)}, .remove = {}});
    EXPECT_EQ(one.touched, 4);
    EXPECT_EQ(one.become_valid, 2);
    EXPECT_EQ(one.become_invalid, 1);
    ASSERT_EQ(one.changes.size(), 3U);
    EXPECT_EQ(one.changes[0].prefix, at("10.1.0.0/16"));
    EXPECT_EQ(one.changes[0].before, Validity::not_found);
    EXPECT_EQ(one.loose.size(), 1U);
    const RoaWhatIf gone = roa_what_if(routes, vrps, {.add = {}, .remove = {vrp_of(at("10.0.0.0/16"), 64500, 16)}});
    EXPECT_EQ(gone.become_not_found, 2);
}

// What is foreseen is what then is.
TEST(Routing, WhatIfIsWhatThenHappens) {
    Rng rng(11);
    const auto some_prefix = [&] {
        const int length = 8 + static_cast<int>(rng.below(9));
        return *net::Prefix::create(
            net::IpAddress::v4(static_cast<std::uint32_t>(10U << 24U | rng.below(4) << 22U | rng.below(4) << 14U)),
            length);
    };
    const auto some_vrp = [&] {
        const net::Prefix prefix = some_prefix();
        return vrp_of(prefix, static_cast<Asn>(rng.below(4)), prefix.length() + static_cast<int>(rng.below(4)));
    };
    for (int round = 0; round < 200; ++round) {
        std::vector<Vrp> before;
        for (int i = 0; i < 6; ++i)
            before.push_back(some_vrp());
        RoaChange change{.add = {some_vrp(), some_vrp()}, .remove = {before[rng.below(before.size())]}};
        std::vector<Vrp> after = before;
        std::erase(after, change.remove[0]);
        after.insert(after.end(), change.add.begin(), change.add.end());
        std::vector<Route> routes;
        for (int i = 0; i < 60; ++i)
            routes.push_back({some_prefix(), static_cast<Asn>(rng.below(4))});
        routes = sorted(routes);
        routes.erase(std::ranges::unique(routes).begin(), routes.end());
        const ValidityIndex old_index(before);
        const ValidityIndex new_index(after);
        const RoaWhatIf foreseen = roa_what_if(routes, old_index, change);
        std::size_t changed = 0;
        for (const Route& route : routes)
            if (old_index.validity(route) != new_index.validity(route)) {
                ++changed;
                EXPECT_TRUE(std::ranges::any_of(foreseen.changes, [&](const StateChange& one) {
                    return one.prefix == route.prefix && one.origin == route.origin &&
                           one.after == new_index.validity(route);
                }));
            }
        EXPECT_EQ(foreseen.changes.size(), changed);
    }
}

class MembersOfTheRegistry : public registry::RegistryTest {};

TEST_F(MembersOfTheRegistry, AreThoseWhoHoldNumbers) {
    must_import(R"(
[[organisations]]
type = "nren"
id = "reuna"
name = "REUNA"
[[organisations]]
type = "nren"
id = "cudi"
name = "CUDI"
[[organisations]]
type = "nren"
id = "uchile"
name = "Universidad de Chile"
parent = "reuna"
[[prefixes]]
value = "200.0.204.0/22"
organisation = "reuna"
[[prefixes]]
value = "200.0.206.0/24"
organisation = "uchile"
[[as_numbers]]
value = "11340"
organisation = "reuna"
)");
    const Members members(*registry_->now());
    ASSERT_EQ(members.all().size(), 2U);
    EXPECT_EQ(members.find("cudi"), nullptr);
    EXPECT_EQ(members.find("reuna")->as_numbers, std::vector<Asn>{11340});
    EXPECT_EQ(members.holder_of(at("200.0.206.128/25"))->name, "Universidad de Chile");
    EXPECT_EQ(members.holder_of(at("200.0.204.0/23"))->id, "reuna");
    EXPECT_EQ(members.holder_of(at("200.0.200.0/21")), nullptr);
    std::vector<std::string> concerned;
    members.for_each_concerned(at("200.0.206.0/24"), 11340,
                               [&](const Members::Member& m) { concerned.push_back(m.id); });
    EXPECT_EQ(concerned, (std::vector<std::string>{"uchile", "reuna"}));
}

}  // namespace
}  // namespace quipu::rpki
