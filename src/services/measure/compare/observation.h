#pragma once
// What a measurement point saw when it compared two ways to one destination: the research network's and another
// provider's, from a source address each, packet by packet at the same time. On the wire between agent and hub these
// structs are JSON.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"
#include "net/address.h"

namespace quipu::compare {

/// One packet's delays in nanoseconds; nothing where it or its answer was lost.
struct Round {
    std::optional<std::int64_t> there, back;
    static constexpr auto describe() {
        return fields(field<&Round::there>("t", "Delay to the destination").format("ns"),
                      field<&Round::back>("b", "Delay back").format("ns"));
    }
    bool operator==(const Round&) const = default;
};

/// A hop as one trace saw it.
struct SeenHop {
    std::optional<net::IpAddress> address;  ///< nothing: silent
    std::optional<std::int64_t> rtt_min_us, rtt_median_us;
    /// Probes of the second look, which a way gets that loses: 0 where none was made.
    std::int64_t sent = 0, lost = 0;
    static constexpr auto describe() {
        using T = SeenHop;
        return fields(field<&T::address>("address", "Who answered"),
                      field<&T::rtt_min_us>("rtt_min_us", "Shortest round trip").format("us"),
                      field<&T::rtt_median_us>("rtt_median_us", "Median round trip").format("us"),
                      field<&T::sent>("sent", "Probes to it when loss was looked for").at_least(0),
                      field<&T::lost>("lost", "Of those not answered").at_least(0));
    }
    bool operator==(const SeenHop&) const = default;
};

struct SeenRoute {
    std::string id;  ///< path::PathRecord's
    bool reached = false;
    std::vector<SeenHop> hops;
    static constexpr auto describe() {
        using T = SeenRoute;
        return fields(field<&T::id>("id", "The path's identifier"),
                      field<&T::reached>("reached", "The target answered").required(),
                      field<&T::hops>("hops", "From the first hop on").at_most_long(64));
    }
    bool operator==(const SeenRoute&) const = default;
};

/// One source's share of a comparison.
struct SeenWay {
    net::IpAddress source;
    std::int64_t sent = 0;
    std::int64_t lost_there = 0, lost_back = 0, lost_somewhere = 0;
    std::vector<Round> rounds;  ///< by the packet's number, both ways' alike
    SeenRoute route;
    std::string failed;  ///< why nothing was measured
    [[nodiscard]] std::int64_t lost() const { return lost_there + lost_back + lost_somewhere; }
    static constexpr auto describe() {
        using T = SeenWay;
        return fields(field<&T::source>("source", "Address that it left from").required(),
                      field<&T::sent>("sent", "Packets sent").required().at_least(0),
                      field<&T::lost_there>("lost_there", "Lost on the way to the destination").at_least(0),
                      field<&T::lost_back>("lost_back", "Lost on the way back").at_least(0),
                      field<&T::lost_somewhere>("lost_somewhere", "Lost; nothing tells where").at_least(0),
                      field<&T::rounds>("rounds", "Each packet").at_most_long(10'000),
                      field<&T::route>("route", "Its trace"), field<&T::failed>("failed", "Why it was not measured"));
    }
    bool operator==(const SeenWay&) const = default;
};

/// What the point that compares tells.
struct Observation {
    std::string comparison;
    Time begun{};
    net::IpAddress target;
    std::string method;  ///< "stamp", or "echo": round trips alone, halved
    bool synchronised = false;
    std::int64_t clock_error_ns = 0;  ///< both clocks' together
    std::int64_t own_loss = 0;        ///< answers that the point itself dropped: not the network's
    SeenWay research, commodity;
    static constexpr auto describe() {
        using T = Observation;
        return fields(field<&T::comparison>("comparison", "Which").required(),
                      field<&T::begun>("begun", "When the first packet left"),
                      field<&T::target>("target", "The destination").required(),
                      field<&T::method>("method", "stamp or echo").required(),
                      field<&T::synchronised>("synchronised", "Both clocks say that they are").required(),
                      field<&T::clock_error_ns>("clock_error_ns", "Bound of both clocks' error").at_least(0),
                      field<&T::own_loss>("own_loss", "Answers dropped by the point itself").at_least(0),
                      field<&T::research>("research", "Over the research network").required(),
                      field<&T::commodity>("commodity", "Over the other provider").required());
    }
    bool operator==(const Observation&) const = default;
};

/// What the destination tells, when it is a point of ours: the routes back.
struct RoutesBack {
    std::string comparison;
    SeenRoute research, commodity;
    static constexpr auto describe() {
        using T = RoutesBack;
        return fields(field<&T::comparison>("comparison", "Which").required(),
                      field<&T::research>("research", "To the research network's source").required(),
                      field<&T::commodity>("commodity", "To the other provider's source").required());
    }
    bool operator==(const RoutesBack&) const = default;
};

inline constexpr std::string_view kObservationStream = "compare.observation";
inline constexpr std::string_view kRoutesBackStream = "compare.routes-back";

/// What the hub asks of a point.
struct ComparisonTask {
    std::string comparison;
    net::IpAddress target;
    std::int64_t port = 0;  ///< of the STAMP reflector
    std::int64_t packets = 200;
    std::int64_t interval_us = 20'000;
    bool counting = false;  ///< the reflector is known to count
    static constexpr auto describe() {
        using T = ComparisonTask;
        return fields(field<&T::comparison>("comparison", "Which").required(),
                      field<&T::target>("target", "The destination").required(),
                      field<&T::port>("port", "UDP port of its STAMP reflector").required().between(1, 65535),
                      field<&T::packets>("packets", "Of each way").between(1, 10'000),
                      field<&T::interval_us>("interval_us", "Between two packets of a way").between(1'000, 10'000'000),
                      field<&T::counting>("counting", "The reflector counts its answers"));
    }
    bool operator==(const ComparisonTask&) const = default;
};
struct TraceBack {
    std::string comparison;
    net::IpAddress research, commodity;  ///< where to trace to
    static constexpr auto describe() {
        using T = TraceBack;
        return fields(field<&T::comparison>("comparison", "Which").required(),
                      field<&T::research>("research", "The research network's source").required(),
                      field<&T::commodity>("commodity", "The other provider's source").required());
    }
    bool operator==(const TraceBack&) const = default;
};
struct Work {
    std::vector<net::Prefix> reflect_for;  ///< whose STAMP packets are answered
    std::vector<ComparisonTask> compare;
    std::vector<TraceBack> trace_back;
    static constexpr auto describe() {
        using T = Work;
        return fields(field<&T::reflect_for>("reflect_for", "Whose packets are answered").at_most_long(10'000),
                      field<&T::compare>("compare", "What to compare").at_most_long(100),
                      field<&T::trace_back>("trace_back", "Where to trace back to").at_most_long(100));
    }
    bool operator==(const Work&) const = default;
};

/// What a point says of itself.
struct PointFacts {
    std::int64_t reflector_port = 0;  ///< 0: it has none
    std::optional<net::IpAddress> research, commodity;
    static constexpr auto describe() {
        using T = PointFacts;
        return fields(field<&T::reflector_port>("reflector_port", "UDP port of its STAMP reflector"),
                      field<&T::research>("research", "Its address in the research network"),
                      field<&T::commodity>("commodity", "Its address of the other provider"));
    }
};

}  // namespace quipu::compare
