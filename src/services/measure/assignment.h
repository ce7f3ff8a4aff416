#pragma once
// What the hub assigns to a measurement point, and what the point says of itself.

#include <cstdint>
#include <string>
#include <vector>

#include "base/describe.h"
#include "net/address.h"
#include "services/measure/schedule.h"

namespace quipu::measure {

/// The port on which a point receives and from which it sends.
inline constexpr std::uint16_t kTestPort = 8760;

struct AssignedSession {
    std::string site;       ///< the other end
    net::Endpoint address;  ///< of the other end; packets come from it and go to it
    std::int64_t seed = 0;  ///< of the schedule; the two directions have different ones
    Spacing spacing = Spacing::poisson;
    std::uint32_t per_minute = 90;
    std::uint32_t padding = 0;  ///< octets after the test packet's 14
    static constexpr auto describe() {
        using T = AssignedSession;
        return fields(field<&T::site>("site", "The other end").required(),
                      field<&T::address>("address", "Its address and port").required(),
                      field<&T::seed>("seed", "Of the schedule").required(),
                      field<&T::spacing>("spacing", "poisson or periodic"),
                      field<&T::per_minute>("per_minute", "Packets a minute").between(1, 60'000),
                      field<&T::padding>("padding", "Octets of padding").between(0, 1400));
    }
    [[nodiscard]] Schedule schedule() const {
        return {.seed = static_cast<std::uint64_t>(seed), .spacing = spacing, .per_minute = per_minute};
    }
    bool operator==(const AssignedSession&) const = default;
};

/// The way to a site seems to have changed: it is to be traced now. `number` rises with each time.
struct TraceOrder {
    std::string site;
    std::int64_t number = 0;
    static constexpr auto describe() {
        return fields(field<&TraceOrder::site>("site", "To which site").required(),
                      field<&TraceOrder::number>("number", "Rises with each time").required());
    }
    bool operator==(const TraceOrder&) const = default;
};

struct Assignment {
    std::vector<AssignedSession> send, receive;
    std::int64_t trace_every_s = 0;  ///< the way to each site in `send`; 0: not traced
    std::vector<TraceOrder> trace = {};
    bool raw = false;  ///< each packet that is received is told
    static constexpr auto describe() {
        using T = Assignment;
        return fields(field<&T::send>("send", "Where to send to").at_most_long(100'000),
                      field<&T::receive>("receive", "What to receive").at_most_long(100'000),
                      field<&T::trace_every_s>("trace_every_s", "Between two traces of a way; 0: none")
                          .between(0, 86'400)
                          .format("s"),
                      field<&T::trace>("trace", "Ways to be traced now").at_most_long(100'000),
                      field<&T::raw>("raw", "Each packet that is received is told"));
    }
    bool operator==(const Assignment&) const = default;
};

struct PointFacts {
    std::vector<net::IpAddress> addresses;
    std::uint16_t port = kTestPort;
    std::string clock;  ///< declared, synchronised, free-running
    std::int64_t clock_error_us = 0;
    std::vector<net::IpAddress> interfaces;  ///< every address of its machine: routers' are met in paths
    static constexpr auto describe() {
        using T = PointFacts;
        return fields(field<&T::addresses>("addresses", "Where it measures from").required(),
                      field<&T::port>("port", "UDP port").required(),
                      field<&T::clock>("clock", "declared, synchronised or free-running"),
                      field<&T::clock_error_us>("clock_error_us", "Bound of its clock's error").format("us"),
                      field<&T::interfaces>("interfaces", "Every address of its machine").at_most_long(1000));
    }
};

}  // namespace quipu::measure
