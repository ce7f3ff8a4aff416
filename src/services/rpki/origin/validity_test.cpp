#include "services/rpki/origin/validity.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/value.h"

namespace quipu::rpki {
namespace {

net::Prefix prefix(std::string_view text) {
    return *net::Prefix::parse(text);
}
Vrp vrp(std::string_view text, int max_length, Asn as) {
    return vrp_of(prefix(text), as, max_length);
}
Route route(std::string_view text, std::optional<Asn> origin) {
    return {prefix(text), origin};
}

TEST(Validity, FollowsRfc6811) {
    const ValidityIndex index({vrp("10.0.0.0/8", 16, 64500), vrp("10.1.0.0/16", 16, 64501), vrp("10.1.2.0/24", 28, 0),
                               vrp("2001:db8::/32", 48, 64500)});
    EXPECT_EQ(index.validity(route("10.0.0.0/8", 64500)), Validity::valid);
    EXPECT_EQ(index.validity(route("10.9.0.0/16", 64500)), Validity::valid);
    EXPECT_EQ(index.validity(route("10.9.9.0/24", 64500)), Validity::invalid);
    EXPECT_EQ(index.validity(route("10.1.0.0/16", 64501)), Validity::valid);
    EXPECT_EQ(index.validity(route("10.1.0.0/16", 64500)), Validity::valid);
    EXPECT_EQ(index.validity(route("10.1.0.0/16", 64502)), Validity::invalid);
    EXPECT_EQ(index.validity(route("0.0.0.0/0", 64500)), Validity::not_found);
    EXPECT_EQ(index.validity(route("8.0.0.0/6", 64500)), Validity::not_found);
    EXPECT_EQ(index.validity(route("11.0.0.0/8", 64500)), Validity::not_found);
    EXPECT_EQ(index.validity(route("2001:db8:1::/48", 64500)), Validity::valid);
    EXPECT_EQ(index.validity(route("2001:db8:1::/49", 64500)), Validity::invalid);
    // The bits of 10.1.0.0, the other family.
    EXPECT_EQ(index.validity(route("a01::/16", 64501)), Validity::not_found);
}

TEST(Validity, NothingMatchesAsZeroOrARouteWithoutOrigin) {
    const ValidityIndex index({vrp("10.1.2.0/24", 28, 0), vrp("10.2.0.0/16", 24, 64500)});
    EXPECT_EQ(index.validity(route("10.1.2.0/24", 0)), Validity::invalid);
    EXPECT_EQ(index.explain(route("10.1.2.0/24", 0)).validity, Validity::invalid);
    EXPECT_EQ(index.validity(route("10.2.0.0/16", std::nullopt)), Validity::invalid);
    EXPECT_EQ(index.validity(route("10.3.0.0/16", std::nullopt)), Validity::not_found);
}

TEST(Validity, AnEmptyIndexFindsNothing) {
    EXPECT_EQ(ValidityIndex().validity(route("10.0.0.0/8", 1)), Validity::not_found);
    EXPECT_EQ(ValidityIndex().explain(route("10.0.0.0/8", 1)).reason(), "");
}

TEST(Validity, AnswersAsRoutinatorDoes) {
    const ValidityIndex index({vrp("93.175.147.0/24", 24, 196615), vrp("93.175.0.0/16", 20, 12654)});
    const Explanation found = index.explain(route("93.175.147.0/24", 12654));
    EXPECT_EQ(validity_json(found, *parse_time("2024-05-01T00:00:00.5Z")), R"({
  "validated_route": {
    "route": {
      "origin_asn": "AS12654",
      "prefix": "93.175.147.0/24"
    },
    "validity": {
      "state": "invalid",
      "reason": "as",
      "description": "At least one VRP Covers the Route Prefix, but no VRP ASN matches the route origin ASN",
      "VRPs": {
        "matched": [
        ],
        "unmatched_as": [
          {
            "asn": "AS196615",
            "prefix": "93.175.147.0/24",
            "max_length": "24"
          }
        ],
        "unmatched_length": [
          {
            "asn": "AS12654",
            "prefix": "93.175.0.0/16",
            "max_length": "20"
          }
        ]
      }
    }
  },
  "generatedTime": "2024-05-01T00:00:00Z"
}
)");
    EXPECT_EQ(index.explain(route("93.175.0.0/21", 12654)).reason(), "length");
    EXPECT_EQ(index.explain(route("93.0.0.0/8", 12654)).description(), "No VRP Covers the Route Prefix");
    const std::vector<Explanation> both = {found, index.explain(route("93.0.0.0/8", 1))};
    const auto parsed = parse_json(validity_json(both, Time{}));
    ASSERT_TRUE(parsed) << parsed.error().text();
    EXPECT_EQ(parsed->find("validated_routes")->if_array()->size(), 2U);
    EXPECT_TRUE(parse_json(validity_json(std::span<const Explanation>(), Time{})));
}

// What holds always: the batch, the single question, the explanation and a search through all VRPs agree.
TEST(Validity, AgreesWithASearchThroughAll) {
    Rng rng(7);
    for (int round = 0; round < 30; ++round) {
        std::vector<Vrp> vrps;
        const auto some_prefix = [&](bool v6) {
            // Few bits vary, so that prefixes nest.
            const int length = static_cast<int>(rng.below(v6 ? 129 : 33));
            std::array<std::uint8_t, 16> octets{};
            for (auto& octet : octets)
                octet = static_cast<std::uint8_t>(rng.below(2) * 0x80U + rng.below(2));
            const net::IpAddress address =
                v6 ? net::IpAddress::v6(octets)
                   : net::IpAddress::v4(static_cast<std::uint32_t>(octets[0]) << 24U |
                                        static_cast<std::uint32_t>(octets[1]) << 16U | octets[2]);
            return *net::Prefix::create(address, length);
        };
        for (int i = 0; i < 200; ++i) {
            const net::Prefix at = some_prefix(rng.below(2) == 0);
            const auto room = static_cast<std::uint64_t>(at.address().width() - at.length());
            vrps.push_back(
                vrp_of(at, static_cast<Asn>(rng.below(5)), at.length() + static_cast<int>(rng.below(room + 1))));
        }
        const ValidityIndex index(vrps);
        std::vector<Route> routes;
        for (int i = 0; i < 700; ++i) {
            Route one{some_prefix(rng.below(2) == 0), static_cast<Asn>(rng.below(5))};
            if (rng.below(10) == 0) one.origin.reset();
            routes.push_back(one);
        }
        std::vector<Validity> answers(routes.size());
        index.validity(routes, answers);
        for (std::size_t i = 0; i < routes.size(); ++i) {
            Validity expected = Validity::not_found;
            for (const Vrp& one : vrps) {
                if (!one.prefix().contains(routes[i].prefix)) continue;
                const bool matches = routes[i].origin && *routes[i].origin != 0 && one.as == *routes[i].origin &&
                                     routes[i].prefix.length() <= one.max_length;
                if (matches) expected = Validity::valid;
                if (expected != Validity::valid) expected = Validity::invalid;
            }
            ASSERT_EQ(answers[i], expected) << routes[i].prefix.text();
            ASSERT_EQ(index.validity(routes[i]), expected);
            ASSERT_EQ(index.explain(routes[i]).validity, expected);
        }
    }
}

TEST(Validity, ReadsRoutes) {
    const auto plain = parse_routes("# ours\n 192.0.2.0/24 => AS64496 # here\n\n2001:db8::/32 => 64497\r\n", "routes");
    ASSERT_TRUE(plain) << plain.error().text();
    EXPECT_EQ(*plain, (std::vector<Route>{route("192.0.2.0/24", 64496), route("2001:db8::/32", 64497)}));
    const auto json = parse_routes(
        R"({"routes": [{"prefix": "192.0.2.0/24", "asn": "AS64496"}, {"prefix": "10.0.0.0/8", "asn": 5}]})", "r");
    ASSERT_TRUE(json) << json.error().text();
    EXPECT_EQ(json->at(1).origin, 5U);
    EXPECT_EQ(parse_routes("10.0.0.0/8\n", "f").error().where, "f:1");
    EXPECT_EQ(parse_routes("\n10.0.0.0/33 => AS5\n", "f").error().where, "f:2");
    EXPECT_FALSE(parse_routes("10.0.0.0/8 => AS4294967296", "f"));
    EXPECT_FALSE(parse_routes(R"({"routes": 5})", "f"));
    EXPECT_EQ(parse_routes(R"({"routes": [{"prefix": "x", "asn": 5}]})", "f").error().where, "f:1: routes[0].prefix");
}

TEST(Validity, ReadsWhatValidatorsWrite) {
    const std::vector<Vrp> expected = {vrp("10.0.0.0/8", 16, 64500), vrp("2001:db8::/32", 32, 64501)};
    EXPECT_EQ(*parse_vrps(
                  "ASN,IP Prefix,Max Length,Trust Anchor\nAS64501,2001:db8::/32,32,x\nAS64500,10.0.0.0/8,16,x\n", "f"),
              expected);
    EXPECT_EQ(
        *parse_vrps("\"ASN\",\"IP Prefix\",\"Max Length\",\"Trust Anchor\"\n\"64500\",\"10.0.0.0/8\",\"16\",\"x\"\n"
                    "\"64501\",\"2001:db8::/32\",\"32\",\"x\"\n",
                    "f"),
        expected);
    EXPECT_EQ(*parse_vrps("URI,ASN,IP Prefix,Max Length,Not Before,Not After\nrsync://a/b,AS64500,10.0.0.0/8,16,a,b\n"
                          "rsync://a/b,AS64501,2001:db8::/32,,a,b\n",
                          "f"),
              expected);
    EXPECT_EQ(*parse_vrps(R"({"roas": [{"asn": "AS64500", "prefix": "10.0.0.0/8", "maxLength": 16, "ta": "x"},
                                       {"asn": 64501, "prefix": "2001:db8::/32", "maxLength": 32}]})",
                          "f"),
              expected);
    EXPECT_EQ(parse_vrps("AS1,10.0.0.0/8,7", "f").error().where, "f:1");
    EXPECT_FALSE(parse_vrps("AS1,10.0.0.0/8,33", "f"));
    EXPECT_FALSE(parse_vrps("AS1,10.0.0.0/8,x", "f"));
    EXPECT_FALSE(parse_vrps("{}", "f"));
}

}  // namespace
}  // namespace quipu::rpki
