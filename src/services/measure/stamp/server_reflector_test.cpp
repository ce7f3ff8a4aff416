#include "services/measure/stamp/server_reflector.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace quipu::stamp {
namespace {

TEST(ReflectorServer, WhoChoosesPortsDoesNotGetThemAll) {
    const SystemClock clock;
    const auto server = *ReflectorServer::start({}, {}, Nanoseconds::zero(), clock);
    const net::IpAddress here = *net::IpAddress::parse("127.0.0.1");
    const auto any = server->reserve({here, 0});
    ASSERT_TRUE(any) << any.error().text();
    std::size_t got = 0;
    Result<ReflectorServer::Place> last = *any;
    for (std::uint16_t port = 20'000; port < 30'000 && (last || last.error().code != ErrorCode::exhausted); ++port) {
        last = server->reserve({here, port});
        if (last) ++got;
    }
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().code, ErrorCode::exhausted) << last.error().text();
    EXPECT_EQ(got, 64U);
    // One that is there is given again, and so is a port of our choice.
    const auto again = server->reserve({here, 0});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->port, any->port);
    EXPECT_TRUE(server->reserve({here, 0}, 46)) << "another DSCP";
}

TEST(ReflectorServer, WhoHasManySessionsFromOnePortDoesNotGetAllPorts) {
    const SystemClock clock;
    const auto server = *ReflectorServer::start({}, {}, Nanoseconds::zero(), clock);
    const net::IpAddress here = *net::IpAddress::parse("127.0.0.1");
    std::vector<std::uint32_t> taken{server->reserve({here, 0})->socket};
    for (auto place = server->reserve({here, 0}, 0, taken); place; place = server->reserve({here, 0}, 0, taken)) {
        EXPECT_EQ(std::ranges::count(taken, place->socket), 0);
        taken.push_back(place->socket);
    }
    EXPECT_EQ(taken.size(), 65U);
    EXPECT_EQ(server->reserve({here, 0})->socket, taken[0]);
    EXPECT_TRUE(server->reserve({here, 0}, 46)) << "another DSCP";
}

TEST(ReflectorServer, WhoExceptsSomeGetsAnyOtherThatIsThere) {
    const SystemClock clock;
    const auto server = *ReflectorServer::start({}, {}, Nanoseconds::zero(), clock);
    const net::IpAddress here = *net::IpAddress::parse("127.0.0.1");
    std::vector<std::uint32_t> there;
    for (std::uint16_t port = 20'000; port < 30'000 && there.size() < 64; ++port)
        if (const auto place = server->reserve({here, port})) there.push_back(place->socket);
    ASSERT_EQ(there.size(), 64U);
    std::vector<std::uint32_t> taken{there[0]};
    while (taken.size() < there.size()) {
        const auto place = server->reserve({here, 0}, 0, taken);
        ASSERT_TRUE(place) << place.error().text();
        EXPECT_EQ(std::ranges::count(there, place->socket), 1);
        EXPECT_EQ(std::ranges::count(taken, place->socket), 0);
        taken.push_back(place->socket);
    }
    EXPECT_EQ(std::ranges::count(there, server->reserve({here, 0}, 46, there)->socket), 0) << "another DSCP";
}

TEST(ReflectorServer, KeepsToItsPorts) {
    const SystemClock clock;
    const net::IpAddress here = *net::IpAddress::parse("127.0.0.1");
    const auto free = net::UdpSocket::bind({here, 0}, {});
    const std::uint16_t taken = free->local().port;
    const net::PortRange ports{taken, static_cast<std::uint16_t>(taken + 20)};
    const auto server = *ReflectorServer::start({}, {}, Nanoseconds::zero(), clock, ports);
    const auto other = server->reserve({here, 9});
    ASSERT_TRUE(other) << other.error().text();
    EXPECT_GT(other->port, ports.first);
    EXPECT_LE(other->port, ports.last);
    EXPECT_EQ(server->reserve({here, 0})->port, other->port);
}

}  // namespace
}  // namespace quipu::stamp
