#pragma once
// To whom a measurement point traces next: to each of its peers every few minutes at a moment of its own, sooner when
// something has changed, and never to more of them at once than it can carry.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/address.h"

namespace quipu::path {

struct Peer {
    std::string site;
    net::Endpoint address;
    bool operator==(const Peer&) const = default;
};

class Tour {
  public:
    explicit Tour(Rng rng) : rng_(rng) {}

    /// All peers; those that were there before keep their moment.
    void assign(const std::vector<Peer>& peers, Nanoseconds every, Monotonic now);
    /// As soon as may be: not within kNotSooner of the last trace to it, which such a moment follows at once.
    void hurry(std::string_view site, Monotonic now);
    /// A peer whose moment has come; it is under way until over().
    [[nodiscard]] std::optional<Peer> due(Monotonic now);
    /// A trace that did not reach its target is tried again sooner, ever more patiently.
    void over(std::string_view site, bool reached, Monotonic now);
    [[nodiscard]] Monotonic when() const;

    static constexpr Nanoseconds kNotSooner = std::chrono::seconds(5);
    static constexpr Nanoseconds kFirstWithin = std::chrono::seconds(20);

  private:
    struct One {
        Peer peer;
        Monotonic next{}, begun{};
        bool under_way = false, again = false;
        int failed = 0;
    };
    void put_at(One& one, Monotonic next);

    Rng rng_;
    Nanoseconds every_{0};
    std::map<std::string, One, std::less<>> peers_;
    std::set<std::pair<Monotonic, std::string>> moments_;  // of those not under way
};

}  // namespace quipu::path
