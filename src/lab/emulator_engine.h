#pragma once
// The emulator's decisions for one direction of a link, without sockets or a clock: a frame of some length arrived at
// some time; when does it leave at the other end, how many times, or why not at all?
//
//     arrival ─▶ down? ─▶ line (rate, bounded queue) ─▶ lost? ─▶ delay + jitter, in order ─▶ held back? ─▶ twice? ─▶
//     departures

#include <array>
#include <cstdint>
#include <random>

#include "base/random.h"
#include "base/time.h"
#include "lab/impairment.h"

namespace quipu::lab {

enum class DropReason : std::uint8_t {
    none,
    down,       ///< the link is down
    lost,       ///< chance, as imposed
    queue,      ///< it would have waited for the line longer than the queue allows
    memory,     ///< the frame pool was used up
    interface,  ///< the kernel refused it, or it was too long
};
inline constexpr std::size_t kDropReasons = 6;

/// What becomes of a frame: `count` departures (0 when dropped, 2 when duplicated), in ascending order.
struct Verdict {
    std::array<Monotonic, 2> departures{};
    std::uint8_t count = 0;
    DropReason dropped = DropReason::none;
};

/// One direction of one link. Frames must be offered in the order of their arrival.
class DirectionEngine {
  public:
    DirectionEngine(const Impairment& impairment, Rng rng) : impairment_(impairment), rng_(rng) {}

    /// `octets` is the frame's length with its Ethernet header.
    [[nodiscard]] Verdict offer(Monotonic arrival, std::size_t octets);
    /// Frames that are under way keep their departure; new ones may leave earlier than those if the delay fell.
    void set(const Impairment& impairment);
    [[nodiscard]] const Impairment& impairment() const { return impairment_; }

  private:
    [[nodiscard]] Nanoseconds draw_delay();
    [[nodiscard]] bool chance(double probability) { return probability > 0 && rng_.uniform() < probability; }

    Impairment impairment_;
    Rng rng_;
    std::normal_distribution<double> normal_;
    Monotonic line_free_{};       // when the line has sent what it took
    Monotonic last_departure_{};  // none but held-back frames may leave before this
};

}  // namespace quipu::lab
