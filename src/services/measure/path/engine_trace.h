#pragma once
// Which probe leaves when, and what the answers add up to: one trace, no socket and no clock.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "services/measure/path/codec_probe.h"
#include "services/measure/path/record.h"

namespace quipu::path {

inline constexpr std::uint16_t kUdpTarget = 33'434;  ///< traceroute's first port; all our probes stay at it
inline constexpr std::uint16_t kTcpTarget = 80;

struct TraceSettings {
    net::IpAddress target;
    std::optional<net::IpAddress> source;  ///< one of this machine's; the kernel's choice without
    Protocol protocol = Protocol::udp;
    std::uint16_t source_port = 0;  ///< with icmp the identifier; 0: drawn
    std::uint16_t target_port = 0;  ///< 0: kUdpTarget or kTcpTarget; with icmp the constant checksum, 0: drawn
    /// The target says nothing on the flow's own port, since a program listens there: a hop that stays silent is asked
    /// on this one, up to three times, and only the target's own answer counts. 0: not asked. Of udp alone.
    std::uint16_t closed_port = 0;
    int first_ttl = 1, last_ttl = 30;
    int probes = 3;        ///< of each hop
    int retries = 0;       ///< more for a hop that answered none
    int most_silent = 5;   ///< hops in a row, after which the trace ends
    int in_flight = 12;    ///< probes that wait for their answer
    bool in_turn = false;  ///< one probe of each hop up to last_ttl, then the next of each: for hops that are known
    std::uint8_t dscp = 0;
    bool mtu = false;                                ///< looks for the path MTU as well
    std::uint16_t first_mtu = 1500;                  ///< of the first link: where the search begins
    Nanoseconds patience = std::chrono::seconds(2);  ///< until a probe counts as lost
    Nanoseconds gap = std::chrono::milliseconds(2);  ///< between two probes
    std::function<bool()> interrupted = {};          ///< for trace(): asked a few times a second
    std::function<void(const Hop&)> found = {};      ///< for trace(): each hop when it is settled, in order
};

/// A trace in progress.
class TraceEngine {
  public:
    /// One probe to be sent now.
    struct Due {
        std::uint32_t number = 0;  ///< of this trace, from 0 on: what sent(), not_sent() and answered() are told
        std::uint8_t ttl = 0;
        std::uint16_t length = 0;  ///< of the whole datagram, which must not be fragmented; 0: the shortest
        bool closed_port = false;  ///< to TraceSettings::closed_port
    };

    explicit TraceEngine(TraceSettings settings);

    /// The next probe that may leave now; the caller sends it and says so with sent(). Nothing: wait until when().
    [[nodiscard]] std::optional<Due> due(Monotonic now);
    void sent(std::uint32_t number, Monotonic at);
    /// The kernel did not take it: there is no way, or it is longer than the first link passes.
    void not_sent(std::uint32_t number);
    /// An answer to the probe `number`. Repeats and late ones are dropped.
    void answered(std::uint32_t number, const Answer& answer, Monotonic at);
    /// Gives up what was not answered in time.
    void tick(Monotonic now);
    /// The earliest time at which something is to be done if nothing is heard.
    [[nodiscard]] Monotonic when() const;
    [[nodiscard]] bool done() const;

    /// Hops settled since the last call, in order, with those that stay silent.
    [[nodiscard]] std::vector<Hop> take_settled();
    /// Without source, ports and time, which the caller knows.
    [[nodiscard]] PathRecord result() const;

  private:
    enum class State : std::uint8_t { due, flying, answered, lost };
    struct Sent {
        std::uint32_t hop = 0;  // position in hops_; kMtuSearch
        State state = State::due;
        bool closed_port = false;
        Monotonic at{};
        std::int64_t rtt_us = 0;
    };
    struct Tried {
        Hop hop;
        std::vector<std::uint32_t> probes;  // numbers
        int retries = 0;
        int asked_closed = 0;  // rounds
        bool target = false;   // the target answered
        bool by_closed_port = false;
    };
    static constexpr std::uint32_t kMtuSearch = ~0U;

    [[nodiscard]] std::size_t end() const;  // hops_ from here on are of no interest
    [[nodiscard]] bool settled(const Tried& tried) const;
    [[nodiscard]] bool hops_done() const;
    [[nodiscard]] std::optional<std::size_t> next_hop() const;  // whose probe is next, apart from those that wait
    [[nodiscard]] std::optional<Due> make(std::uint32_t hop, bool closed_port, Monotonic now);
    [[nodiscard]] std::optional<Due> search_mtu(Monotonic now);
    void ask_again(std::uint32_t hop);
    void heard(Tried& tried, const Sent& probe, const Answer& answer);
    void heard_mtu(const Answer& answer);
    void shorten(std::uint32_t told);
    [[nodiscard]] Hop shown(const Tried& tried) const;
    [[nodiscard]] int ttl_of(std::size_t hop) const { return settings_.first_ttl + static_cast<int>(hop); }

    const TraceSettings settings_;
    std::vector<Sent> probes_;
    std::vector<Tried> hops_;
    std::vector<std::uint32_t> waiting_;  // made, not yet sent: retries
    std::vector<std::uint32_t> flying_;   // in the order sent
    Monotonic next_send_{};
    std::size_t last_heard_ = 0;        // hops up to here, exclusive, have something that answers
    std::optional<std::size_t> final_;  // the target, or where nothing passes
    std::size_t told_ = 0;
    // The path MTU.
    std::uint32_t length_ = 0;  // being tried; 0: not begun
    int tries_ = 0;
    bool mtu_flying_ = false, mtu_done_ = false;
    std::optional<std::int64_t> mtu_;
};

}  // namespace quipu::path
