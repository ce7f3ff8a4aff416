#pragma once
// What the hub assigns to a point, what a point says of itself, and what it tells of a test.

#include "net/address.h"
#include "services/measure/throughput/model.h"

namespace quipu::throughput {

/// The records of both ends of every test; exactly once by (agent, spool, sequence).
inline constexpr std::string_view kThroughputStream = "measure.throughput";
inline constexpr std::uint16_t kIperfPort = 5201;

enum class End : std::uint8_t { sender, receiver };
constexpr auto describe_enum(End) {
    return names<End>({{End::sender, "sender"}, {End::receiver, "receiver"}});
}

struct AssignedTest {
    std::int64_t id = 0;
    End end = End::sender;
    std::string site;        ///< the other end
    net::IpAddress address;  ///< our own
    net::IpAddress peer;
    std::uint16_t port = kIperfPort;  ///< the receiver's
    Time start{}, begins{}, until{};
    Protocol protocol = Protocol::tcp;
    std::int64_t duration_us = 0;
    std::int64_t streams = 1;
    std::int64_t rate_bps = 0;
    static constexpr auto describe() {
        using T = AssignedTest;
        return fields(
            field<&T::id>("id", "The test").required(), field<&T::end>("end", "sender or receiver").required(),
            field<&T::site>("site", "The other end").required().at_most_long(63),
            field<&T::address>("address", "Our own address").required(),
            field<&T::peer>("peer", "The other end's address").required(),
            field<&T::port>("port", "The receiver's port").required(),
            field<&T::start>("start", "First octet").required(), field<&T::begins>("begins", "Not before").required(),
            field<&T::until>("until", "Gone by then").required(),
            field<&T::protocol>("protocol", "tcp or udp").required(),
            field<&T::duration_us>("duration_us", "How long it sends").required().between(1e5, 3e8),
            field<&T::streams>("streams", "Connections").between(1, static_cast<double>(kMostStreams)),
            field<&T::rate_bps>("rate_bps", "Of all streams together; 0: as fast as it goes").at_least(0));
    }
    bool operator==(const AssignedTest&) const = default;
};

struct Assignment {
    std::vector<AssignedTest> tests;
    static constexpr auto describe() {
        return fields(field<&Assignment::tests>("tests", "Coming tests").at_most_long(10'000));
    }
};

struct PointFacts {
    std::vector<net::IpAddress> addresses;
    std::uint16_t port = kIperfPort;
    std::string iperf3;   ///< its version; empty: not there
    std::string problem;  ///< why it can't test
    static constexpr auto describe() {
        using T = PointFacts;
        return fields(field<&T::addresses>("addresses", "Where it tests from").required(),
                      field<&T::port>("port", "TCP and UDP port of iperf3").required(),
                      field<&T::iperf3>("iperf3", "Version of iperf3; empty: it is not there").at_most_long(100),
                      field<&T::problem>("problem", "Why it can't test").at_most_long(400));
    }
};

/// One end's word on a test.
struct EndRecord {
    std::int64_t test = 0;
    End end = End::sender;
    Time began{}, ended{};
    std::string error;  ///< ours: too late, no iperf3, killed; empty: see the report
    std::optional<IperfReport> report;
    static constexpr auto describe() {
        using T = EndRecord;
        return fields(field<&T::test>("test", "The test").required(), field<&T::end>("end", "Which end").required(),
                      field<&T::began>("began", "When the program was started").required(),
                      field<&T::ended>("ended", "When it had ended").required(),
                      field<&T::error>("error", "What went wrong").at_most_long(400),
                      field<&T::report>("report", "What iperf3, or our own program, found"));
    }
    bool operator==(const EndRecord&) const = default;
};

}  // namespace quipu::throughput
