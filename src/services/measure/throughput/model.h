#pragma once
// Throughput tests as described structs: what is planned, what came of it, and why something was not planned. Times of
// a test: its place in the calendar begins a little before the start, when the server must be there, and ends a little
// after the last octet, when both ends' processes are gone for certain.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"
#include "base/units.h"

namespace quipu::throughput {

enum class Protocol : std::uint8_t { tcp, udp };
constexpr auto describe_enum(Protocol) {
    return names<Protocol>({{Protocol::tcp, "tcp"}, {Protocol::udp, "udp"}});
}

enum class Origin : std::uint8_t { regular, asked };
constexpr auto describe_enum(Origin) {
    return names<Origin>({{Origin::regular, "regular"}, {Origin::asked, "asked"}});
}

enum class TestState : std::uint8_t {
    planned,    ///< its place is taken
    done,       ///< it has a result
    failed,     ///< it ran, or tried to, and has none
    cancelled,  ///< taken back by a person, or called off since its path has changed
    expired,    ///< its time passed and nothing was heard of it
};
constexpr auto describe_enum(TestState) {
    return names<TestState>({{TestState::planned, "planned"},
                             {TestState::done, "done"},
                             {TestState::failed, "failed"},
                             {TestState::cancelled, "cancelled"},
                             {TestState::expired, "expired"}});
}

/// How a test is made. TCP without a rate takes what it gets; UDP needs one.
struct TestShape {
    Protocol protocol = Protocol::tcp;
    Nanoseconds duration = std::chrono::seconds(10);
    std::int64_t streams = 1;
    Bandwidth rate{};  ///< of all streams together; 0: as fast as it goes
    bool operator==(const TestShape&) const = default;
};

/// The server listens so long before the start: what the ends' clocks may differ by.
inline constexpr Nanoseconds kLead = std::chrono::seconds(2);
/// What a test may need beyond its duration: three-way handshakes, full buffers, the exchange of results.
inline constexpr Nanoseconds kGrace = std::chrono::seconds(8);
inline constexpr Nanoseconds kShortest = std::chrono::seconds(1);
inline constexpr Nanoseconds kLongest = std::chrono::minutes(5);
inline constexpr std::int64_t kMostStreams = 512;
/// More streams of TCP than these are sent and received by our own program (streams.h); UDP has no more.
inline constexpr std::int64_t kMostIperfStreams = 64;

/// `invalid`, told at `prefix` and the field's name.
[[nodiscard]] Result<void> check_shape(const TestShape& shape, const std::string& prefix);

/// One test with its place in the calendar.
struct ThroughputTest {
    std::int64_t id = 0;
    std::string from, to;
    Time start{}, begins{}, until{};
    Protocol protocol = Protocol::tcp;
    std::int64_t duration_us = 0;
    std::int64_t streams = 1;
    std::int64_t rate_bps = 0;
    Origin origin = Origin::regular;
    TestState state = TestState::planned;
    std::optional<std::vector<std::string>> links;  ///< on its path; nothing where no path is known
    bool traced = false;                            ///< they are those that packets were seen to take
    std::int64_t expected_octets = 0;
    bool handed_out = false;
    std::optional<Time> period;
    std::string asked_by, why;
    static constexpr auto describe() {
        using T = ThroughputTest;
        return fields(field<&T::id>("id", "Its number").required(), field<&T::from>("from", "Sending site").required(),
                      field<&T::to>("to", "Receiving site").required(),
                      field<&T::start>("start", "First octet").required(),
                      field<&T::begins>("begins", "Its place in the calendar begins: the server listens").required(),
                      field<&T::until>("until", "Its place in the calendar ends: both ends are quiet again").required(),
                      field<&T::protocol>("protocol", "tcp or udp").required(),
                      field<&T::duration_us>("duration_us", "How long it sends").required().format("us"),
                      field<&T::streams>("streams", "Connections at a time").required(),
                      field<&T::rate_bps>("rate_bps", "Of all streams together; 0: as fast as it goes").format("b/s"),
                      field<&T::origin>("origin", "regular, or asked for by a person").required(),
                      field<&T::state>("state", "planned, done, failed, cancelled or expired").required(),
                      field<&T::links>("links", "Links on its path; none where no path is known: then it runs alone"),
                      field<&T::traced>("traced", "Those links were traced; else they are the registry's shortest way"),
                      field<&T::expected_octets>("expected_octets", "What it may bring over each link").required(),
                      field<&T::handed_out>("handed_out", "Its ends have been told"),
                      field<&T::period>("period", "Of a regular test: the interval for which it is"),
                      field<&T::asked_by>("asked_by", "Who asked for it"),
                      field<&T::why>("why", "Why it failed, expired or was moved"));
    }
    [[nodiscard]] Nanoseconds duration() const { return std::chrono::microseconds(duration_us); }
    [[nodiscard]] TestShape shape() const { return {protocol, duration(), streams, {rate_bps}}; }
};

enum class RefusalReason : std::uint8_t {
    end_busy,    ///< another test uses one of its end points
    link_busy,   ///< another test uses a link on its path
    path_busy,   ///< one of the two has no known path, and runs alone
    link_share,  ///< the link's share of the day is used up
    too_much,    ///< the test alone is more than a link's share of a day
    too_early,   ///< its ends would not know of it in time
    too_late,    ///< beyond what the calendar holds
};
constexpr auto describe_enum(RefusalReason) {
    return names<RefusalReason>({{RefusalReason::end_busy, "end-busy"},
                                 {RefusalReason::link_busy, "link-busy"},
                                 {RefusalReason::path_busy, "path-busy"},
                                 {RefusalReason::link_share, "link-share"},
                                 {RefusalReason::too_much, "too-much"},
                                 {RefusalReason::too_early, "too-early"},
                                 {RefusalReason::too_late, "too-late"}});
}

/// Why a test found no place. `what` says it in words; the rest is what the words are made of.
struct CalendarRefusal {
    Time wanted{};
    std::string from, to;
    Origin origin = Origin::asked;
    RefusalReason reason = RefusalReason::end_busy;
    std::string what;
    std::string object;  ///< the site or link
    std::int64_t other = 0;
    std::string other_from, other_to;
    std::optional<Time> other_begins, other_until;
    bool traced = false;
    std::int64_t expected_octets = 0, used_octets = 0, limit_octets = 0;
    std::optional<Time> next_free;
    Time refused{};
    static constexpr auto describe() {
        using T = CalendarRefusal;
        return fields(field<&T::wanted>("wanted", "The start that was wanted").required(),
                      field<&T::from>("from", "Sending site").required(),
                      field<&T::to>("to", "Receiving site").required(),
                      field<&T::origin>("origin", "regular, or asked for by a person").required(),
                      field<&T::reason>("reason", "What stands against it").required(),
                      field<&T::what>("what", "The same in words").required(),
                      field<&T::object>("object", "The site or link that is taken"),
                      field<&T::other>("other", "Number of the test that has the place; 0: none"),
                      field<&T::other_from>("other_from", "Its sending site"),
                      field<&T::other_to>("other_to", "Its receiving site"),
                      field<&T::other_begins>("other_begins", "From when it has it"),
                      field<&T::other_until>("other_until", "Until when it has it"),
                      field<&T::traced>("traced", "Its path was traced; else it is the registry's shortest way"),
                      field<&T::expected_octets>("expected_octets", "What the test may bring"),
                      field<&T::used_octets>("used_octets", "What the day's tests bring over the link already"),
                      field<&T::limit_octets>("limit_octets", "What tests may bring over the link in a day"),
                      field<&T::next_free>("next_free", "The next start at which it finds a place"),
                      field<&T::refused>("refused", "When it was refused").required());
    }
};

/// One second of a test.
struct ThroughputInterval {
    double from_s = 0;
    std::int64_t bps = 0;
    std::optional<std::int64_t> retransmits;
    std::optional<std::int64_t> rtt_us;
    static constexpr auto describe() {
        using T = ThroughputInterval;
        return fields(field<&T::from_s>("from_s", "Seconds after the start").required(),
                      field<&T::bps>("bps", "Bits per second in it").required(),
                      field<&T::retransmits>("retransmits", "Segments sent again (TCP)"),
                      field<&T::rtt_us>("rtt_us", "Round-trip time at its end (TCP)").format("us"));
    }
    bool operator==(const ThroughputInterval&) const = default;
};

/// What iperf3, or our own program for many streams, found, of either end. What it does not say is absent.
struct IperfReport {
    std::string version;
    std::string peer;  ///< address that it spoke with
    Protocol protocol = Protocol::tcp;
    std::int64_t streams = 0;
    double seconds = 0;
    std::int64_t sent_bps = 0, received_bps = 0;
    std::int64_t sent_octets = 0, received_octets = 0;
    std::optional<std::int64_t> retransmits;
    std::optional<std::int64_t> rtt_min_us, rtt_mean_us, rtt_max_us;
    std::optional<std::int64_t> packets, lost, jitter_us;
    std::optional<double> cpu_own, cpu_other;  ///< fractions of one processor
    std::string congestion;                    ///< the sender's congestion control
    std::string error;                         ///< in iperf3's words; empty: none
    std::vector<ThroughputInterval> intervals;
    static constexpr auto describe() {
        using T = IperfReport;
        return fields(field<&T::version>("version", "Of the program").at_most_long(100),
                      field<&T::peer>("peer", "Address that it spoke with").at_most_long(100),
                      field<&T::protocol>("protocol", "tcp or udp").required(),
                      field<&T::streams>("streams", "Connections"), field<&T::seconds>("seconds", "How long it took"),
                      field<&T::sent_bps>("sent_bps", "Bits per second that left").at_least(0),
                      field<&T::received_bps>("received_bps", "Bits per second that arrived").at_least(0),
                      field<&T::sent_octets>("sent_octets", "Octets that left").at_least(0),
                      field<&T::received_octets>("received_octets", "Octets that arrived").at_least(0),
                      field<&T::retransmits>("retransmits", "Segments sent again (TCP)").at_least(0),
                      field<&T::rtt_min_us>("rtt_min_us", "Least round-trip time (TCP)").at_least(0).format("us"),
                      field<&T::rtt_mean_us>("rtt_mean_us", "Mean round-trip time (TCP)").at_least(0).format("us"),
                      field<&T::rtt_max_us>("rtt_max_us", "Largest round-trip time (TCP)").at_least(0).format("us"),
                      field<&T::packets>("packets", "Packets sent (UDP)").at_least(0),
                      field<&T::lost>("lost", "Of them lost (UDP)").at_least(0),
                      field<&T::jitter_us>("jitter_us", "Jitter (UDP, RFC 3550 §6.4.1)").at_least(0).format("us"),
                      field<&T::cpu_own>("cpu_own", "Processor time here, of one"),
                      field<&T::cpu_other>("cpu_other", "Processor time at the other end, of one"),
                      field<&T::congestion>("congestion", "The sender's congestion control").at_most_long(40),
                      field<&T::error>("error", "What went wrong, in its words").at_most_long(400),
                      field<&T::intervals>("intervals", "Second by second").at_most_long(400));
    }
    bool operator==(const IperfReport&) const = default;
};

/// What a test found, as it is kept and shown.
struct ThroughputResult {
    std::int64_t test = 0;
    std::string from, to;
    Time start{};
    Protocol protocol = Protocol::tcp;
    std::int64_t streams = 1;
    std::int64_t duration_us = 0;
    Origin origin = Origin::regular;
    bool ok = false;
    std::string error;
    std::optional<Time> began, ended;
    std::int64_t sent_bps = 0, received_bps = 0;
    std::int64_t sent_octets = 0, received_octets = 0;
    std::optional<std::int64_t> retransmits, rtt_min_us, rtt_mean_us, rtt_max_us;
    std::optional<std::int64_t> packets, lost, jitter_us;
    std::optional<double> loss;
    std::optional<double> cpu_sender, cpu_receiver;
    std::string congestion;
    std::string program;
    std::string sender_says, receiver_says;
    std::vector<ThroughputInterval> intervals;
    static constexpr auto describe() {
        using T = ThroughputResult;
        return fields(
            field<&T::test>("test", "Number of the test").required(),
            field<&T::from>("from", "Sending site").required(), field<&T::to>("to", "Receiving site").required(),
            field<&T::start>("start", "When it was due").required(),
            field<&T::protocol>("protocol", "tcp or udp").required(),
            field<&T::streams>("streams", "Connections at a time").required(),
            field<&T::duration_us>("duration_us", "How long it was to send").required().format("us"),
            field<&T::origin>("origin", "regular, or asked for by a person").required(),
            field<&T::ok>("ok", "It ran to its end").required(), field<&T::error>("error", "Why it did not, in words"),
            field<&T::began>("began", "When the sender's program began, by its clock"),
            field<&T::ended>("ended", "When it ended"),
            field<&T::received_bps>("received_bps", "Bits per second that arrived: the throughput").required(),
            field<&T::sent_bps>("sent_bps", "Bits per second that left").required(),
            field<&T::sent_octets>("sent_octets", "Octets that left").required(),
            field<&T::received_octets>("received_octets", "Octets that arrived").required(),
            field<&T::retransmits>("retransmits", "Segments sent again (TCP)"),
            field<&T::rtt_min_us>("rtt_min_us", "Least round-trip time (TCP)").format("us"),
            field<&T::rtt_mean_us>("rtt_mean_us", "Mean round-trip time (TCP)").format("us"),
            field<&T::rtt_max_us>("rtt_max_us", "Largest round-trip time (TCP)").format("us"),
            field<&T::packets>("packets", "Packets sent (UDP)"), field<&T::lost>("lost", "Of them lost (UDP)"),
            field<&T::loss>("loss", "Lost fraction (UDP)"),
            field<&T::jitter_us>("jitter_us", "Jitter (UDP)").format("us"),
            field<&T::cpu_sender>("cpu_sender", "Processor time of the sender, of one processor"),
            field<&T::cpu_receiver>("cpu_receiver", "Processor time of the receiver, of one processor"),
            field<&T::congestion>("congestion", "The sender's congestion control"),
            field<&T::program>("program", "What the sender measured with, and its version"),
            field<&T::sender_says>("sender_says", "What the sender's end told of a failure"),
            field<&T::receiver_says>("receiver_says", "What the receiver's end told of a failure"),
            field<&T::intervals>("intervals", "Second by second"));
    }
};

}  // namespace quipu::throughput
