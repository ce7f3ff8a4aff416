#pragma once
// Has a pair changed for good? One detector a pair is fed with its minutes in order and answers with what began or
// ended.
//
// Delay: engine_level.h over the minutes' medians, with a band of at least 0.3 ms and 2 % of the level. When the TTL
// tells that the packets take another way than before, 0.05 ms and 0.2 % do: what is seen is that way's delay. An event
// says whether the way had changed as well.
//
// Loss: begins when a minute loses at least 10 % and five packets, or four packets in a row (a way was gone for some
// seconds), or when five minutes together lose at least 3 % and more than chance
// makes of what the pair usually loses (six deviations of Poisson's distribution); ends when two minutes in a row lose
// nothing, or five together less than 1 %.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "services/measure/engine_level.h"

namespace quipu::measure {

struct Sample {
    Time minute{};
    std::int64_t sent = 0;
    std::int64_t received = 0;
    std::int64_t median = 0;       ///< nanoseconds; of no meaning when nothing was received
    std::int64_t clock_error = 0;  ///< nanoseconds
    std::int64_t ttl = 0;          ///< on arrival; 0: unknown
    std::int64_t loss_run = 0;     ///< most packets lost in a row
    bool sender_absent = false;    ///< nothing is heard of the sender: what is missing may never have been sent
    bool settling = false;         ///< the session has just begun: what it loses says nothing of the path
    bool clock_wrong = false;      ///< the clock of one of its ends is: the delay says nothing of the path
};

enum class PairChange : std::uint8_t { delay_rose, delay_fell, loss_began, loss_ended };

struct PairEvent {
    PairChange what{};
    Time minute{};      ///< the one that decided it
    double before = 0;  ///< nanoseconds, or fraction lost
    double after = 0;
    Time began{};           ///< the first minute that was so
    bool rerouted = false;  ///< of delay: the packets take another way since
};

/// Least band of a pair's delay; nanoseconds.
inline constexpr LevelRules kDelayRules{.narrowest = 300'000, .share = 0.02};

class Detector {
  public:
    /// What the pair was like over a longer past, when known: the delay that counts as usual.
    void set_usual(std::int64_t nanoseconds) { usual_ = nanoseconds; }

    /// Minutes must rise; one that does not is ignored.
    std::vector<PairEvent> add(const Sample& sample);
    /// The way has changed about this minute: an event of delay then says so.
    void note_way(Time minute) { way_changed_ = minute; }
    /// What an hour of the longer past was like; nanoseconds.
    void learn_hour(Time hour, double median) { delay_.learn_hour(hour, median); }
    /// A clock was set right: what was measured before is by so much too small now.
    void shift(std::int64_t nanoseconds);

    [[nodiscard]] std::optional<std::int64_t> level() const;
    /// The delay to compare with: the longer past's if it is known, else the first level.
    [[nodiscard]] std::optional<std::int64_t> usual() const { return usual_ ? usual_ : level(); }
    /// The level lies above the band of the usual delay, and above what the hour is usually like.
    [[nodiscard]] bool slow() const;
    [[nodiscard]] bool lossy() const { return lossy_; }

  private:
    struct Lost {
        std::int32_t sent = 0, lost = 0;
    };
    static constexpr std::size_t kWindow = 5;
    void judge_delay(const Sample& sample, std::vector<PairEvent>& out);
    void judge_loss(const Sample& sample, std::vector<PairEvent>& out);

    LevelDetector delay_{kDelayRules};
    std::optional<std::int64_t> usual_;
    Time last_{}, way_changed_{};
    std::int64_t level_ttl_ = 0;
    double loss_before_ = 0;
    double usual_loss_ = 0;  // share lost while not lossy
    std::array<Lost, kWindow> window_{};
    std::uint32_t in_window_ = 0;  // of the window, the last ones
    std::uint32_t whole_ = 0;      // minutes in a row that lost nothing
    bool lossy_ = false;
};

}  // namespace quipu::measure
