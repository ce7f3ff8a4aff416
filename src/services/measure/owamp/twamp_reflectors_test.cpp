#include "services/measure/owamp/twamp_reflectors.h"

#include <gtest/gtest.h>
#include <set>

namespace quipu::owamp {
namespace {

TEST(TwampReflectors, OnePortHasOneSessionOfAPeerAndOthersTheirOwn) {
    const SystemClock clock;
    const auto server = *stamp::ReflectorServer::start({}, {}, Nanoseconds::zero(), clock);
    TwampReflectors reflectors(*server);
    const net::IpAddress here = *net::IpAddress::parse("127.0.0.1");
    const net::Endpoint peer{here, 7000};
    const auto one = reflectors.reserve(here, 0, 0, peer);
    ASSERT_TRUE(one) << one.error().text();
    const auto again = reflectors.reserve(here, 0, 0, peer);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::conflict);
    EXPECT_EQ(reflectors.reserve(here, 0, 0, {here, 7001})->port, one->port) << "another peer";
    const auto two = reflectors.reserve_elsewhere(here, 0, peer);
    ASSERT_TRUE(two) << two.error().text();
    EXPECT_NE(two->port, one->port);
    const auto three = reflectors.reserve_elsewhere(here, 0, peer);
    ASSERT_TRUE(three) << three.error().text();
    EXPECT_NE(three->port, one->port);
    EXPECT_NE(three->port, two->port);
    // What was ended is taken again, before there is one port more.
    reflectors.stop(*two, peer);
    EXPECT_EQ(reflectors.reserve_elsewhere(here, 0, peer)->port, two->port);
    reflectors.stop(*one, peer);
    EXPECT_EQ(reflectors.reserve(here, 0, 0, peer)->port, one->port);
}

// twping asks for a port of its own choice each time, and sockets stay.
TEST(TwampReflectors, AfterManyPortsThereIsStillAnother) {
    const SystemClock clock;
    const auto server = *stamp::ReflectorServer::start({}, {}, Nanoseconds::zero(), clock);
    TwampReflectors reflectors(*server);
    const net::IpAddress here = *net::IpAddress::parse("127.0.0.1");
    const net::Endpoint peer{here, 7000}, other{here, 7001};
    std::set<std::uint16_t> ports;
    for (std::uint16_t port = 20'000; port < 30'000 && ports.size() < 64; ++port) {
        const auto place = reflectors.reserve(here, port, 0, peer);
        if (!place) continue;  // somebody has the port, and the peer the one instead of it
        ports.insert(place->port);
        reflectors.stop(*place, peer);
    }
    ASSERT_EQ(ports.size(), 64U);
    const auto one = reflectors.reserve(here, *ports.begin(), 0, peer);
    ASSERT_TRUE(one) << one.error().text();
    ASSERT_FALSE(reflectors.reserve(here, *ports.begin(), 0, peer)) << "it runs";
    const auto two = reflectors.reserve_elsewhere(here, 0, peer);
    ASSERT_TRUE(two) << two.error().text();
    EXPECT_NE(two->port, one->port);
    EXPECT_TRUE(ports.contains(two->port)) << "one that is there";
    const auto three = reflectors.reserve_elsewhere(here, 0, peer);
    ASSERT_TRUE(three) << three.error().text();
    EXPECT_NE(three->port, one->port);
    EXPECT_NE(three->port, two->port);
    EXPECT_TRUE(reflectors.reserve_elsewhere(here, 46, peer)) << "another DSCP";
    EXPECT_TRUE(reflectors.reserve_elsewhere(here, 0, other)) << "another peer";
}

}  // namespace
}  // namespace quipu::owamp
