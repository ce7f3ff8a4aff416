#pragma once
// The measurement point: what `quipu agent` does for this service. One thread moves packets (data_plane.h), another
// keeps what it found.

#include <cstdint>
#include <memory>

#include "agent/part.h"
#include "services/measure/assignment.h"

namespace quipu::measure {

struct PointSettings {
    std::uint16_t port = kTestPort;
};

/// Counters of a running point, readable from any thread.
struct PointCounters {
    std::uint64_t sent = 0, send_errors = 0, skipped = 0;
    std::uint64_t received = 0, duplicates = 0, refused = 0;
    std::uint64_t without_kernel_time = 0;  ///< received, stamped by us because the kernel did not
    std::uint64_t own_drops = 0;            ///< datagrams that found our socket's buffer full
    std::uint64_t records = 0, records_lost = 0;
    std::int64_t latest_send_us = 0;  ///< worst lateness of a packet against its schedule
};

class Point : public agent::Part {
  public:
    [[nodiscard]] virtual PointCounters counters() const = 0;
};

[[nodiscard]] std::unique_ptr<Point> make_point(PointSettings settings = {});

}  // namespace quipu::measure
