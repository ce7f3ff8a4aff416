#include "services/measure/throughput/program.h"

#include <gtest/gtest.h>

#include "services/measure/throughput/agent.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;

constexpr auto kNever = [] { return false; };

TEST(Program, RunsToItsEnd) {
    const auto ended = run_program({"sh", "-c", "echo out; echo err >&2; exit 3"}, 10s, 1000, kNever);
    ASSERT_TRUE(ended) << ended.error().text();
    EXPECT_EQ(ended->status, 3);
    EXPECT_EQ(ended->output, "out\n");
    EXPECT_EQ(ended->errors, "err\n");
    EXPECT_FALSE(ended->timed_out);
}

TEST(Program, OneThatIsNotThereIsSaid) {
    const auto ended = run_program({"no-such-program"}, 10s, 1000, kNever);
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, ErrorCode::not_found);
    EXPECT_EQ(ended.error().text(), "no-such-program is not installed (install the package no-such-program)");
}

TEST(Program, ItsDeadlineEndsIt) {
    // Asked to end it says what it has; one that does not hear is ended all the same.
    const auto asked =
        run_program({"sh", "-c", "trap 'echo last; exit 1' TERM; while :; do sleep 0.05; done"}, 200ms, 1000, kNever);
    ASSERT_TRUE(asked);
    EXPECT_TRUE(asked->timed_out);
    EXPECT_EQ(asked->output, "last\n");
    const auto deaf = run_program({"sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"}, 200ms, 1000, kNever);
    ASSERT_TRUE(deaf);
    EXPECT_TRUE(deaf->timed_out);
    EXPECT_EQ(deaf->status, 128 + 9);
}

TEST(Program, CanBeCalledOff) {
    const auto ended = run_program({"sleep", "60"}, 60s, 1000, [] { return true; });
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->called_off);
    EXPECT_FALSE(ended->timed_out);
}

TEST(Program, ItsOutputIsBounded) {
    const auto ended = run_program({"sh", "-c", "while :; do echo more; done"}, 10s, 10'000, kNever);
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, ErrorCode::too_large);
}

TEST(Commands, SayWhatTheTestIs) {
    AssignedTest test{.id = 1,
                      .site = "panama",
                      .address = *net::IpAddress::parse("2001:db8::1"),
                      .peer = *net::IpAddress::parse("2001:db8::2"),
                      .protocol = Protocol::udp,
                      .duration_us = 5'000'000,
                      .streams = 4,
                      .rate_bps = 100'000'000};
    std::string line;
    for (const std::string& word : sender_command("iperf3", test))
        line += word + " ";
    EXPECT_EQ(line,
              "iperf3 --client 2001:db8::2 --port 5201 --bind 2001:db8::1 --json --interval 1 --time 5 --parallel 4 "
              "--connect-timeout 2000 --udp --bitrate 25000000 ");
    line.clear();
    for (const std::string& word : receiver_command("iperf3", test))
        line += word + " ";
    EXPECT_EQ(line, "iperf3 --server --one-off --json --interval 1 --bind 2001:db8::1 --port 5201 ");
}

}  // namespace
}  // namespace quipu::throughput
