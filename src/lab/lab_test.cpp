// The lab as a whole, with real namespaces, real routers and real packets. Needs root; without it each test is a skip
// that says so. Nothing here is decided by speed: lower bounds of delays are exact, and what takes its time is waited
// for.

#include "lab/lab.h"

#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lab/control.h"
#include "lab/netns.h"

namespace quipu::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;

registry::Site site(std::string id) {
    registry::Site s;
    s.id = s.name = std::move(id);
    s.pop = true;
    return s;
}
registry::Link link(std::string id, std::string a, std::string b, double km) {
    registry::Link l;
    l.id = std::move(id);
    l.a = std::move(a);
    l.b = std::move(b);
    l.length = Distance{km * 1000};
    l.capacity = Bandwidth{1'000'000'000};
    return l;
}
// Four points in a ring. From a to b: 5 ms straight, 25 ms the other way round.
Network ring() {
    return {"ring",
            {site("a"), site("b"), site("c"), site("d")},
            {link("a-b", "a", "b", 1000), link("b-c", "b", "c", 1000), link("c-d", "c", "d", 1000),
             link("d-a", "d", "a", 3000)}};
}

// A UDP socket inside a namespace; datagrams carry the time of their sending.
class Point {
  public:
    explicit Point(const Node& node) {
        ready = in_namespace(netns_path(node.netns), [&]() -> Result<void> {
            socket_ = Descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
            sockaddr_in any{};
            any.sin_family = AF_INET;
            any.sin_port = htons(4000);
            if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) != 0)
                return fail_errno(errno, "binding");
            return {};
        });
    }
    void send(const net::IpAddress& to) const {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(4000);
        address.sin_addr.s_addr = htonl(to.to_v4());
        const std::int64_t now = SteadyClock::now().time_since_epoch().count();
        ::sendto(socket_.get(), &now, sizeof(now), 0, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    }
    /// How long the next datagram was under way; nothing if none comes within the limit.
    [[nodiscard]] std::optional<Nanoseconds> receive(milliseconds limit) const {
        pollfd waiting{socket_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
        std::int64_t sent = 0;
        if (::recv(socket_.get(), &sent, sizeof(sent), 0) != sizeof(sent)) return std::nullopt;
        return Nanoseconds(SteadyClock::now().time_since_epoch().count() - sent);
    }
    Result<void> ready;

  private:
    Descriptor socket_;
};

// Sends until a datagram that was under way for at least `least` arrives.
bool arrives(const Point& from, const Point& to, const net::IpAddress& address, Nanoseconds least, Nanoseconds most) {
    const auto end = SteadyClock::now() + seconds(60);
    while (SteadyClock::now() < end) {
        from.send(address);
        const auto delay = to.receive(milliseconds(200));
        if (delay && *delay >= least && *delay < most) return true;
    }
    return false;
}

class LabOnThisMachine : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto possible = can_make_namespaces(); !possible)
            GTEST_SKIP() << "no lab can be built here: " << possible.error().text();
        folder_ = (std::filesystem::temp_directory_path() / ("quipu-lab-test-" + std::to_string(::getpid()))).string();
    }
    void TearDown() override {
        if (folder_.empty()) return;
        EXPECT_TRUE(Lab::clean_up_after_crash(folder_));
        EXPECT_FALSE(std::filesystem::exists(folder_));
    }
    [[nodiscard]] static bool nothing_left(const Plan& plan) {
        bool left = netns_exists(plan.wires_netns) || ::if_nametoindex(plan.bridge.c_str()) != 0;
        for (const Node& node : plan.nodes)
            left = left || netns_exists(node.netns) || ::if_nametoindex(node.management_veth.c_str()) != 0;
        return !left;
    }
    std::string folder_;
};

TEST_F(LabOnThisMachine, ImposesDelayAndLossAndRoutesRoundAFailure) {
    auto up = Lab::up(ring(), {.runtime = folder_});
    ASSERT_TRUE(up) << up.error().text();
    Lab& lab = **up;
    const Plan plan = lab.plan();
    const auto routed = lab.wait_for_routing(seconds(60));
    ASSERT_TRUE(routed) << routed.error().text();

    const Point a(plan.nodes[0]), b(plan.nodes[1]);
    ASSERT_TRUE(a.ready && b.ready);
    const net::IpAddress straight = plan.wires[0].b4, loopback = plan.nodes[1].loopback4;
    constexpr Nanoseconds kLong = seconds(10);
    EXPECT_TRUE(arrives(a, b, loopback, milliseconds(5), milliseconds(25)));

    LabClient client(folder_);  // as the command line does it, from outside
    LinkChange change;
    change.delay_us = 40'000;
    change.direction = Directions::forward;
    ASSERT_TRUE(client.set_link("a-b", change, "test"));
    EXPECT_TRUE(arrives(a, b, straight, milliseconds(40), kLong));
    EXPECT_TRUE(arrives(b, a, plan.wires[0].a4, milliseconds(5), milliseconds(40)));

    // Half of 400 datagrams are lost: within five deviations.
    change = LinkChange{};
    change.loss = 0.5;
    change.delay_us = 1000;
    ASSERT_TRUE(client.set_link("a-b", change, "test"));
    while (b.receive(milliseconds(200))) {
    }
    const auto before = lab.status()->links[0].forward.lost;
    int received = 0;
    for (int i = 0; i < 400; ++i) {
        a.send(straight);
        received += b.receive(milliseconds(i % 50 == 49 ? 100 : 0)) ? 1 : 0;
    }
    while (b.receive(milliseconds(200)))
        ++received;
    EXPECT_NEAR(received, 200, 5 * std::sqrt(400 * 0.25));
    EXPECT_GE(lab.status()->links[0].forward.lost - before, 400 - received);

    change = LinkChange{};
    change.loss = 0;
    change.delay_us = 5000;
    change.state = LinkState::down;
    ASSERT_TRUE(client.set_link("a-b", change, "test"));
    EXPECT_TRUE(arrives(a, b, loopback, milliseconds(25), kLong)) << "routing did not go the other way round";
    change = LinkChange{};
    change.state = LinkState::up;
    ASSERT_TRUE(client.set_link("a-b", change, "test"));
    EXPECT_TRUE(arrives(a, b, loopback, milliseconds(5), milliseconds(25))) << "routing did not come back";

    const auto status = client.status();
    ASSERT_TRUE(status) << status.error().text();
    for (const LinkStatus& l : status->links)
        for (const DirectionStatus& way : {l.forward, l.backward})
            EXPECT_LE(way.delivered + way.dropped, way.frames + way.duplicated) << l.id;
    for (const NodeStatus& node : status->nodes)
        EXPECT_EQ(node.state, "running") << node.site;

    EXPECT_EQ(Lab::up(ring(), {.runtime = folder_}).error().code, ErrorCode::conflict);
    const auto down = lab.down();
    EXPECT_TRUE(down) << down.error().text();
    EXPECT_TRUE(nothing_left(plan));
    EXPECT_FALSE(std::filesystem::exists(folder_));
}

TEST_F(LabOnThisMachine, TwoLabsStandSideBySideAndAnAgentRunsAtItsSite) {
    const Network pair{"pair", {site("a"), site("b")}, {link("a-b", "a", "b", 100)}};
    auto first = Lab::up(pair, {.runtime = folder_});
    ASSERT_TRUE(first) << first.error().text();
    auto second = Lab::up(pair, {.runtime = folder_ + "-second"});
    ASSERT_TRUE(second) << second.error().text();
    EXPECT_NE((*first)->plan().hub4, (*second)->plan().hub4);
    EXPECT_TRUE((*first)->wait_for_routing(seconds(60)));
    EXPECT_TRUE((*second)->wait_for_routing(seconds(60)));

    const std::string output = folder_ + "/agent.log";
    ASSERT_TRUE((*first)->spawn("a", {"sh", "-c", "ip -o link show a-b; exec sleep 1000"}, output));
    EXPECT_EQ((*first)->spawn("nowhere", {"true"}, "").error().code, ErrorCode::not_found);
    const auto agent = (*first)->agent_state("a");
    ASSERT_TRUE(agent);
    EXPECT_TRUE(agent->running);
    const auto end = SteadyClock::now() + seconds(30);
    while (std::filesystem::file_size(output) == 0 && SteadyClock::now() < end)
        std::this_thread::yield();
    EXPECT_GT(std::filesystem::file_size(output), 0U);
    EXPECT_EQ((*first)->status()->nodes[0].agent, "running");
    std::filesystem::remove(output);

    const Plan plan = (*first)->plan();
    EXPECT_TRUE((*first)->down());
    EXPECT_TRUE(nothing_left(plan));
    EXPECT_FALSE(identify(static_cast<pid_t>(agent->process.pid)) == agent->process);
    EXPECT_TRUE((*second)->status()->running);
    EXPECT_TRUE((*second)->down());
    EXPECT_FALSE(std::filesystem::exists(folder_ + "-second"));
}

TEST_F(LabOnThisMachine, WhatACrashLeavesIsRemovedByTheNextStart) {
    const Network pair{"pair", {site("a"), site("b")}, {link("a-b", "a", "b", 100)}};
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const auto lab = Lab::up(pair, {.runtime = folder_});
        ::kill(::getpid(), lab ? SIGKILL : SIGTERM);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    ASSERT_EQ(WTERMSIG(status), SIGKILL) << "the lab did not come up";

    auto again = Lab::up(pair, {.runtime = folder_});
    ASSERT_TRUE(again) << again.error().text();
    const Plan plan = (*again)->plan();
    EXPECT_TRUE((*again)->wait_for_routing(seconds(60)));
    EXPECT_TRUE((*again)->down());
    EXPECT_TRUE(nothing_left(plan));
}

}  // namespace
}  // namespace quipu::lab
