#pragma once
// Has a pair changed for good? One detector a pair is fed with its minutes in order and answers with what began or
// ended.
//
// Delay: the level is where two minutes first agree, and follows slowly. A minute that lies outside of the band
// around it begins a suspicion; a second one on the same side, near the first, makes it an event and the new level. The
// band is the widest of 0.3 ms, 2 % of the level, six times the usual wandering of the median, twice the clock error.
// When the TTL tells that the packets take another way than before, 0.05 ms and 0.2 % do: what is seen is that way's
// delay.
//
// Loss: begins when a minute loses at least 10 % and five packets, or four packets in a row (a way was gone for some
// seconds), or when five minutes together lose at least 3 %; ends when two minutes in a row lose nothing, or five
// together less than 1 %.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/time.h"

namespace quipu::measure {

struct Sample {
    Time minute{};
    std::int64_t sent = 0;
    std::int64_t received = 0;
    std::int64_t median = 0;       ///< nanoseconds; of no meaning when nothing was received
    std::int64_t clock_error = 0;  ///< nanoseconds
    std::int64_t ttl = 0;          ///< on arrival; 0: unknown
    std::int64_t loss_run = 0;     ///< most packets lost in a row
    bool sender_absent = false;    ///< the sender is known not to run: its silence says nothing of the path
    bool settling = false;         ///< the session has just begun: what it loses says nothing of the path
    bool clock_wrong = false;      ///< the clock of one of its ends is: the delay says nothing of the path
};

enum class PairChange : std::uint8_t { delay_rose, delay_fell, loss_began, loss_ended };

struct PairEvent {
    PairChange what{};
    Time minute{};      ///< the one that decided it
    double before = 0;  ///< nanoseconds, or fraction lost
    double after = 0;
};

class Detector {
  public:
    /// What the pair was like over a longer past, when known: the delay that counts as usual.
    void set_usual(std::int64_t nanoseconds) { usual_ = nanoseconds; }

    /// Minutes must rise; one that does not is ignored.
    std::vector<PairEvent> add(const Sample& sample);
    /// The same in two halves, for whoever knows later whether the clocks were right. Each has its own order of
    /// minutes.
    std::vector<PairEvent> add_delay(const Sample& sample);
    std::vector<PairEvent> add_loss(const Sample& sample);
    /// A clock was set right: what was measured before is by so much too small now.
    void shift(std::int64_t nanoseconds);

    [[nodiscard]] std::optional<std::int64_t> level() const { return level_; }
    /// The delay to compare with: the longer past's if it is known, else the first level.
    [[nodiscard]] std::optional<std::int64_t> usual() const { return usual_ ? usual_ : level_; }
    /// The level lies above the usual delay's band.
    [[nodiscard]] bool slow() const;
    [[nodiscard]] bool lossy() const { return lossy_; }

  private:
    struct Lost {
        std::int64_t sent, lost;
    };
    void judge_delay(const Sample& sample, std::vector<PairEvent>& out);
    void judge_loss(const Sample& sample, std::vector<PairEvent>& out);
    [[nodiscard]] std::int64_t band(std::int64_t level, bool rerouted = false) const;

    Time last_delay_{}, last_loss_{};
    std::optional<std::int64_t> usual_;
    std::optional<std::int64_t> level_;
    std::int64_t level_ttl_ = 0;
    Time level_since_{};
    double wander_ = 0;  // usual distance of a minute's median from the level
    std::int64_t clock_error_ = 0;
    std::optional<std::int64_t> first_;  // the last minute, while no two have agreed
    std::vector<std::int64_t> suspects_;
    std::deque<Lost> window_;
    std::size_t whole_ = 0;  // minutes in a row that lost nothing
    bool lossy_ = false;
    double loss_before_ = 0;
};

}  // namespace quipu::measure
