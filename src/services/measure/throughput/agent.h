#pragma once
// The throughput point: what `quipu agent` does for this service. It runs iperf3 at the times that the calendar says,
// one test at a time.

#include <cstdint>
#include <memory>
#include <string>

#include "agent/part.h"
#include "services/measure/throughput/assignment.h"

namespace quipu::throughput {

struct ThroughputPointSettings {
    std::uint16_t port = kIperfPort;
    std::string program = "iperf3";
};

[[nodiscard]] std::unique_ptr<agent::Part> make_point(ThroughputPointSettings settings = {});

/// The command lines of a test's two ends.
[[nodiscard]] std::vector<std::string> sender_command(const std::string& program, const AssignedTest& test);
[[nodiscard]] std::vector<std::string> receiver_command(const std::string& program, const AssignedTest& test);

}  // namespace quipu::throughput
