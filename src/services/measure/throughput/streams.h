#pragma once
// A test of TCP with more streams than iperf3 makes well: both ends in this process, one thread each, all streams
// behind one epoll. What counts is what the receiver's program was given between the first octet and the sender's word
// that its time is over; what is still on the way then is thrown away, so the path is quiet at once.

#include <functional>

#include "base/result.h"
#include "services/measure/throughput/assignment.h"

namespace quipu::throughput {

/// Both block and ask `called_off` a few times a second (`cancelled`: it said yes). Nothing of the test is open any
/// more when they return.

/// Connects all streams, sends for the test's duration and reads the receiver's report. `unavailable` if nobody listens
/// yet; `timeout` when `limit` is over.
[[nodiscard]] Result<IperfReport> send_streams(const AssignedTest& test, Nanoseconds limit,
                                               const std::function<bool()>& called_off);
/// Receives this test's streams from its sender's address; whoever else comes is sent away. `conflict` if the port is
/// taken, `timeout` when `limit` is over.
[[nodiscard]] Result<IperfReport> receive_streams(const AssignedTest& test, Nanoseconds limit,
                                                  const std::function<bool()>& called_off);

}  // namespace quipu::throughput
